# SPDX-License-Identifier: Apache-2.0
"""bnnflow_host's back end in a simulation: its registers are the RTL's, its time the simulator's.

The driver runs in a thread (cocotb's bridge); each call crosses into the simulator (resume). A
buffer is two things, as on a processor with a cache: the array that the driver sees, and memory;
flush() and invalidate() copy between them, and nothing else does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from bnnflow_host import Backend, Buffer
from cocotb.clock import Clock
from cocotb.task import resume
from cocotb.triggers import ClockCycles
from cocotb.utils import get_sim_time
from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteMaster, AxiMaster, AxiSlave

from sim.system.memory import Memory

CLK_NS = 10
POLL_CLK = 100
BASE = 0x4000_0000  # of the registers, on M_AXI_GP0


class CachedBuffer(Buffer):
    """Memory of the simulation behind a cache that writes back only when told to.

    Args:
        memory: the simulation's.
        size: bytes.
        address: of the first one.
        faults: "no-flush" and "no-invalidate" make it forget that (negative controls).
    """

    def __init__(self, memory: Memory, size: int, address: int, faults: str) -> None:
        self.array = np.zeros(size, np.uint8)
        self.address = address
        self._memory, self._faults = memory, faults

    def flush(self) -> None:
        """Copy what the driver wrote to memory."""
        if "no-flush" not in self._faults:
            self._memory.put(self.address, self.array.tobytes())

    def invalidate(self) -> None:
        """Copy what is in memory to the driver's view."""
        if "no-invalidate" not in self._faults:
            data = self._memory.get(self.address, len(self.array))
            self.array[...] = np.frombuffer(data, np.uint8)


class RtlBackend(Backend):
    """Registers and memory of system_bench, or of a board's top with a model of its processor.

    Args:
        dut: the design.
        faults: see CachedBuffer.

    Attributes:
        pins: where the clock, the checker's counts and the two AXI ports are.
    """

    def __init__(self, dut: Any, faults: str = "") -> None:
        self.faults, self.memory = faults, Memory()
        self.zynq = hasattr(dut, "u_ps")
        pins, burst = dut, 16
        if self.zynq and hasattr(dut.u_ps, "u_ps7"):
            pins = dut.u_ps.u_ps7
        elif self.zynq:
            pins, burst = dut.u_ps.u_ps8, 256  # AXI4
        self.pins = pins
        self.clk, self.reset = (pins.clk0, pins.resetn0) if self.zynq else (dut.clk, dut.rst)
        self.in_reset = 0 if self.zynq else 1
        self.base = BASE if self.zynq else 0
        rest = (self.clk, self.reset)
        level = {"reset_active_level": not self.zynq}
        port = AxiBus.from_prefix(pins, "hp0" if self.zynq else "m_axi")
        self.slave = AxiSlave(port, *rest, self.memory, **level)
        self.lite = (
            AxiMaster(AxiBus.from_prefix(pins, "gp0"), *rest, max_burst_len=burst, **level)
            if self.zynq
            else AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi"), *rest)
        )
        self.seconds = 0.0
        self._next = 0x1000_0000 + 4096 - 8  # the first buffer begins just before a 4 KiB border

    async def start(self) -> None:
        """Start the clock and leave reset."""
        Clock(self.clk, CLK_NS, "ns").start()
        self.reset.value = self.in_reset
        await ClockCycles(self.clk, 12)
        self.reset.value = 1 - self.in_reset
        await ClockCycles(self.clk, 12)

    def _tick(self) -> None:
        self.seconds = float(get_sim_time("ns")) * 1e-9

    @resume
    async def read(self, offset: int) -> int:
        """Read a register."""
        value = int(await self.lite.read_dword(self.base + offset))
        self._tick()
        return value

    @resume
    async def write(self, offset: int, value: int) -> None:
        """Write a register."""
        await self.lite.write_dword(self.base + offset, value)
        self._tick()

    @resume
    async def idle(self) -> None:
        """Let some clk pass."""
        await ClockCycles(self.clk, POLL_CLK)
        self._tick()

    def now(self) -> float:
        """Simulated seconds."""
        return self.seconds

    def allocate(self, size: int) -> Buffer:
        """Memory at the next free address; windows of the memory model grow with it."""
        buffer = CachedBuffer(self.memory, size, self._next, self.faults)
        window = (self._next, self._next + size)
        self.memory.readable.append(window)
        self.memory.writable.append(window)
        self._next += (size + 8191) // 4096 * 4096
        return buffer
