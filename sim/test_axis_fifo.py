# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.axis_fifo_ref import capacity, fifo
from sim.lib import bench
from sim.lib.suite import Case, Frames

DEPTHS = [  # two registers, the smallest memories, one larger than that, block RAM
    {"W": 5, "DEPTH": 2},
    {"W": 3, "DEPTH": 3},
    {"W": 1, "DEPTH": 4},
    {"W": 9, "DEPTH": 8},
    {"W": 2, "DEPTH": 100},
    {"W": 4, "DEPTH": 16, "RAM_BLOCK": 1},
    {"W": 5, "DEPTH": 2, "PRIM": 1},
]
BOTH = {"W": 13, "DEPTH": 5}
RUNS = bench.runs(DEPTHS[:2], DEPTHS[2:], [BOTH])


def case(p: dict[str, Any], seed: int) -> Case:
    size = capacity(p["DEPTH"]) + 3  # beats of a frame: stalls fill the FIFO

    def frames(draw: np.random.Generator, count: int) -> Frames:
        given = [[int(v) for v in row] for row in draw.integers(0, 1 << p["W"], (count, size))]
        return given, [fifo(beats) for beats in given]

    return Case(frames, size, 1 if p["DEPTH"] == 2 else 2)


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_axis_fifo(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("axis_fifo", p, "sim.test_axis_fifo:case", simulator)
