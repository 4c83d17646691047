# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.axis_dwc_ref import convert
from sim.lib import bench
from sim.lib.compare import to_beats
from sim.lib.suite import Case, Frames

WIDTHS = [  # both ways: two beats to one, an odd ratio, a counter, three stages of picking; equal
    {"IN_LANES": 8, "OUT_LANES": 4, "W": 2},
    {"IN_LANES": 2, "OUT_LANES": 4, "W": 3},
    {"IN_LANES": 9, "OUT_LANES": 3, "W": 1},
    {"IN_LANES": 16, "OUT_LANES": 1, "W": 1},
    {"IN_LANES": 51, "OUT_LANES": 3, "W": 1},
    {"IN_LANES": 1, "OUT_LANES": 3, "W": 4},
    {"IN_LANES": 1, "OUT_LANES": 12, "W": 1},
    {"IN_LANES": 2, "OUT_LANES": 2, "W": 2},
]
BOTH = [{"IN_LANES": 64, "OUT_LANES": 2, "W": 1}, {"IN_LANES": 2, "OUT_LANES": 64, "W": 1}]
RUNS = bench.runs(WIDTHS[:2], WIDTHS[2:], BOTH)


def case(p: dict[str, Any], seed: int) -> Case:
    lanes = max(p["IN_LANES"], p["OUT_LANES"])  # a frame is one wide beat
    ratio = lanes // min(p["IN_LANES"], p["OUT_LANES"])
    wider = p["OUT_LANES"] > p["IN_LANES"]

    def frames(draw: np.random.Generator, count: int) -> Frames:
        x = draw.integers(0, 1 << p["W"], (count, lanes))
        y = [convert(v.reshape(-1, p["IN_LANES"]), p["OUT_LANES"]) for v in x]
        return (
            [to_beats(v, p["IN_LANES"], p["W"]) for v in x],
            [to_beats(v, p["OUT_LANES"], p["W"]) for v in y],
        )

    return Case(frames, ratio, ratio if wider else int(ratio > 1))


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_axis_dwc(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("axis_dwc", p, "sim.test_axis_dwc:case", simulator)
