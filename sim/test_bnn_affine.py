# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.bnn_affine_ref import affine, param_words
from hw.kernels.bnn_mvu_ref import vector
from sim.lib import bench
from sim.lib.compare import to_beats
from sim.lib.suite import Case, Frames

FOLDINGS = [  # one beat, one channel per beat, narrow widths, a result narrower than the sum
    {"N": 4, "PE": 4, "IN_W": 7, "COEF_W": 8, "OFFS_W": 16, "OUT_W": 18},
    {"N": 10, "PE": 1, "IN_W": 6, "COEF_W": 12, "OFFS_W": 9, "OUT_W": 21},
    {"N": 3, "PE": 1, "IN_W": 1, "COEF_W": 1, "OFFS_W": 1, "OUT_W": 3},
    {"N": 12, "PE": 3, "IN_W": 4, "COEF_W": 5, "OFFS_W": 8, "OUT_W": 32},
    {"N": 12, "PE": 3, "IN_W": 4, "COEF_W": 5, "OFFS_W": 8, "OUT_W": 32, "PRIM": 1},
]
BOTH = {"N": 10, "PE": 2, "IN_W": 8, "COEF_W": 8, "OFFS_W": 16, "OUT_W": 18}
RUNS = bench.runs(FOLDINGS[:2], FOLDINGS[2:], [BOTH])


def case(p: dict[str, Any], seed: int) -> Case:
    n, pe, in_w, out_w = p["N"], p["PE"], p["IN_W"], p["OUT_W"]
    coef_w, offs_w = p["COEF_W"], p["OFFS_W"]
    rng = np.random.default_rng(seed)
    a = rng.integers(-(1 << (coef_w - 1)), 1 << (coef_w - 1), n)
    b = rng.integers(-(1 << (offs_w - 1)), 1 << (offs_w - 1), n)
    a[0], b[0] = -(1 << (coef_w - 1)), -(1 << (offs_w - 1))  # the most negative pair
    a[-1], b[-1] = (1 << (coef_w - 1)) - 1, (1 << (offs_w - 1)) - 1

    def frames(draw: np.random.Generator, count: int) -> Frames:
        x = draw.integers(0, 1 << in_w, (count, n))
        x[0], x[1] = 0, (1 << in_w) - 1
        y = affine(x, a, b, out_w)
        return [to_beats(v, pe, in_w) for v in x], [to_beats(v, pe, out_w) for v in y]

    words = param_words(a, b, pe, coef_w, offs_w)
    params = {"PARAMS": vector(words, pe * (coef_w + offs_w))}
    return Case(frames, n // pe, 4, literals=params)


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_bnn_affine(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("bnn_affine", p, "sim.test_bnn_affine:case", simulator)
