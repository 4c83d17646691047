# SPDX-License-Identifier: Apache-2.0
"""The shell in a simulator: register access, memory, random pauses on all ten channels."""

from __future__ import annotations

import itertools
import json
import logging
import os
import random
from collections.abc import Iterator
from typing import Any

from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout
from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteMaster, AxiSlave

from hw.system.registers import load_map
from sim.system.memory import Memory
from sim.system.model import Frame, batch

CLK_NS = 10
REG = {r.name: r.offset for r in load_map().registers}
BIT = {f"{r.name}_{f.name}": 1 << f.bit for r in load_map().registers for f in r.fields}
GUARD = 64  # bytes before and behind an output that must stay as they were


def pauses(chance: float, rng: random.Random) -> Iterator[bool]:
    """Random pauses that come in runs, as a busy memory's do."""
    while True:
        pause = rng.random() < chance
        yield from itertools.repeat(pause, rng.choice((1, 1, 1, 2, 5)))


class Shell:
    """shell_bench with its memory and its registers.

    Args:
        dut: shell_bench.
        name: of the test; with SEED it gives the draws.
        pause: chance of a pause, on every channel.
    """

    def __init__(self, dut: Any, name: str, pause: float = 0.0) -> None:
        logging.getLogger("cocotb").setLevel(logging.WARNING)
        self.dut = dut
        self.rng = random.Random(f"{os.environ['SEED']}/{name}")
        self.params: dict[str, int] = json.loads(os.environ["BENCH_PARAMS"])
        self.shape = Frame.of(self.params)
        self.memory = Memory()
        self.around: dict[int, tuple[int, bytes]] = {}  # by destination: where, what
        self.slave = AxiSlave(AxiBus.from_prefix(dut, "m_axi"), dut.clk, dut.rst, self.memory)
        self.lite = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi"), dut.clk, dut.rst)
        self.pause(pause)
        self.pause_registers(pause)

    def pause(self, chance: float, only: str = "ar r aw w b") -> None:
        """Set the chance of a pause on these memory channels; none on the others."""
        write, read = self.slave.write_if, self.slave.read_if
        channels = {
            "ar": read.ar_channel,
            "r": read.r_channel,
            "aw": write.aw_channel,
            "w": write.w_channel,
            "b": write.b_channel,
        }
        for name, channel in channels.items():
            self._pause(channel, chance if name in only.split() else 0.0)

    def pause_registers(self, chance: float) -> None:
        """Set the chance of a pause on the five register channels."""
        write, read = self.lite.write_if, self.lite.read_if
        for channel in (write.aw_channel, write.w_channel, write.b_channel):
            self._pause(channel, chance)
        for channel in (read.ar_channel, read.r_channel):
            self._pause(channel, chance)

    def _pause(self, channel: Any, chance: float) -> None:
        channel.clear_pause_generator()
        channel.pause = False
        if chance:
            channel.set_pause_generator(pauses(chance, random.Random(self.rng.random())))

    async def start(self) -> None:
        """Start the clock and leave reset."""
        Clock(self.dut.clk, CLK_NS, "ns").start()
        await self.reset_pin()

    async def reset_pin(self) -> None:
        """Reset all, bus included."""
        self.dut.rst.value = 1
        await ClockCycles(self.dut.clk, 4)
        self.dut.rst.value = 0
        await ClockCycles(self.dut.clk, 12)

    async def write(self, name: str, value: int) -> None:
        """Write a register."""
        await self.lite.write_dword(REG[name], value)

    async def read(self, name: str) -> int:
        """Read a register."""
        return int(await self.lite.read_dword(REG[name]))

    async def begin(self, source: int, destination: int, frames: int, scores: bool = False) -> None:
        """Clear and enable the interrupt for both events, then request()."""
        await self.write("IRQ_STATUS", 3)
        await self.write("IRQ_ENABLE", 3)
        await self.request(source, destination, frames, scores)

    async def request(self, source: int, destination: int, frames: int, scores: bool) -> None:
        """Write a request and START."""
        for name, value in [
            ("SOURCE", source),
            ("DESTINATION", destination),
            ("FRAMES", frames),
            ("OPTIONS", int(scores)),
            ("CONTROL", BIT["CONTROL_START"]),
        ]:
            await self.write(name, value)

    async def wait_irq(self, limit_clk: int = 30_000) -> int:
        """Wait for the interrupt; returns STATUS once the shell is idle."""
        if not int(self.dut.irq.value):
            await with_timeout(RisingEdge(self.dut.irq), limit_clk * CLK_NS, "ns")
        return await self.wait_idle()

    async def wait_idle(self, limit: int = 2000) -> int:
        """Poll STATUS until BUSY is low; nothing may be open on the memory port then."""
        status = await self.wait_low("BUSY", limit)
        assert int(self.dut.open.value) == 0, "idle with transfers open"
        return status

    async def wait_low(self, name: str, limit: int = 2000) -> int:
        """Poll STATUS until this bit of it is low; returns STATUS."""
        for _ in range(limit):
            status = await self.read("STATUS")
            if not status & BIT[f"STATUS_{name}"]:
                return status
            await ClockCycles(self.dut.clk, 5)
        raise AssertionError(f"{name} for ever, STATUS={status:#x}")

    async def forget_error(self) -> None:
        """RESET, after an error: before it no START is taken."""
        await self.write("CONTROL", BIT["CONTROL_RESET"])
        status = await self.wait_idle()
        assert not status & ~(BIT["STATUS_STOPPED"] | BIT["STATUS_DROPPED"]), f"STATUS={status:#x}"

    def place(
        self, frames: int, scores: bool, source: int, destination: int, more: bool = False
    ) -> bytes:
        """Random input at source, noise around the output; returns what the output must be.

        With `more`, what was placed before may be read and written, too.
        """
        if not more:
            self.memory.forbid_all()
            self.around.clear()
        data = self.rng.randbytes(frames * self.shape.in_bytes)
        self.memory.put(source, data)
        want = batch(data, self.shape, scores)
        noise = self.rng.randbytes(len(want) + 2 * GUARD)
        low = max(destination - GUARD, 0)
        self.around[destination] = (low, noise[GUARD - (destination - low) :])
        self.memory.put(*self.around[destination])
        self.memory.allow((source, source + len(data)), (destination, destination + len(want)))
        return want

    def expect_output(self, destination: int, want: bytes) -> None:
        """The output is there, every byte around it as it was, and no protocol rule was broken."""
        got = self.memory.get(destination, len(want))
        if got != want:
            first = next(i for i, (a, b) in enumerate(zip(got, want, strict=True)) if a != b)
            raise AssertionError(f"output differs at byte {first} of {len(want)}")
        low, noise = self.around[destination]
        head = destination - low
        assert self.memory.get(low, head) == noise[:head], "bytes before the output changed"
        behind = noise[head + len(want) :]
        assert self.memory.get(destination + len(want), len(behind)) == behind, "bytes behind it"
        self.expect_clean()

    def expect_clean(self) -> None:
        """No access outside the windows, no violation of the protocol."""
        assert not self.memory.violations, self.memory.violations[:3]
        assert int(self.dut.errors.value) == 0, "axi_checker counted violations, see the log"

    async def run(
        self, frames: int, scores: bool, source: int, destination: int, limit_clk: int = 30_000
    ) -> None:
        """One batch from request to compared output, the interrupt within `limit_clk`."""
        want = self.place(frames, scores, source, destination)
        await self.begin(source, destination, frames, scores)
        status = await self.wait_irq(limit_clk)
        assert status == BIT["STATUS_DONE"], f"STATUS={status:#x}"
        self.expect_output(destination, want)
        assert await self.read("FRAMES_IN") == frames
        assert await self.read("FRAMES_OUT") == frames
