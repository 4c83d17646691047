# SPDX-License-Identifier: Apache-2.0
"""AXI-Stream source and sink for cocotb, which count clk and check the handshake.

One coroutine per port, one step per rising edge: values read right after the edge are those the
design saw, values written then count from the next edge on.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

CLK_NS = 10


class Source:
    """Drives a slave port; `gap` is the chance of a pause before a beat.

    Attributes:
        times: clk number at which each beat was taken.
    """

    def __init__(self, dut: Any, clk: Any, prefix: str, gap: float, rng: random.Random) -> None:
        self.prefix = prefix
        self.data = getattr(dut, f"{prefix}_tdata")
        self.valid = getattr(dut, f"{prefix}_tvalid")
        self.ready = getattr(dut, f"{prefix}_tready")
        self.clk, self.gap, self.rng = clk, gap, rng
        self.queue: deque[int] = deque()
        self.times: list[int] = []
        self.valid.value = 0

    def send(self, beats: Iterable[int]) -> None:
        """Append beats to what is still to be sent."""
        self.queue.extend(beats)

    async def run(self) -> None:
        """Send for ever; cancel the task to stop."""
        clk, busy = 0, False
        while True:
            await RisingEdge(self.clk)
            if busy and int(self.ready.value):
                self.times.append(clk)
                busy = False
            clk += 1
            if not busy:
                if self.queue and self.rng.random() >= self.gap:
                    self.data.value = self.queue.popleft()
                    self.valid.value = 1
                    busy = True
                else:
                    self.valid.value = 0


class Sink:
    """Reads a master port; `stall` is the chance of ready being low at a clk.

    Attributes:
        beats: what was received.
        times: clk number at which each beat was taken.
    """

    def __init__(self, dut: Any, clk: Any, prefix: str, stall: float, rng: random.Random) -> None:
        self.prefix = prefix
        self.data = getattr(dut, f"{prefix}_tdata")
        self.valid = getattr(dut, f"{prefix}_tvalid")
        self.ready = getattr(dut, f"{prefix}_tready")
        self.clk, self.stall, self.rng = clk, stall, rng
        self.beats: list[int] = []
        self.times: list[int] = []
        self.ready.value = 0

    async def run(self) -> None:
        """Receive for ever, and fail when the port breaks the AXI-Stream handshake.

        Raises:
            AssertionError: valid fell or data changed before the beat was taken.
        """
        clk, ready, waiting = 0, False, None
        while True:
            await RisingEdge(self.clk)
            valid = bool(int(self.valid.value))
            if waiting is not None:
                assert valid, f"{self.prefix}: valid fell at clk {clk} before ready"
            if valid:
                data = int(self.data.value)
                assert waiting in (None, data), f"{self.prefix}: data changed at clk {clk}"
                waiting = None if ready else data
                if ready:
                    self.beats.append(data)
                    self.times.append(clk)
            clk += 1
            ready = self.rng.random() >= self.stall
            self.ready.value = int(ready)


class Streams:
    """A design between its sources and its sinks, from reset on.

    Args:
        dut: the design with the ports of sources and sinks.
        gap: chance of a pause before a beat, for each input by itself.
        stall: chance of each output not being ready at a clk.
        rng: where the draws come from.
        outputs: prefixes of the output ports.
        inputs: prefixes of the input ports.
        clock: name of the clock.
        reset: name of the reset; active low when it ends in _n.
    """

    def __init__(
        self,
        dut: Any,
        gap: float,
        stall: float,
        rng: random.Random,
        outputs: tuple[str, ...] = ("m_axis",),
        clock: str = "clk",
        reset: str = "rst",
        inputs: tuple[str, ...] = ("s_axis",),
    ) -> None:
        clk = getattr(dut, clock)
        self.clk, self.rst = clk, getattr(dut, reset)
        self.active = 0 if reset.endswith("_n") else 1
        self.sources = [Source(dut, clk, name, gap, random.Random(rng.random())) for name in inputs]
        self.sinks = [Sink(dut, clk, name, stall, random.Random(rng.random())) for name in outputs]
        self.tasks: list[Any] = []

    async def start(self) -> None:
        """Start the clock, reset the design and connect sources and sinks."""
        Clock(self.clk, CLK_NS, "ns").start()
        await self.reset()

    async def reset(self) -> None:
        """Stop all traffic, reset for three clk, start again with nothing sent or received."""
        for task in self.tasks:
            task.cancel()
        for source in self.sources:
            source.queue.clear()
            source.times.clear()
            source.valid.value = 0
        for sink in self.sinks:
            sink.beats.clear()
            sink.times.clear()
            sink.ready.value = 0
        self.rst.value = self.active
        for _ in range(3):
            await RisingEdge(self.clk)
        self.rst.value = 1 - self.active
        await RisingEdge(self.clk)
        self.tasks = [cocotb.start_soon(source.run()) for source in self.sources]
        self.tasks += [cocotb.start_soon(sink.run()) for sink in self.sinks]

    async def receive(self, n_beats: Sequence[int], limit_clk: int) -> None:
        """Wait until each sink has its n_beats, then some clk more for beats that should not come.

        Raises:
            AssertionError: that took more than limit_clk.
        """
        for _ in range(limit_clk):
            got = [len(sink.beats) for sink in self.sinks]
            if all(have >= want for have, want in zip(got, n_beats, strict=True)):
                break
            await RisingEdge(self.clk)
        else:
            raise AssertionError(
                f"after {limit_clk} clk: {got} beats received, want {list(n_beats)}"
            )
        for _ in range(20):
            await RisingEdge(self.clk)
