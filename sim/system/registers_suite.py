# SPDX-License-Identifier: Apache-2.0
"""The registers over AXI4-Lite, the interrupt, and what the counters say."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import ClockCycles

from hw.system.registers import load_map
from sim.system.bus import REG, Shell
from sim.system.suite import IN, OUT, frames_for

HASH = 0x0123_4567_89AB_CDEF


@cocotb.test()
@cocotb.parametrize(pause=[0.0, 0.6])
async def every_register(dut: Any, pause: float) -> None:
    """Constants, sizes, kept values byte by byte, and holes in the map."""
    shell = Shell(dut, f"every_register {pause}", pause)
    await shell.start()
    table = load_map()
    kept = {r.name: 0 for r in table.registers if r.access == "rw"}
    shape = shell.shape
    fixed = {r.name: r.value for r in table.registers if r.value is not None}
    fixed |= {"HASH_LOW": HASH & 0xFFFFFFFF, "HASH_HIGH": HASH >> 32, "IN_BYTES": shape.in_bytes}
    fixed |= {"LABEL_BYTES": shape.label_bytes, "SCORE_BYTES": shape.score_bytes, "STATUS": 0}
    fixed |= {"CONTROL": 0, "BATCHES_DONE": 0, "WRITE_STALL": 0, "FRAMES_IN": 0}
    masks = {r.name: sum(1 << f.bit for f in r.fields) or 0xFFFFFFFF for r in table.registers}
    for _ in range(120):
        name = shell.rng.choice([*kept, *fixed, "hole"])
        offset = 0xFC0 if name == "hole" else REG[name]
        if name != "CONTROL" and shell.rng.random() < 0.6:
            start = shell.rng.randrange(4)
            data = shell.rng.randbytes(shell.rng.randint(1, 4 - start))
            await shell.lite.write(offset + start, data)
            if name in kept:
                old = bytearray(kept[name].to_bytes(4, "little"))
                old[start : start + len(data)] = data
                kept[name] = int.from_bytes(old, "little") & masks[name]
        want = {**kept, **fixed, "hole": 0}[name]
        got = int(await shell.lite.read_dword(offset))
        assert got == want, f"{name}: {got:#x}, want {want:#x}"


@cocotb.test()
async def interrupt(dut: Any) -> None:
    """Each event raises its bit; the pin follows the enabled ones; a one clears."""
    shell = Shell(dut, "interrupt")
    await shell.start()
    for done, error in ((0, 0), (1, 0), (0, 1), (1, 1)):
        for good in (True, False):
            shell.place(1, False, IN, OUT)
            await shell.begin(IN, OUT + (0 if good else 1), 1)
            await shell.write("IRQ_ENABLE", done | error << 1)
            await ClockCycles(dut.clk, 10)
            await shell.wait_idle()
            bit = 0 if good else 1
            if not good:
                await shell.forget_error()
            assert await shell.read("IRQ_STATUS") == 1 << bit
            assert int(dut.irq.value) == (done, error)[bit]
            await shell.write("IRQ_STATUS", 2 >> bit)  # the other one: nothing
            assert await shell.read("IRQ_STATUS") == 1 << bit
            await shell.write("IRQ_STATUS", 1 << bit)
            await ClockCycles(dut.clk, 2)
            assert await shell.read("IRQ_STATUS") == 0
            assert int(dut.irq.value) == 0


@cocotb.test()
async def rate_and_counters(dut: Any) -> None:
    """Without pauses the slowest of memory, core and output sets the rate; counters say which."""
    shell = Shell(dut, "rate_and_counters")
    await shell.start()
    n = max(8, frames_for(shell, 40))
    shape, p = shell.shape, shell.params
    words = n * shape.in_bytes / 8
    core = n * p["IN_BEATS"] * p["SLOW"]
    pieces = p["SCORE_BEATS"] * -(-p["SCORE_BEAT_BYTES"] // 8)
    names = ("CYCLES", "READ_STALL", "CORE_STALL", "WRITE_STALL")

    async def counted(scores: bool, limit: int = 30_000) -> dict[str, int]:
        """What one batch adds to the counters."""
        before = {name: await shell.read(name) for name in names}
        await shell.run(n, scores, IN, OUT, limit)
        return {name: await shell.read(name) - before[name] for name in names}

    idle = await counted(False)
    cycles = idle["CYCLES"]
    least = max(words, core)
    output = n * (pieces + p["IN_BEATS"] + 2)  # toy_core holds the next frame until then
    most = max(least * 1.02, output + n * p["LAG"]) + 100
    assert least <= cycles <= most, f"{cycles} clk, {least} .. {most} expected"
    assert all(value <= cycles for value in idle.values())
    for channel, name in (("r", "READ_STALL"), ("aw", "WRITE_STALL")):
        shell.pause(0.97, channel)
        limit = 10_000 + int(200 * words)  # 33 clk per word on average
        slow = await counted(True, limit)
        if channel == "r" or shape.score_bytes * n > 1200:  # the write buffers hold the rest
            assert slow[name] > idle[name] + words / 4, f"{channel}: {slow} after {idle}"
        shell.pause(0.0)
