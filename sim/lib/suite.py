# SPDX-License-Identifier: Apache-2.0
"""The tests every kernel passes, run by cocotb inside the simulator.

bench.simulate() names the `case` function of a test file; it turns the parameters of this build
into memory files, stimuli and expected outputs. The tests are the same for all kernels.
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import RisingEdge

from sim.lib import axis
from sim.lib.compare import expect_equal

#: beats of each frame, for every input and then for every output
Frames = tuple[list[list[int]], ...]


@dataclass(frozen=True)
class Case:
    """What the suite must know about one folding of a kernel.

    Attributes:
        frames: draws n frames; returns the beats of each: of every input, then of every output.
        interval_clk: clk per frame without gaps and stalls, exact.
        latency_clk: clk from the first input beat to the first output beat of an idle unit, exact;
            None where nothing is promised. With several inputs the last of them counts.
        files: memory file lines per parameter name.
        literals: SystemVerilog literals per parameter name.
        outputs: prefixes of the output ports.
        inputs: prefixes of the input ports.
        clock: name of the clock.
        reset: name of the reset; active low when it ends in _n.
    """

    frames: Callable[[np.random.Generator, int], Frames]
    interval_clk: int
    latency_clk: int | None
    files: dict[str, list[str]] = field(default_factory=dict)
    literals: dict[str, str] = field(default_factory=dict)
    outputs: tuple[str, ...] = ("m_axis",)
    clock: str = "clk"
    reset: str = "rst"
    inputs: tuple[str, ...] = ("s_axis",)


def load_case(name: str, params: dict[str, Any], seed: int) -> Case:
    """Call the case function `module:function` with the parameters and the seed of this run."""
    module, function = name.split(":")
    case = getattr(importlib.import_module(module), function)(params, seed)
    assert isinstance(case, Case)
    return case


def _setup(name: str) -> tuple[Case, random.Random, np.random.Generator]:
    seed = int(os.environ["SEED"])
    case = load_case(os.environ["BENCH_CASE"], json.loads(os.environ["BENCH_PARAMS"]), seed)
    rng = random.Random(f"{seed}/{name}")
    return case, rng, np.random.default_rng(rng.getrandbits(32))


def _n_frames(case: Case) -> int:
    return min(24, max(4, 1500 // case.interval_clk))


def _limit(case: Case, n_frames: int) -> int:
    return 60 * (case.interval_clk * (n_frames + 4) + (case.latency_clk or 100) + 20)


async def _start(
    dut: Any, case: Case, rng: random.Random, gap: float, stall: float
) -> axis.Streams:
    streams = axis.Streams(dut, gap, stall, rng, case.outputs, case.clock, case.reset, case.inputs)
    await streams.start()
    return streams


def _send(streams: axis.Streams, frames: Frames) -> None:
    for source, side in zip(streams.sources, frames, strict=False):
        source.send(beat for frame in side for beat in frame)


async def _frames_pass(streams: axis.Streams, case: Case, frames: Frames, where: str) -> None:
    n_inputs = len(streams.sources)
    wanted = [[beat for frame in side for beat in frame] for side in frames[n_inputs:]]
    _send(streams, frames)
    await streams.receive([len(want) for want in wanted], _limit(case, len(frames[0])))
    for sink, want in zip(streams.sinks, wanted, strict=True):
        expect_equal(sink.beats, want, f"{where}, {sink.prefix}")


@cocotb.test()
@cocotb.parametrize(gap=[0.0, 0.5], stall=[0.0, 0.5])
async def equals_reference(dut: Any, gap: float, stall: float) -> None:
    """Every output beat equals the reference, whenever valid and ready toggle."""
    case, rng, draw = _setup(f"equals_reference {gap} {stall}")
    streams = await _start(dut, case, rng, gap, stall)
    frames = case.frames(draw, _n_frames(case))
    await _frames_pass(streams, case, frames, f"gap={gap} stall={stall}")


@cocotb.test()
async def outputs_stall_one_by_one(dut: Any) -> None:
    """With several outputs, one that is hardly ever ready spoils nothing on the others."""
    case, rng, draw = _setup("outputs_stall_one_by_one")
    streams = await _start(dut, case, rng, 0.2, 0.0)
    for slow in streams.sinks if len(streams.sinks) > 1 else []:
        for sink in streams.sinks:
            sink.stall = 0.8 if sink is slow else 0.0
        await streams.reset()
        frames = case.frames(draw, max(3, _n_frames(case) // 3))
        await _frames_pass(streams, case, frames, f"{slow.prefix} stalls")


@cocotb.test()
async def inputs_pause_one_by_one(dut: Any) -> None:
    """With several inputs, one that hardly ever has a beat spoils nothing on the others."""
    case, rng, draw = _setup("inputs_pause_one_by_one")
    streams = await _start(dut, case, rng, 0.0, 0.2)
    for slow in streams.sources if len(streams.sources) > 1 else []:
        for source in streams.sources:
            source.gap = 0.8 if source is slow else 0.0
        await streams.reset()
        frames = case.frames(draw, max(3, _n_frames(case) // 3))
        await _frames_pass(streams, case, frames, f"{slow.prefix} pauses")


@cocotb.test()
async def reset_drops_frames(dut: Any) -> None:
    """A reset in the middle of a frame leaves nothing behind."""
    case, rng, draw = _setup("reset_drops_frames")
    streams = await _start(dut, case, rng, 0.2, 0.2)
    for attempt in range(5):
        _send(streams, case.frames(draw, 4))
        for _ in range(rng.randint(2, 2 * case.interval_clk + 8)):
            await RisingEdge(streams.clk)
        await streams.reset()
        await _frames_pass(streams, case, case.frames(draw, 3), f"after reset {attempt}")
        await streams.reset()


@cocotb.test()
async def interval_is_exact(dut: Any) -> None:
    """Frames follow each other at exactly the predicted distance, the first one included."""
    case, rng, draw = _setup("interval_is_exact")
    streams = await _start(dut, case, rng, 0.0, 0.0)
    frames = case.frames(draw, max(6, _n_frames(case) // 2))
    await _frames_pass(streams, case, frames, "no gaps, no stalls")
    taken = max(source.times[0] for source in streams.sources)
    for sink, side in zip(streams.sinks, frames[len(streams.sources) :], strict=True):
        per_frame = len(side[0])
        latency = sink.times[0] - taken
        want = case.latency_clk
        assert want in (None, latency), f"latency {latency} clk, predicted {want}"
        for part in range(per_frame):
            times = sink.times[part::per_frame]
            intervals = {b - a for a, b in itertools.pairwise(times)}
            assert intervals == {case.interval_clk}, (
                f"{sink.prefix}, beat {part}: intervals {sorted(intervals)} clk,"
                f" predicted {case.interval_clk}"
            )
