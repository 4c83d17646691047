# SPDX-License-Identifier: Apache-2.0
"""The shell's tests inside the simulator: batches, borders, errors, resets."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import ClockCycles

from sim.system.bus import BIT, Shell

IN, OUT = 0x1000_0000, 0x2000_0000
IN2, OUT2 = 0x1800_0000, 0x2800_0000  # of a second batch
TOP = 1 << 32


def frames_for(shell: Shell, some: int) -> int:
    """Frames so that a batch has a few hundred words."""
    return max(2, min(some, 3000 // shell.shape.in_bytes))


@cocotb.test()
@cocotb.parametrize(pause=[0.0, 0.3, 0.7])
async def batches_equal_the_model(dut: Any, pause: float) -> None:
    """Labels and scores, whatever pauses; several batches in one life."""
    shell = Shell(dut, f"batches {pause}", pause)
    await shell.start()
    for frames in (1, frames_for(shell, 12), 2):
        for scores in (False, True):
            offset = 8 * shell.rng.randrange(64)
            await shell.run(frames, scores, IN + offset, OUT + 8 * shell.rng.randrange(64))


@cocotb.test()
async def borders(dut: Any) -> None:
    """Buffers that begin or end just at 4 KiB, and at the end of the address space."""
    shell = Shell(dut, "borders", 0.2)
    await shell.start()
    for words in (0, 1, 2, 15, 16, 17):
        await shell.run(2, True, IN + 4096 - 8 * words, OUT + 4096 - 8 * words)
    n = frames_for(shell, 4)
    size = n * shell.shape.in_bytes
    for scores in (False, True):
        out = n * shell.shape.out_bytes(scores)
        await shell.run(n, scores, (TOP - size) // 8 * 8, OUT)
        await shell.run(n, scores, IN, (TOP - out) // 8 * 8)


@cocotb.test()
async def no_frames(dut: Any) -> None:
    """A batch of none ends well, at once, without a transfer."""
    shell = Shell(dut, "no_frames")
    await shell.start()
    before = await shell.read("CYCLES")
    await shell.begin(IN, OUT, 0)
    assert await shell.wait_irq() == BIT["STATUS_DONE"]
    assert await shell.read("CYCLES") - before <= 3
    shell.expect_clean()
    await shell.run(1, False, IN, OUT)


@cocotb.test()
async def refused_requests(dut: Any) -> None:
    """Wrong addresses and sizes touch nothing, and the next batch is right."""
    shell = Shell(dut, "refused", 0.2)
    await shell.start()
    too_many = TOP // shell.shape.in_bytes + 1
    cases = [((IN + bad, OUT, 1), "BAD_ADDRESS") for bad in (1, 4, 7)]
    cases += [((IN, OUT + 2, 1), "BAD_ADDRESS"), ((IN, OUT, too_many), "BAD_RANGE")]
    cases += [((IN, OUT, TOP - 1), "BAD_RANGE"), ((TOP - 8, OUT, 9), "BAD_RANGE")]
    cases += [((IN, TOP - 8, 9), "BAD_RANGE"), ((IN, OUT, 1 << 31), "BAD_RANGE")]
    for request, name in cases:
        await shell.begin(*request)
        status = await shell.wait_irq()
        assert status == BIT[f"STATUS_{name}"], f"{request}: STATUS={status:#x}"
        await shell.forget_error()
    shell.expect_clean()
    await shell.run(2, False, IN, OUT)


@cocotb.test()
async def start_while_busy(dut: Any) -> None:
    """A second START is queued, a third is refused and changes nothing."""
    shell = Shell(dut, "start_while_busy")
    await shell.start()
    shell.pause(0.8)  # memory, so that the first batch is not done before the third START
    n = frames_for(shell, 20)
    first = shell.place(n, False, IN, OUT)
    second = shell.place(n, True, IN2, OUT2, more=True)
    await shell.begin(IN, OUT, n)
    await shell.request(IN2, OUT2, n, True)
    assert await shell.read("STATUS") == BIT["STATUS_BUSY"] | BIT["STATUS_QUEUED"]
    await shell.request(8, 16, 1, True)
    running = BIT["STATUS_BUSY"] | BIT["STATUS_QUEUED"] | BIT["STATUS_REFUSED"]
    assert await shell.read("STATUS") == running
    shell.pause(0.2)
    status = await shell.wait_idle(20_000)
    assert status == BIT["STATUS_DONE"] | BIT["STATUS_REFUSED"], f"STATUS={status:#x}"
    assert await shell.read("BATCHES_DONE") == 2
    shell.expect_output(OUT, first)
    shell.expect_output(OUT2, second)
    await shell.run(2, True, IN, OUT)


@cocotb.test()
@cocotb.parametrize(kind=["READ", "WRITE"])
async def bus_errors(dut: Any, kind: str) -> None:
    """An error anywhere ends the batch, is reported, and leaves the next one right."""
    shell = Shell(dut, f"bus_errors {kind}", 0.3)
    await shell.start()
    n = frames_for(shell, 12)
    for attempt in range(5):
        scores = bool(attempt % 2)
        shell.place(n, scores, IN, OUT)
        size = n * (shell.shape.in_bytes if kind == "READ" else shell.shape.out_bytes(scores))
        place = [0, size - 1, *(shell.rng.randrange(size) for _ in range(3))][attempt]
        bad = shell.memory.bad_reads if kind == "READ" else shell.memory.bad_writes
        bad.add((IN if kind == "READ" else OUT) + place)
        await shell.begin(IN, OUT, n, scores)
        status = await shell.wait_irq()
        assert status == BIT[f"STATUS_{kind}_ERROR"], f"byte {place}: STATUS={status:#x}"
        assert await shell.read("IRQ_STATUS") == BIT["IRQ_STATUS_ERROR"]
        shell.expect_clean()
        bad.clear()
        await shell.write("CONTROL", BIT["CONTROL_START"])
        status = await shell.read("STATUS")
        assert status == BIT[f"STATUS_{kind}_ERROR"] | BIT["STATUS_REFUSED"], f"STATUS={status:#x}"
        await shell.forget_error()
        await shell.run(2, not scores, IN + 8, OUT + 8)


@cocotb.test()
@cocotb.parametrize(pause=[0.0, 0.5])
async def soft_reset(dut: Any, pause: float) -> None:
    """RESET at any time ends every open burst whole and leaves the next batch right."""
    shell = Shell(dut, f"soft_reset {pause}", pause)
    shell.pause_registers(0.0)
    await shell.start()
    n = frames_for(shell, 12)
    for attempt in range(12):
        scores = attempt % 4 != 1  # more to write, so more bursts to catch half-way
        shell.place(n, scores, IN, OUT)
        await shell.begin(IN, OUT, n, scores)
        await ClockCycles(dut.clk, shell.rng.randrange(20 + 60 * attempt))
        await shell.write("CONTROL", BIT["CONTROL_RESET"])
        status = await shell.wait_idle()
        assert status in (BIT["STATUS_STOPPED"], 0), f"STATUS={status:#x}"
        shell.expect_clean()
        if attempt % 3 == 0:
            await shell.run(2, bool(attempt % 2), IN, OUT)
    await shell.write("CONTROL", BIT["CONTROL_RESET"] | BIT["CONTROL_START"])
    assert await shell.wait_idle() in (0, BIT["STATUS_STOPPED"])


@cocotb.test()
async def hard_reset(dut: Any) -> None:
    """The reset pin at any time; memory is reset with it, as the bus is in a board."""
    shell = Shell(dut, "hard_reset", 0.3)
    await shell.start()
    n = frames_for(shell, 12)
    for _ in range(5):
        shell.place(n, False, IN, OUT)
        await shell.begin(IN, OUT, n)
        await ClockCycles(dut.clk, shell.rng.randrange(400))
        await shell.reset_pin()
        assert await shell.read("STATUS") == 0
        await shell.run(2, True, IN, OUT)
