# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.bnn_argmax_ref import argmax
from sim.lib import bench
from sim.lib.compare import to_beats
from sim.lib.suite import Case, Frames

FOLDINGS = [  # one beat, one score per beat, a single class, an odd number per beat, unsigned
    {"N": 10, "PE": 10, "IN_W": 6, "SIGNED": 1},
    {"N": 10, "PE": 1, "IN_W": 16, "SIGNED": 1},
    {"N": 1, "PE": 1, "IN_W": 4, "SIGNED": 1},
    {"N": 9, "PE": 3, "IN_W": 2, "SIGNED": 1},
    {"N": 6, "PE": 3, "IN_W": 1, "SIGNED": 0},
    {"N": 100, "PE": 5, "IN_W": 7, "SIGNED": 0},
]
BOTH = {"N": 10, "PE": 2, "IN_W": 8, "SIGNED": 1}
RUNS = bench.runs(FOLDINGS[:2], FOLDINGS[2:], [BOTH])


def case(p: dict[str, Any], seed: int) -> Case:
    n, pe, in_w, signed = p["N"], p["PE"], p["IN_W"], p["SIGNED"]
    low = -(1 << (in_w - 1)) if signed else 0
    high = low + (1 << in_w) - 1

    def frames(draw: np.random.Generator, count: int) -> Frames:
        x = draw.integers(low, high + 1, (count, n))
        x[0], x[1] = low, high  # all equal: label 0
        x[2] = np.where(draw.random(n) < 0.4, high, low)  # several equal maxima
        if count > 3:
            x[3], x[3, -1] = low, low + 1  # the last one
        x[4:8] = np.sort(x[4:8], axis=1)  # each better than the one before
        return [to_beats(v, pe, in_w) for v in x], [[int(label)] for label in argmax(x)]

    fold, rounds = n // pe, (pe - 1).bit_length()
    return Case(frames, fold, fold + 1 + rounds)


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_bnn_argmax(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("bnn_argmax", p, "sim.test_bnn_argmax:case", simulator)
