# SPDX-License-Identifier: Apache-2.0
"""What is known of a float tensor of the QONNX graph: which integers carry it, and how.

A tensor is  nodes(scale * (mul * code + offset[class, channel])).  `code` is what the hardware's
stream carries; the bracket, d, is an integer, too; `nodes` are per-channel float operations that no
hardware has been made for yet. The next quantizer turns all of it into one function of `code`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper

from flows.integer.border import Border

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Pending:
    """A max-pool that has not been made yet: it commutes with the quantizer that follows.

    kernel: rows and columns of a window, which is also the step to the next one.
    n_nodes: how many of the value's nodes stand in front of it.
    """

    kernel: tuple[int, int]
    n_nodes: int


@dataclass(frozen=True)
class Padding:
    """Pixels around a map, not made yet: the convolution behind takes them up."""

    top: int
    left: int
    bottom: int
    right: int
    value: float


@dataclass(frozen=True)
class Value:
    """A tensor of the QONNX graph in terms of a hardware stream.

    Attributes:
        stream: tensor of the hardware graph that carries the codes, channels last.
        shape: (channels, rows, columns) of the stream's map; a vector is (n, 1, 1).
        low, high: the codes' range.
        scale, mul, offset: see the module; offset has shape (classes, channels).
        border: classes of the pixels where offset depends on them.
        nodes: per-channel nodes, from tensor `start` on, that are still to be applied; in order,
            the last one makes the tensor. They may branch and join again.
        share: a second integer, one per pixel, that nodes combine with this one (pairs.py); it has
            one channel and no nodes of its own.
        flat: the tensor is the map as a row vector, channels first, as PyTorch flattens.
        raw: the stream comes straight from a binary matrix-vector unit, as matches.
        pool, pad: operations that wait for the next quantizer, or the next convolution.
    """

    stream: str
    shape: tuple[int, int, int]
    low: int
    high: int
    scale: float = 1.0
    mul: int = 1
    offset: Ints = field(default_factory=lambda: np.zeros((1, 1), np.int64))
    border: Border | None = None
    nodes: tuple[NodeProto, ...] = ()
    start: str = ""
    share: Value | None = None
    flat: bool = False
    raw: bool = False
    pool: Pending | None = None
    pad: Padding | None = None

    @property
    def channels(self) -> int:
        """Channels of a pixel."""
        return self.shape[0]

    @property
    def bits(self) -> bool:
        """Whether the stream carries bits."""
        return (self.low, self.high) == (0, 1)

    def classes(self, n: int) -> dict[str, list[int]]:
        """Attributes of an op that has constants for n classes of pixels; none for one class."""
        if self.border is None or n == 1:
            return {}
        return {"rowClass": list(self.border.rows), "columnClass": list(self.border.columns)}

    @property
    def offsets(self) -> Ints:
        """Offset for every channel, shape (classes, channels)."""
        return np.broadcast_to(self.offset, (len(self.offset), self.channels))

    @property
    def size(self) -> tuple[int, int, int]:
        """(channels, rows, columns) of the tensor: behind the pool that waits."""
        if self.pool is None:
            return self.shape
        c, rows, columns = self.shape
        return c, rows // self.pool.kernel[0], columns // self.pool.kernel[1]

    def named(self, tensor: str) -> Value:
        """The same value as `tensor` of the QONNX graph: nodes to come read it by that name."""
        if not self.nodes:
            return replace(self, start=tensor)
        if self.nodes[-1].output[0] == tensor:
            return self
        last = helper.make_node("Identity", [self.nodes[-1].output[0]], [tensor], name=tensor)
        return replace(self, nodes=(*self.nodes, last))

    def same_base(self, other: Value) -> bool:
        """Whether two tensors are functions of one stream's codes."""
        ours = (self.stream, self.scale, self.mul, self.start, self.pool, self.pad, self.flat)
        theirs = (other.stream, other.scale, other.mul, other.start, other.pool, other.pad)
        shares = [v.share.stream if v.share else "" for v in (self, other)]
        same = ours == (*theirs, other.flat) and shares[0] == shares[1]
        return same and np.array_equal(self.offset, other.offset)


def is_power_of_two(x: float) -> bool:
    """Whether x is 2^k: products with it are exact."""
    mantissa, _ = np.frexp(x)
    return bool(mantissa == 0.5)
