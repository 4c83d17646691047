# SPDX-License-Identifier: Apache-2.0
"""What flows/schedule.py needs to know of the nodes of an accelerator: events, beats, clk.

A node makes a fixed sequence of events per frame, `gap` clk apart at least. An event waits for
input beats, and output beats leave a fixed time after it: a cyclo-static dataflow graph, and so a
marked graph. Beats and words are the same thing. Times are in clk, int64.

    Source      beats come from outside
    Pixelwise   a beat per clk: requantise, binarise, add, fork, pool, pad, width converters
    Shared      a Pixelwise of which one input brings a beat for several of the others: bnn_affine
    Scan        a Pixelwise whose output is some words behind: bnn_window_wide
    Window      sends a window per output pixel; its line buffer is the buffer in front of it
    MatVec      a matrix-vector unit that stores a vector and reads it FOLD_R times
    Sink        beats leave
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
NEVER = np.int64(1) << 60  # later than everything; -NEVER is earlier


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
        """They wait for nothing."""
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

    def takes(self, x: Times, period: int, index: int = 0) -> tuple[Times, Times]:
        """When each input beat is used first, and for the last time."""
        return x, x


@dataclass(frozen=True, eq=False)
class Pixelwise:
    """A pipeline that makes an event per clk; several inputs are joined, several outputs forked.

    Attributes:
        need: (events,) input beats that are used up with this event, rising, counted from the
            frame's first one on into the next frame.
        emit: (events,) whether an output beat leaves `latency` >= 1 clk after it.
        lag: beats that were used up before the first event, by the last ones of the frame before.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    need: NDArray[np.int64]
    emit: NDArray[np.bool_]
    latency: int = 1
    gap: int = 1
    lag: int = 0

    @property
    def events(self) -> int:
        """Events per frame."""
        return len(self.need)

    @property
    def beats_in(self) -> int:
        """Beats per frame of every input."""
        return int(self.need[-1]) - self.lag

    def beats_of(self, index: int) -> int:  # noqa: D102 - of an input, per frame
        return self.beats_in

    @cached_property
    def first(self) -> Times:
        """(beats_in,) the event that takes each input beat, from beat `lag` on."""
        beats = self.lag + np.arange(self.beats_in)
        return np.searchsorted(self.need, beats, "right").astype(np.int64)

    def earliest(self, avail: list[Times], period: int) -> Times:
        """An event waits for the last beat it takes."""
        frames, beat = np.divmod(self.need - 1, self.beats_in)
        return np.asarray(np.maximum.reduce(avail)[beat] + frames * period)

    def latest(self, due: list[Times]) -> Times:
        """The latest events for beats to be there when due."""
        x = np.full(self.events, NEVER)
        x[self.emit] = np.minimum.reduce(due) - self.latency
        return x

    def writes(self, x: Times) -> Times:
        """When each output beat is written."""
        return np.asarray(x[self.emit] + self.latency)

    def takes(self, x: Times, period: int, index: int = 0) -> tuple[Times, Times]:
        """When each input beat is used first, and for the last time."""
        own = self.beats_in - self.lag
        times = np.concatenate([x[self.first[own:]] - period, x[self.first[:own]]])
        return times, times


@dataclass(frozen=True, eq=False)
class Shared(Pixelwise):
    """One input has a beat per `every` events, there a clk before the first of them: bnn_affine."""

    every: int = 1

    def beats_of(self, index: int) -> int:
        """Beats per frame of an input."""
        return self.beats_in // (self.every if index == len(self.inputs) - 1 else 1)

    def earliest(self, avail: list[Times], period: int) -> Times:
        """An event waits for its beats."""
        return super().earliest([*avail[:-1], np.repeat(avail[-1] + 1, self.every)], period)

    def takes(self, x: Times, period: int, index: int = 0) -> tuple[Times, Times]:
        """When each beat of an input is used first, and for the last time."""
        shared = index == len(self.inputs) - 1
        return (x[:: self.every] - 1, x[self.every - 1 :: self.every]) if shared else (x, x)


class Scan(Pixelwise):
    """A word per position of the map, and the output `lag` positions behind it: bnn_window_wide.

    The last positions of a frame go with the first words of the next one. The hardware does not
    wait for these where there are none; that is never later than what is planned here.
    """


@dataclass(frozen=True, eq=False)
class Window:
    """Sends `beats` beats, a clk each, per output pixel, from a buffer of input words: bnn_window.

    Attributes:
        needs: (pixels,) input words of the frame that a pixel waits for. Row-major.
        frees: (pixels,) input words of the frame that no later pixel keeps; negative where words of
            the frame before are still kept.
        beats: beats per output pixel, GROUPS * PASSES * KR * KC * C / GROUPS / SIMD.
        beats_in: input words per frame.
        latency: clk from reading to the output beat.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    needs: NDArray[np.int64]
    frees: NDArray[np.int64]
    beats: int
    beats_in: int
    latency: int = 2

    @property
    def gap(self) -> int:
        """Clk from pixel to pixel."""
        return self.beats

    @property
    def events(self) -> int:
        """An event per output pixel."""
        return len(self.needs)

    @cached_property
    def users(self) -> tuple[Times, Times]:
        """(beats_in,) the pixels that wait for a word first (`events`: none), and that free it.

        Pixels that free a word are counted on into the next frames.
        """
        words = np.arange(self.beats_in)
        waits = np.searchsorted(np.maximum.accumulate(self.needs), words, "right")
        frees = np.concatenate([self.frees + f * self.beats_in for f in range(3)])
        frees = np.searchsorted(np.maximum.accumulate(frees), words, "right")
        return waits.astype(np.int64), frees.astype(np.int64)

    def earliest(self, avail: list[Times], period: int) -> Times:
        """A pixel waits for all its words."""
        return np.asarray(avail[0][np.maximum.accumulate(self.needs) - 1])

    def latest(self, due: list[Times]) -> Times:
        """Beats of a pixel leave one after the other; the tightest decides."""
        own = due[0].reshape(self.events, self.beats) - np.arange(self.beats)
        return np.asarray(own.min(axis=1) - self.latency)

    def writes(self, x: Times) -> Times:
        """When each output beat is written."""
        return np.add.outer(x + self.latency, np.arange(self.beats)).ravel()

    def takes(self, x: Times, period: int, index: int = 0) -> tuple[Times, Times]:
        """When each word is used first (NEVER where no pixel reads it), and for the last time."""
        first, last = self.users
        done = x[last % self.events] + last // self.events * period
        return np.append(x, NEVER)[first], done + self.beats  # a place is free a clk later


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

    def takes(self, x: Times, period: int, index: int = 0) -> tuple[Times, Times]:
        """When each word is read first, and for the last time."""
        first = np.add.outer(x, np.arange(self.fold_c)).ravel()
        return first, first + (self.fold_r - 1) * self.fold_c


Node = Source | Sink | Pixelwise | Window | MatVec
