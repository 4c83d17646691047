# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.bnn_add_ref import add
from sim.lib import bench
from sim.lib.compare import to_beats
from sim.lib.suite import Case, Frames

BEATS = 5  # of what the suite calls a frame
FOLDINGS = [  # limits that bind and that do not, signs, widths that differ, bits
    {"PE": 3, "IN0_W": 4, "IN1_W": 4, "OUT_W": 4, "LO": 0, "HI": 15},
    {"PE": 2, "IN0_W": 4, "IN1_W": 6, "IN1_SIGNED": 1, "OUT_W": 5, "LO": -11, "HI": 13},
    {"PE": 1, "IN0_W": 1, "IN1_W": 1, "OUT_W": 2, "LO": 0, "HI": 2},
    {"PE": 2, "IN0_W": 7, "IN0_SIGNED": 1, "IN1_W": 3, "IN1_SIGNED": 1, "OUT_W": 9, "LO": -256},
    {"PE": 3, "IN0_W": 4, "IN0_SIGNED": 1, "IN1_W": 4, "OUT_W": 4, "LO": 2, "HI": 9, "PRIM": 1},
]
BOTH = {"PE": 2, "IN0_W": 4, "IN0_SIGNED": 1, "IN1_W": 4, "IN1_SIGNED": 1, "OUT_W": 4, "LO": -8}
RUNS = bench.runs(FOLDINGS[:2], [{"HI": 7, **p} for p in FOLDINGS[2:]], [{"HI": 7, **BOTH}])


def case(p: dict[str, Any], seed: int) -> Case:
    pe, limits = p["PE"], (p["LO"], p["HI"])
    widths = [p["IN0_W"], p["IN1_W"]]
    least = [-(1 << (w - 1)) * p.get(f"IN{i}_SIGNED", 0) for i, w in enumerate(widths)]

    def frames(draw: np.random.Generator, count: int) -> Frames:
        shape = (count, BEATS, pe)
        a, b = (draw.integers(v, v + (1 << w), shape) for v, w in zip(least, widths, strict=True))
        a[0], b[0] = least
        a[1], b[1] = (v + (1 << w) - 1 for v, w in zip(least, widths, strict=True))
        sides = zip((a, b, add(a, b, *limits)), (*widths, p["OUT_W"]), strict=True)
        return tuple([to_beats(v, pe, w) for v in side] for side, w in sides)

    return Case(frames, BEATS, 2, inputs=("s0_axis", "s1_axis"))


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_bnn_add(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("bnn_add", p, "sim.test_bnn_add:case", simulator)
