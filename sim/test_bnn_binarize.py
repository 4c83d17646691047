# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.bnn_binarize_ref import binarize, threshold_words
from hw.kernels.bnn_mvu_ref import vector
from sim.lib import bench
from sim.lib.compare import to_beats
from sim.lib.suite import Case, Frames

FOLDINGS = [  # one beat, one element per beat, odd widths, few and many words, one for all
    {"N": 4, "PE": 4, "IN_W": 8},
    {"N": 5, "PE": 1, "IN_W": 1},
    {"N": 12, "PE": 3, "IN_W": 5},
    {"N": 98, "PE": 7, "IN_W": 8},
    {"N": 6, "PE": 2, "IN_W": 8, "UNIFORM": 1, "THR": 128, "SENSE": 0},
    {"N": 6, "PE": 2, "IN_W": 4, "UNIFORM": 1, "THR": 16, "SENSE": 1},
    {"N": 98, "PE": 7, "IN_W": 8, "PRIM": 1},
]
BOTH = {"N": 12, "PE": 4, "IN_W": 8}
RUNS = bench.runs(FOLDINGS[:3], FOLDINGS[3:], [BOTH])


def case(p: dict[str, Any], seed: int) -> Case:
    n, pe, in_w = p["N"], p["PE"], p["IN_W"]
    rng = np.random.default_rng(seed)
    thr = rng.integers(0, (1 << in_w) + 1, n)
    thr[0], thr[-1] = 0, 1 << in_w  # always and never reached
    sense = rng.integers(0, 2, n)
    if p.get("UNIFORM", 0):
        thr[:], sense[:] = p["THR"], p["SENSE"]

    def frames(draw: np.random.Generator, count: int) -> Frames:
        x = draw.integers(0, 1 << in_w, (count, n))
        x[0], x[1] = 0, (1 << in_w) - 1
        x[2] = np.minimum(thr, (1 << in_w) - 1)  # just reached
        if count > 3:
            x[3] = np.maximum(thr - 1, 0)  # just not reached
        y = binarize(x, thr, sense)
        return [to_beats(v, pe, in_w) for v in x], [to_beats(v, pe, 1) for v in y]

    words = vector(threshold_words(thr, sense, pe, in_w), pe * (in_w + 2))
    literals = {} if p.get("UNIFORM", 0) else {"THRESHOLDS": words}
    return Case(frames, n // pe, 1, literals=literals)


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_bnn_binarize(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("bnn_binarize", p, "sim.test_bnn_binarize:case", simulator)
