# SPDX-License-Identifier: Apache-2.0
"""Sliding windows as flows/schedule.py sees them: see flows/schedule_kinds.py.

Window      sends a window per output pixel; its line buffer is the buffer in front of it
Scan        sends whole rows of taps or windows; takes a word in every position of its map
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
NEVER = np.int64(1) << 60  # later than everything; -NEVER is earlier


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

    def takes(self, x: Times, period: int) -> tuple[Times, Times]:
        """When each word is used first (NEVER where no pixel reads it), and for the last time."""
        first, last = self.users
        done = x[last % self.events] + last // self.events * period
        return np.append(x, NEVER)[first], done + self.beats  # a place is free a clk later


@dataclass(frozen=True, eq=False)
class Scan:
    """A word per position of the map, and the output `lag` positions behind it: bnn_window_wide.

    The last positions of a frame go with the first words of the next one. The hardware does not
    wait for these where there are none; that is never later than what is planned here.

    Attributes:
        need: (events,) the word that goes with an event, and one: lag + 1 ... words + lag, rising.
        emit: (events,) whether an output beat leaves `latency` >= 1 clk after it.
        lag: words that are taken before the first position.
        latency: clk from reading to the output beat.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    need: NDArray[np.int64]
    emit: NDArray[np.bool_]
    lag: int
    latency: int = 2
    gap: int = 1

    @property
    def events(self) -> int:
        """Output beats, and positions that are stepped over."""
        return len(self.need)

    @property
    def beats_in(self) -> int:
        """Words per frame."""
        return int(self.need[-1]) - self.lag

    @cached_property
    def first(self) -> Times:
        """(beats_in,) the event that takes each word, from word `lag` on."""
        words = self.lag + np.arange(self.beats_in)
        return np.searchsorted(self.need, words, "right").astype(np.int64)

    def earliest(self, avail: list[Times], period: int) -> Times:
        """An event waits for its word."""
        frames, word = np.divmod(self.need - 1, self.beats_in)
        return np.asarray(avail[0][word] + frames * period)

    def latest(self, due: list[Times]) -> Times:
        """The latest events for beats to be there when due."""
        x = np.full(self.events, NEVER)
        x[self.emit] = due[0] - self.latency
        return x

    def writes(self, x: Times) -> Times:
        """When each output beat is written."""
        return np.asarray(x[self.emit] + self.latency)

    def takes(self, x: Times, period: int) -> tuple[Times, Times]:
        """When each input word is taken: the first ones by the frame before."""
        own = self.beats_in - self.lag
        times = np.concatenate([x[self.first[own:]] - period, x[self.first[:own]]])
        return times, times
