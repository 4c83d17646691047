# SPDX-License-Identifier: Apache-2.0
"""An accelerator as flows/schedule.py sees it: nodes of flows/schedule_kinds.py, and streams."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flows.schedule_kinds import Node, Pixelwise, Sink, Source


@dataclass(frozen=True)
class Graph:
    """Nodes in topological order, and the width in bits of every stream.

    Raises:
        ValueError: a stream without exactly one producer before exactly one consumer, or whose ends
            differ in their beats per frame.
    """

    nodes: tuple[Node, ...]
    bits: dict[str, int]

    def __post_init__(self) -> None:
        sent: dict[str, int] = {}
        for node in self.nodes:
            if not isinstance(node, Source):
                for i, name in enumerate(node.inputs):
                    beats = _beats_in(node, i)
                    if sent.pop(name, None) != beats:
                        raise ValueError(f"{node.name} wants {beats} beats per frame from {name}")
            for name in node.outputs:
                if name in sent or name not in self.bits:
                    raise ValueError(f"{name}: two producers, or no width")
                sent[name] = beats_out(node)
        if sent:
            raise ValueError(f"streams that nobody reads: {sorted(sent)}")

    @cached_property
    def consumer(self) -> dict[str, Node]:
        """Who reads a stream."""
        return {name: node for node in self.nodes for name in node.inputs}

    @property
    def period(self) -> int:
        """Clk per frame: those of the slowest node."""
        return max(clk_per_frame(node) for node in self.nodes)


def _beats_in(node: Node, index: int) -> int:
    """Beats per frame that a node takes from an input."""
    if isinstance(node, Pixelwise):
        return node.beats_of(index)
    return node.beats if isinstance(node, Sink | Source) else node.beats_in


def beats_out(node: Node) -> int:
    """Beats per frame of every output."""
    return 0 if isinstance(node, Sink) else len(node.writes(np.zeros(node.events, np.int64)))


def clk_per_frame(node: Node) -> int:
    """The fewest clk a node takes per frame."""
    return node.events * node.gap
