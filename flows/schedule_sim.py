# SPDX-License-Identifier: Apache-2.0
"""Finite buffers clk by clk, in plain Python: what flows/schedule.py proves, tried out.

Slow, and made in another way on purpose. Every node is a list of what it does in each clk of its
frame, and a pipeline with one enable: while an output beat finds no place, all of it stands still.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from flows.errors import CheckFailed
from flows.schedule import Sizes
from flows.schedule_graph import Graph
from flows.schedule_kinds import Node, Pixelwise, Shared, Sink, Source, Window

#: node-clk that `tighten` may spend on a graph: about ten seconds
EFFORT = 10_000_000


@dataclass(frozen=True)
class Run:
    """What a simulation saw.

    Attributes:
        ends: clk at which each frame's last beat left; fewer than asked for in a deadlock.
        stuck: nodes in the middle of a frame when nothing moved any more; empty otherwise.
        peaks: beats that each stream held at its fullest.
    """

    ends: list[int]
    stuck: tuple[str, ...]
    peaks: dict[str, int]

    @property
    def interval(self) -> int:
        """Clk between the last two frames; 0 in a deadlock."""
        return 0 if self.stuck else self.ends[-1] - self.ends[-2]


def steps(node: Node) -> Iterator[tuple[int, int, bool]]:
    """For each busy clk of a frame: words it waits for, words free after it, a beat leaves."""
    if isinstance(node, Source | Sink):
        for k in range(node.beats):
            yield k + 1, k + 1, True
    elif isinstance(node, Pixelwise):
        for need, emit in zip(node.need.tolist(), node.emit.tolist(), strict=True):
            yield need, need, emit
    elif isinstance(node, Window):
        freed = 0
        for need, free in zip(node.needs.tolist(), node.frees.tolist(), strict=True):
            for beat in range(node.beats):
                if beat == node.beats - 1:
                    freed = free
                yield need, freed, True
    else:
        for vector in range(node.vectors):
            base = vector * node.fold_c
            for turn in range(node.fold_r):
                for col in range(node.fold_c):
                    last = turn == node.fold_r - 1
                    yield (
                        base + (col + 1 if turn == 0 else node.fold_c),
                        base + (col + 1 if last else 0),
                        col == node.fold_c - 1,
                    )


class _Stream:
    """Beats written and freed since reset, and the places there are."""

    def __init__(self, places: int) -> None:
        self.places, self.written, self.freed, self.peak = places, 0, 0, 0


class _Machine:
    """A node in motion: its place in its list of steps, and the beats in its pipeline."""

    def __init__(self, node: Node, streams: dict[str, _Stream]) -> None:
        self.node, self.steps, self.at, self.frame = node, list(steps(node)), 0, 0
        self.inputs = [streams[name] for name in node.inputs]
        self.outputs = [streams[name] for name in node.outputs]
        self.every = [1] * len(self.inputs)  # events that share a beat of an input
        if isinstance(node, Shared):
            self.every[-1] = node.every
        self.words = 0 if isinstance(node, Source | Sink) else node.beats_in
        self.words = node.beats if isinstance(node, Sink) else self.words
        self.pipe, self.length = 0, max(node.latency, 1)
        if isinstance(node, Pixelwise) and node.lag:  # the words in front of the first position
            self.frame, self.at = -1, int(node.first[-node.lag])

    def move(self, held: bool) -> list[tuple[_Stream, int, int]]:
        """One clk: changes of streams, (stream, beats written, words freed in all), made later."""
        leaves = self.pipe >> (self.length - 1) & 1
        if leaves and any(s.written - s.freed >= s.places for s in self.outputs):
            return []
        changes = [(s, 1, 0) for s in self.outputs] if leaves else []
        self.pipe = (self.pipe << 1) & ((1 << self.length) - 1)
        need, free, emit = self.steps[self.at]
        base = self.frame * self.words
        inputs = list(zip(self.inputs, self.every, strict=True))
        if not held and all(s.written * n >= base + need for s, n in inputs):
            self.pipe |= int(emit and self.frame >= 0)
            changes += [(s, 0, (base + free) // n) for s, n in inputs]
            self.at += 1
            if self.at == len(self.steps):
                self.at, self.frame = 0, self.frame + 1
            return changes or [(_Stream(0), 0, 0)]
        return changes


def simulate(
    graph: Graph,
    places: dict[str, int],
    frames: int = 6,
    gap: float = 0.0,
    stall: float = 0.0,
    seed: int = 1,
) -> Run:
    """Run an accelerator with these buffers.

    Args:
        graph: nodes and streams.
        places: beats that each stream can hold, receiver's storage included.
        frames: to wait for at every sink.
        gap: share of clk, at random, in which sources send nothing.
        stall: share of clk in which sinks take nothing.
        seed: of gaps and stalls.

    Returns:
        What was seen.
    """
    rng = random.Random(seed)
    streams = {name: _Stream(places[name]) for name in graph.bits}
    machines = [_Machine(node, streams) for node in graph.nodes]
    sinks = [m for m in machines if isinstance(m.node, Sink)]
    patience = max(len(m.steps) + m.length for m in machines) + 200
    ends: list[int] = []
    idle = clk = 0
    while len(ends) < frames and idle < patience:
        changes = []
        for m in machines:
            held = isinstance(m.node, Source) and gap > 0 and rng.random() < gap
            held |= isinstance(m.node, Sink) and stall > 0 and rng.random() < stall
            changes += m.move(held)
        for stream, written, freed in changes:
            stream.written += written
            stream.freed = max(stream.freed, freed)
            stream.peak = max(stream.peak, stream.written - stream.freed)
        clk += 1
        idle = 0 if changes else idle + 1
        if min(m.frame for m in sinks) > len(ends):
            ends.append(clk)
    peaks = {name: stream.peak for name, stream in streams.items()}
    stuck = tuple(m.node.name for m in machines if m.at) if len(ends) < frames else ()
    return Run(ends, stuck or (("all",) if len(ends) < frames else ()), peaks)


def places_of(sizes: Sizes) -> dict[str, int]:
    """Beats that every stream can hold."""
    return {name: buffer.capacity for name, buffer in sizes.buffers.items()}


def verify(graph: Graph, sizes: Sizes, frames: int = 6) -> Run:
    """Simulate a graph with its buffers.

    Raises:
        CheckFailed: fifo-deadlock, fifo-interval (frames do not leave every `period` clk).
    """
    run = simulate(graph, places_of(sizes), frames)
    if run.stuck:
        raise CheckFailed(
            "fifo-deadlock",
            f"nothing moves any more after {len(run.ends)} frames",
            ", ".join(run.stuck),
            "this is a bug of flows/schedule.py: please report the network",
            'flows/README.md, "FIFOs"',
        )
    if run.interval != sizes.period:
        raise CheckFailed(
            "fifo-interval",
            f"a frame takes {run.interval} clk, not {sizes.period}",
            sizes.slowest,
            "this is a bug of flows/schedule.py: please report the network",
            'flows/README.md, "FIFOs"',
        )
    return run


def tighten(graph: Graph, sizes: Sizes, frames: int = 6) -> Sizes:
    """Make the FIFOs in front of joins as small as the simulator still runs at full rate with.

    A marked graph's rate does not depend on what happens outside: one run that reaches the period
    tells its rate. With pipelines that do not close their bubbles that is no longer strictly so,
    and these depths have no margin; size_buffers' own have the proof. Large graphs, where it would
    take too long, come back as they are.
    """
    joins = [
        name
        for node in graph.nodes
        if isinstance(node, Pixelwise) and len(node.inputs) > 1
        for name in node.inputs
        if sizes.buffers[name].fifo
    ]
    runs = sum(sizes.buffers[name].fifo.bit_length() + 1 for name in joins)
    if runs * (frames + 2) * sizes.period * len(graph.nodes) > EFFORT:
        return sizes
    for name in joins:
        buffer = sizes.buffers[name]
        low, high = 0, buffer.fifo
        while low < high:
            middle = (low + high) // 2
            tried = {**places_of(sizes), name: buffer.own + middle}
            if simulate(graph, tried, frames).interval == sizes.period:
                high = middle
            else:
                low = middle + 1
        smaller = {**sizes.buffers, name: replace(buffer, fifo=high)}
        sizes = replace(sizes, buffers=smaller)
    return sizes
