# SPDX-License-Identifier: Apache-2.0
"""Batches in flight: at most two, one that runs and one that is queued behind it."""

from __future__ import annotations

from . import registers as reg
from .backends import Backend, Buffer
from .errors import HostError, HostTimeout

_PROBLEMS = (
    (reg.STATUS_READ_ERROR, "the bus answered a read of the input with an error"),
    (reg.STATUS_WRITE_ERROR, "the bus answered a write of the output with an error"),
    (reg.STATUS_BAD_ADDRESS, "a buffer's address is not a multiple of 8"),
    (reg.STATUS_BAD_RANGE, "a buffer reaches past 4 GiB"),
    (reg.STATUS_STOPPED, "something else reset the accelerator"),
    (reg.STATUS_DROPPED, "the batch behind it was dropped"),
    (reg.STATUS_REFUSED, "a START was refused"),
)
_RESET_S = 1.0  # a reset waits for open bursts only
COUNTERS = ("cycles", "read_stall", "core_stall", "write_stall")


class Batches:
    """Starts batches and waits for them, the oldest first.

    Args:
        backend: where the registers are.
        name: of the accelerator, for errors.

    Attributes:
        in_flight: batches started whose end was not seen yet, 0 to 2.
        counts: clk by the hardware's counters, summed since the attribute was set; None: not read.
    """

    def __init__(self, backend: Backend, name: str) -> None:
        self._backend, self._name = backend, name
        self.in_flight = 0
        self.counts: dict[str, int] | None = None
        self._before: list[int] = []
        self._ends = 0  # what BATCHES_DONE must show when the oldest one has ended
        self._counted = False

    def begin(self, batches: int) -> None:
        """Before the first start() of a call.

        Args:
            batches: of the call. One alone shows in STATUS how it ended; of more each end is
                looked up in BATCHES_DONE.
        """
        self._counted = batches > 1
        if self._counted:
            self._ends = self._backend.read(reg.BATCHES_DONE)
        if self.counts is not None:
            self._before = self._read_counters()

    def start(self, source: Buffer, target: Buffer, frames: int, scores: bool) -> None:
        """Start a batch, or queue it behind the one that runs; finish() before a third."""
        write = self._backend.write
        self.in_flight += 1  # whatever happens from here on, there may be something to abandon
        write(reg.SOURCE, source.address)
        write(reg.DESTINATION, target.address)
        write(reg.FRAMES, frames)
        write(reg.OPTIONS, reg.OPTIONS_SCORES if scores else 0)
        write(reg.CONTROL, reg.CONTROL_START)

    def finish(self, frames: int, seconds: float) -> None:
        """Wait until the oldest batch has ended: its output is in memory.

        Args:
            frames: of that batch, for the message.
            seconds: longest wait.

        Raises:
            HostTimeout: batch-timeout; the accelerator was reset.
            HostError: batch-failed; abandon() makes it ready again.
        """
        status = self._wait(seconds, reg.STATUS_QUEUED if self.in_flight > 1 else reg.STATUS_BUSY)
        if status is None:
            seen = self._progress()
            state = "idle again after a reset" if self.abandon() else "busy even after RESET"
            raise HostTimeout(
                "batch-timeout",
                f"{frames} frames were not done in {seconds:g} s: {seen}; {state}",
                f"accelerator {self._name}",
                "timeout_s=... if the batch is large; else load the bitstream again",
            )
        problems = [text for bit, text in _PROBLEMS if status & bit]
        if not problems:
            problems = self._missing(status)
        if problems:
            raise HostError(
                "batch-failed",
                f"{'; '.join(problems)} (STATUS {status:#x}, {self._progress()})",
                f"accelerator {self._name}, batch of {frames} frames",
                "run it again; if it comes back, load the bitstream again and check the memory",
            )
        self.in_flight -= 1
        if self.counts is not None:
            now = self._read_counters()
            for name, last, first in zip(COUNTERS, now, self._before):
                self.counts[name] += (last - first) & 0xFFFFFFFF
            self._before = now

    def _missing(self, status: int) -> list[str]:
        """Why the oldest batch has not ended well, though no error is shown."""
        if not self._counted:
            return [] if status & reg.STATUS_DONE else ["no reason given"]
        self._ends = (self._ends + 1) & 0xFFFFFFFF
        ahead = (self._backend.read(reg.BATCHES_DONE) - self._ends) & 0xFFFFFFFF
        if ahead < self.in_flight:  # it has ended, perhaps the one behind it, too
            return []
        return ["BATCHES_DONE is wrong: something else drives the accelerator"]

    def abandon(self) -> bool:
        """RESET: what is in flight ends without half a transfer; whether it is idle then."""
        self.in_flight = 0
        self._backend.write(reg.CONTROL, reg.CONTROL_RESET)
        return self._wait(_RESET_S, reg.STATUS_BUSY) is not None

    def reset(self) -> None:
        """RESET.

        Raises:
            HostTimeout: reset-timeout.
        """
        if not self.abandon():
            raise HostTimeout(
                "reset-timeout",
                "the accelerator stays busy after RESET",
                f"accelerator {self._name}",
                "load the bitstream again; memory may not answer",
            )

    def _wait(self, seconds: float, bit: int) -> int | None:
        """STATUS once this bit of it is low, or None when that takes too long."""
        backend = self._backend
        end = backend.now() + seconds
        while True:
            status = backend.read(reg.STATUS)
            if not status & bit:
                return status
            if backend.now() > end:
                return None
            backend.idle()

    def _progress(self) -> str:
        read = self._backend.read
        return f"{read(reg.FRAMES_IN)} frames went in, {read(reg.FRAMES_OUT)} came out"

    def _read_counters(self) -> list[int]:
        return [self._backend.read(getattr(reg, name.upper())) for name in COUNTERS]
