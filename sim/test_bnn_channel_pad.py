# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.bnn_channel_pad_ref import channel_pad
from sim.lib import bench
from sim.lib.compare import to_beats
from sim.lib.suite import Case, Frames

PIXELS = 3  # of what the suite calls a frame
FOLDINGS = [  # both sides, one side, none, one beat of each, a value that is not 0
    {"C": 6, "PE": 2, "IN_W": 4, "BEFORE": 2, "AFTER": 4},
    {"C": 4, "PE": 4, "IN_W": 3, "BEFORE": 4, "AFTER": 4},
    {"C": 4, "PE": 1, "IN_W": 5, "BEFORE": 0, "AFTER": 3, "VALUE": 9},
    {"C": 4, "PE": 2, "IN_W": 1, "BEFORE": 6, "AFTER": 0, "VALUE": 1},
    {"C": 3, "PE": 3, "IN_W": 2, "BEFORE": 0, "AFTER": 0},
    {"C": 4, "PE": 4, "IN_W": 2, "BEFORE": 0, "AFTER": 4, "VALUE": -1},
]
BOTH = {"C": 8, "PE": 2, "IN_W": 4, "BEFORE": 4, "AFTER": 4}
RUNS = bench.runs(FOLDINGS[:2], FOLDINGS[2:], [BOTH])


def case(p: dict[str, Any], seed: int) -> Case:
    c, pe, in_w, before, after = (p[k] for k in ("C", "PE", "IN_W", "BEFORE", "AFTER"))

    def frames(draw: np.random.Generator, count: int) -> Frames:
        x = draw.integers(0, 1 << in_w, (count, PIXELS, c))
        y = channel_pad(x, before, after, p.get("VALUE", 0))
        return [to_beats(v, pe, in_w) for v in x], [to_beats(v, pe, in_w) for v in y]

    return Case(frames, PIXELS * (before + c + after) // pe, 2)


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_bnn_channel_pad(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("bnn_channel_pad", p, "sim.test_bnn_channel_pad:case", simulator)
