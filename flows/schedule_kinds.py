# SPDX-License-Identifier: Apache-2.0
"""What flows/schedule.py needs to know of the nodes of an accelerator: events, beats, clk.

A node is a machine that makes a fixed sequence of events per frame, at least `gap` clk apart. An
event waits for input beats, and output beats leave a fixed time after it. That is a cyclo-static
dataflow graph, and so a marked graph. Beats and words are the same thing. Times are in clk, int64.

    Source      beats come from outside
    Pixelwise   a beat per clk: requantise, binarise, add, fork, pool, pad, width converters
    Window      sends a window per output pixel (flows/schedule_windows.py)
    Scan        sends whole windows, or rows of them
    MatVec      a matrix-vector unit that stores a vector and reads it FOLD_R times
    Sink        beats leave
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from flows.schedule_windows import NEVER, Scan, Times, Window


@dataclass(frozen=True, eq=False)
class Source:
    """Where `beats` beats per frame come from, one per clk at most."""

    name: str
    outputs: tuple[str, ...]
    beats: int
    inputs: tuple[str, ...] = ()
    latency: int = 0
    gap: int = 1

    @property
    def events(self) -> int:
        """An event per beat."""
        return self.beats

    def earliest(self, avail: list[Times], period: int) -> Times:
        """Events wait for nothing."""
        return np.full(self.beats, -NEVER)

    def latest(self, due: list[Times]) -> Times:
        """A beat has to be there when it is due."""
        return np.asarray(np.minimum.reduce(due))

    def writes(self, x: Times) -> Times:
        """A beat at each event."""
        return x


@dataclass(frozen=True, eq=False)
class Sink:
    """Where beats leave, one per clk at most."""

    name: str
    inputs: tuple[str, ...]
    beats: int
    outputs: tuple[str, ...] = ()
    latency: int = 0
    gap: int = 1

    @property
    def events(self) -> int:
        """An event per beat."""
        return self.beats

    def earliest(self, avail: list[Times], period: int) -> Times:
        """Beats are taken as they come."""
        return np.asarray(np.maximum.reduce(avail))

    def latest(self, due: list[Times]) -> Times:
        """Nobody waits."""
        return np.full(self.beats, NEVER)

    def takes(self, x: Times, period: int) -> tuple[Times, Times]:
        """When each input beat is used first, and for the last time."""
        return x, x


@dataclass(frozen=True, eq=False)
class Pixelwise:
    """A pipeline that makes an event per clk; several inputs are joined, several outputs forked.

    Attributes:
        need: (events,) input beats of the frame that are used up with this event, rising.
        emit: (events,) whether an output beat leaves `latency` >= 1 clk after it.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    need: NDArray[np.int64]
    emit: NDArray[np.bool_]
    latency: int = 1
    gap: int = 1

    @property
    def events(self) -> int:
        """Events per frame."""
        return len(self.need)

    @property
    def beats_in(self) -> int:
        """Beats per frame of every input."""
        return int(self.need[-1])

    @cached_property
    def first(self) -> Times:
        """(beats_in,) the event that takes each input beat."""
        return np.searchsorted(self.need, np.arange(self.beats_in), "right").astype(np.int64)

    def earliest(self, avail: list[Times], period: int) -> Times:
        """An event waits for the last beat it takes."""
        return np.asarray(np.maximum.reduce(avail)[self.need - 1])

    def latest(self, due: list[Times]) -> Times:
        """The latest events for beats to be there when due."""
        x = np.full(self.events, NEVER)
        x[self.emit] = np.minimum.reduce(due) - self.latency
        return x

    def writes(self, x: Times) -> Times:
        """When each output beat is written."""
        return np.asarray(x[self.emit] + self.latency)

    def takes(self, x: Times, period: int) -> tuple[Times, Times]:
        """When each input beat is used first, and for the last time."""
        return x[self.first], x[self.first]


@dataclass(frozen=True, eq=False)
class MatVec:
    """A matrix-vector unit with a replay buffer of two vectors: bnn_mvu where FOLD_R > 1.

    Attributes:
        vectors: per frame.
        fold_c: words per vector.
        fold_r: times that a vector is read, and output beats per vector.
        latency: clk from reading the last word of a pass to its output beat.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    vectors: int
    fold_c: int
    fold_r: int
    latency: int = 6

    @property
    def gap(self) -> int:
        """Clk from vector to vector."""
        return self.fold_c * self.fold_r

    @property
    def events(self) -> int:
        """An event per vector: its first word is read."""
        return self.vectors

    @property
    def beats_in(self) -> int:
        """Words per frame."""
        return self.vectors * self.fold_c

    @cached_property
    def after(self) -> Times:
        """(fold_r,) clk from the event to each output beat."""
        return np.arange(1, self.fold_r + 1) * self.fold_c - 1 + self.latency

    def earliest(self, avail: list[Times], period: int) -> Times:
        """The first pass reads a word per clk without waiting; hardware starts before."""
        words = avail[0].reshape(self.vectors, self.fold_c) - np.arange(self.fold_c)
        return np.asarray(words.max(axis=1))

    def latest(self, due: list[Times]) -> Times:
        """The output beat with the least slack decides."""
        own = due[0].reshape(self.vectors, self.fold_r) - self.after
        return np.asarray(own.min(axis=1))

    def writes(self, x: Times) -> Times:
        """When each output beat is written."""
        return np.add.outer(x, self.after).ravel()

    def takes(self, x: Times, period: int) -> tuple[Times, Times]:
        """When each word is read first, and for the last time."""
        first = np.add.outer(x, np.arange(self.fold_c)).ravel()
        return first, first + (self.fold_r - 1) * self.fold_c


Node = Source | Sink | Pixelwise | Window | Scan | MatVec
