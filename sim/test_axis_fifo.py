# SPDX-License-Identifier: Apache-2.0
import json
import os
import random
from typing import Any

import cocotb
import numpy as np
import pytest
from cocotb.triggers import ClockCycles, RisingEdge

from hw.kernels.axis_fifo_ref import fifo
from sim.lib import axis, bench
from sim.lib.suite import Case, Frames
from sim.system import run

DEPTHS = [  # registers; more words than are held, as many; one block, several; block RAM
    {"W": 5, "DEPTH": 2},
    {"W": 3, "DEPTH": 3},
    {"W": 4, "DEPTH": 150},
    {"W": 1, "DEPTH": 4},
    {"W": 9, "DEPTH": 8},
    {"W": 6, "DEPTH": 33},
    {"W": 2, "DEPTH": 100},
    {"W": 3, "DEPTH": 321},
    {"W": 4, "DEPTH": 16, "RAM_BLOCK": 1},
    {"W": 37, "DEPTH": 1100, "RAM_BLOCK": 1},
    {"W": 5, "DEPTH": 2, "PRIM": 1},
]
BOTH = {"W": 13, "DEPTH": 5}
RUNS = bench.runs(DEPTHS[:3], DEPTHS[3:], [BOTH])


def case(p: dict[str, Any], seed: int) -> Case:
    size = p["DEPTH"] + 3  # beats of a frame: stalls fill the FIFO

    def frames(draw: np.random.Generator, count: int) -> Frames:
        given = [[draw.integers(2, size=p["W"]) for _ in range(size)] for _ in range(count)]
        beats = [[sum(int(b) << i for i, b in enumerate(bits)) for bits in row] for row in given]
        return beats, [fifo(row) for row in beats]

    return Case(frames, size, 1 if p["DEPTH"] == 2 else 2)


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_axis_fifo(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("axis_fifo", p, "sim.test_axis_fifo:case", simulator)


@cocotb.test()
async def takes_depth_beats(dut: Any) -> None:
    """While the output stalls, DEPTH beats go in and not one more, again and again."""
    p, rng = json.loads(os.environ["BENCH_PARAMS"]), random.Random(int(os.environ["SEED"]))
    streams = axis.Streams(dut, 0.0, 1.0, rng)
    await streams.start()
    source, sink = streams.sources[0], streams.sinks[0]
    beats = [rng.getrandbits(p["W"]) for _ in range(6 * p["DEPTH"])]  # more than it will take
    source.send(beats)
    for some in (rng.randint(1, p["DEPTH"]) for _ in range(3)):
        sink.stall = 1.0
        await ClockCycles(dut.clk, p["DEPTH"] + 8)
        assert len(source.times) - len(sink.beats) == p["DEPTH"]
        sink.stall, some = rng.random() / 2, len(sink.beats) + some
        while len(sink.beats) < some:
            await RisingEdge(dut.clk)
    assert sink.beats == beats[: len(sink.beats)]


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_it_holds_exactly_depth(p: dict[str, Any], simulator: str) -> None:
    rtl = bench.sources("axis_fifo")
    run.simulate(p, simulator, "sim.test_axis_fifo", top="axis_fifo", sources=rtl)
