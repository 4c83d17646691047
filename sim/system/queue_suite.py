# SPDX-License-Identifier: Apache-2.0
"""Two batches in flight: order, border, errors in either, RESET with one queued."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles

from sim.system.bus import BIT, Shell
from sim.system.suite import IN, IN2, OUT, OUT2, TOP, frames_for

BUFFERS = ((IN, OUT), (IN2, OUT2))
DONE, REFUSED, DROPPED, STOPPED = (
    BIT[f"STATUS_{name}"] for name in ("DONE", "REFUSED", "DROPPED", "STOPPED")
)


@dataclass
class Job:
    """A batch: where it lies, what it is, what it must put out."""

    source: int
    destination: int
    frames: int
    scores: bool
    want: bytes


def job(shell: Shell, slot: int, frames: int, scores: bool, more: bool = True) -> Job:
    """Place a batch somewhere in the buffers of that slot."""
    source, destination = (base + 8 * shell.rng.randrange(64) for base in BUFFERS[slot])
    want = shell.place(frames, scores, source, destination, more)
    return Job(source, destination, frames, scores, want)


async def put(shell: Shell, *jobs: Job) -> None:
    """Request these, one behind the other, without waiting."""
    for one in jobs:
        await shell.request(one.source, one.destination, one.frames, one.scores)


@cocotb.test()
@cocotb.parametrize(pause=[0.0, 0.5])
async def chain(dut: Any, pause: float) -> None:
    """Labels and scores, with and without frames, two buffers in turn, one always queued."""
    shell = Shell(dut, f"chain {pause}", pause)
    await shell.start()
    sizes = [frames_for(shell, 12), 1, 0, 2, 1, 0, 0, 3, frames_for(shell, 6), 1]
    plan = [(n, bool(shell.rng.getrandbits(1))) for n in sizes]
    running = job(shell, 0, *plan[0], more=False)
    await put(shell, running)
    for number, request in enumerate(plan[1:], 1):
        queued = job(shell, number % 2, *request)
        await put(shell, queued)
        await shell.wait_low("QUEUED", 600)
        done = await shell.read("BATCHES_DONE")
        assert number <= done <= number + 1, f"{done} batches after {number}"
        # the batch before this one is whole in memory, whatever this one does
        shell.expect_output(running.destination, running.want)
        running = queued
    assert await shell.wait_idle(600) == DONE
    shell.expect_output(running.destination, running.want)
    assert await shell.read("BATCHES_DONE") == len(plan)


@cocotb.test()
async def next_start_at_once(dut: Any) -> None:
    """A START right behind another one finds it still being prepared and is queued, not refused."""
    shell = Shell(dut, "next_start_at_once")
    await shell.start()
    shell.pause(0.6)
    one = job(shell, 0, frames_for(shell, 8), True, more=False)
    for count in range(1, 4):
        await put(shell, one)
        await shell.write("CONTROL", BIT["CONTROL_START"])  # the same once more
        assert await shell.wait_idle() == DONE
        assert await shell.read("BATCHES_DONE") == 2 * count
        shell.expect_output(one.destination, one.want)


@cocotb.test()
@cocotb.parametrize(kind=["READ", "WRITE"], second=[False, True])
async def errors(dut: Any, kind: str, second: bool) -> None:
    """An error ends its batch and the one queued behind it, never the one before it."""
    shell = Shell(dut, f"errors {kind} {second}")
    shell.pause_registers(0.0)
    await shell.start()
    n = frames_for(shell, 12)
    for attempt in range(3):
        shell.pause(0.7)  # so that the second START comes before the first batch has ended
        scores = bool(attempt % 2)
        jobs = [job(shell, 0, n, not scores, more=False), job(shell, 1, n, scores)]
        bad = jobs[second]
        size = n * shell.shape.in_bytes if kind == "READ" else len(bad.want)
        place = (0, size - 1, shell.rng.randrange(size))[attempt]
        where = bad.source if kind == "READ" else bad.destination
        (shell.memory.bad_reads if kind == "READ" else shell.memory.bad_writes).add(where + place)
        before = await shell.read("BATCHES_DONE")
        await put(shell, *jobs)
        shell.pause(0.2)
        status = await shell.wait_idle()
        wanted = {BIT[f"STATUS_{kind}_ERROR"] | (0 if second else DROPPED)}
        if not second:  # it failed before the other START came
            wanted.add(BIT[f"STATUS_{kind}_ERROR"] | REFUSED)
        assert status in wanted, f"byte {place}: STATUS={status:#x}"
        assert await shell.read("BATCHES_DONE") - before == second
        if second:
            shell.expect_output(jobs[0].destination, jobs[0].want)
        shell.expect_clean()
        shell.memory.bad_reads.clear()
        shell.memory.bad_writes.clear()
        await shell.forget_error()
        await shell.run(2, scores, IN, OUT)


@cocotb.test()
async def bad_requests(dut: Any) -> None:
    """What cannot be is told in its turn; a batch before it is not disturbed."""
    shell = Shell(dut, "bad_requests", 0.3)
    shell.pause_registers(0.0)
    await shell.start()
    n = frames_for(shell, 12)
    for source, frames, name in ((IN2 + 4, 2, "BAD_ADDRESS"), (TOP - 8, 9, "BAD_RANGE")):
        first = job(shell, 0, n, True, more=False)
        wrong = Job(source, OUT2, frames, False, b"")
        before = await shell.read("BATCHES_DONE")
        await put(shell, first, wrong)
        assert await shell.wait_idle() == BIT[f"STATUS_{name}"]
        shell.expect_output(first.destination, first.want)
        assert await shell.read("BATCHES_DONE") == before + 1
        await shell.forget_error()
        await put(shell, wrong, first)  # an error stops those that follow it
        assert await shell.wait_idle() == BIT[f"STATUS_{name}"] | REFUSED
        assert await shell.read("BATCHES_DONE") == before + 1
        await shell.forget_error()


@cocotb.test()
@cocotb.parametrize(pause=[0.0, 0.5])
async def reset_with_one_queued(dut: Any, pause: float) -> None:
    """RESET at any time leaves no half transfer of either, and the next batches are right."""
    shell = Shell(dut, f"reset_with_one_queued {pause}", pause)
    shell.pause_registers(0.0)
    await shell.start()
    n = frames_for(shell, 6)
    for attempt in range(8):
        jobs = [job(shell, 0, n, attempt % 4 != 1, more=False), job(shell, 1, n, attempt % 3 > 0)]
        before = await shell.read("BATCHES_DONE")
        await put(shell, *jobs)
        await ClockCycles(dut.clk, shell.rng.randrange(20 + 80 * attempt))
        await shell.write("CONTROL", BIT["CONTROL_RESET"])
        status = await shell.wait_idle()
        done = await shell.read("BATCHES_DONE") - before
        assert status in {0: (STOPPED, STOPPED | DROPPED), 1: (STOPPED,), 2: (0,)}[done], (
            f"STATUS={status:#x}, {done} done"
        )
        for one in jobs[:done]:
            shell.expect_output(one.destination, one.want)
        shell.expect_clean()
        jobs = [job(shell, 0, 2, attempt % 2 > 0, more=False), job(shell, 1, 1, True)]
        await put(shell, *jobs)
        assert await shell.wait_idle() == DONE
        for one in jobs:
            shell.expect_output(one.destination, one.want)


@cocotb.test()
async def border(dut: Any) -> None:
    """What a border between two batches costs: clk of a chain, less those of one batch."""
    shell = Shell(dut, "border")
    await shell.start()
    p = shell.params
    frame = max(shell.shape.in_bytes / 8, p["IN_BEATS"] * p["SLOW"])  # clk, by memory or core
    n, batches = 3 + int(200 / frame), 4  # long enough for the next one to be queued in time

    async def clk(frames: int, times: int) -> int:
        before = await shell.read("CYCLES")
        want = shell.place(frames, False, IN, OUT)
        for _ in range(times):
            await shell.wait_low("QUEUED")
            await shell.request(IN, OUT, frames, False)
        assert await shell.wait_idle() == DONE
        shell.expect_output(OUT, want)
        return await shell.read("CYCLES") - before

    whole = await clk(batches * n, 1)
    alone = await clk(n, 1)
    gap = (await clk(n, batches) - whole) / (batches - 1)
    apart = (alone * batches - whole) / (batches - 1)
    print(f"border: {gap:.1f} clk with the next batch queued, {apart:.1f} clk started after DONE")
    # where memory bounds the rate: its latency; elsewhere less, and never the core's or the writes'
    assert gap <= 14 and gap + 10 <= apart, f"{gap} clk queued, {apart} clk apart"
