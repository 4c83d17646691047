# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.bnn_binarize_ref import binarize, threshold_words
from hw.kernels.bnn_border_ref import class_literal, pixel_classes
from hw.kernels.bnn_mvu_ref import vector
from sim.lib import bench
from sim.lib.compare import to_beats
from sim.lib.suite import Case, Frames

MAP = {"ROWS": 4, "COLS": 3, "CLASSES_R": 3, "CLASSES_C": 2}
FOLDINGS = [  # one beat, one element per beat, odd widths, few and many words, one for all
    {"N": 4, "PE": 4, "IN_W": 8},
    {"N": 5, "PE": 1, "IN_W": 1},
    {"N": 12, "PE": 3, "IN_W": 5},
    {"N": 98, "PE": 7, "IN_W": 8},
    {"N": 6, "PE": 2, "IN_W": 8, "UNIFORM": 1, "THR": 128, "SENSE": 0},
    {"N": 6, "PE": 2, "IN_W": 4, "UNIFORM": 1, "THR": 16, "SENSE": 1},
    {"N": 98, "PE": 7, "IN_W": 8, "PRIM": 1},
    {"N": 6, "PE": 2, "IN_W": 4, "IN_SIGNED": 1, "UNIFORM": 1, "THR": -3},
    {"N": 5, "PE": 1, "IN_W": 1, "IN_SIGNED": 1},
    {"N": 4, "PE": 4, "IN_W": 7, **MAP},
    {"N": 6, "PE": 3, "IN_W": 5, "IN_SIGNED": 1, **MAP, "PRIM": 1},
    {"N": 6, "PE": 2, "IN_W": 8, "IN_SIGNED": 1, **MAP},
]
BOTH = {"N": 12, "PE": 4, "IN_W": 8}
RUNS = bench.runs(FOLDINGS[:3], FOLDINGS[3:], [BOTH])


def case(p: dict[str, Any], seed: int) -> Case:
    n, pe, in_w, signed = p["N"], p["PE"], p["IN_W"], bool(p.get("IN_SIGNED", 0))
    rows, cols, n_r, n_c = (p.get(k, 1) for k in ("ROWS", "COLS", "CLASSES_R", "CLASSES_C"))
    rng = np.random.default_rng(seed)
    row_class, col_class = (rng.integers(0, m, size) for m, size in ((n_r, rows), (n_c, cols)))
    classes = pixel_classes(row_class, col_class, n_c)
    least = -(1 << (in_w - 1)) if signed else 0
    most = least + (1 << in_w) - 1
    thr = rng.integers(least, most + 2, (n_r * n_c, n))
    thr[:, 0], thr[:, -1] = least, most + 1  # always and never reached
    sense = rng.integers(0, 2, thr.shape)
    if p.get("UNIFORM", 0):
        thr[:], sense[:] = p["THR"], p.get("SENSE", 0)

    def frames(draw: np.random.Generator, count: int) -> Frames:
        x = draw.integers(least, most + 1, (count, rows, cols, n))
        x[0], x[1] = least, most
        x[2] = np.minimum(thr[classes], most)  # just reached
        if count > 3:
            x[3] = np.maximum(thr[classes] - 1, least)  # just not reached
        y = binarize(x, thr, sense, classes)
        return [to_beats(v, pe, in_w) for v in x], [to_beats(v, pe, 1) for v in y]

    literals = {"ROW_CLASS": class_literal(row_class, n_r)} if n_r > 1 else {}
    literals |= {"COL_CLASS": class_literal(col_class, n_c)} if n_c > 1 else {}
    if not p.get("UNIFORM", 0):
        words = threshold_words(thr, sense, pe, in_w, signed)
        literals["THRESHOLDS"] = vector(words, pe * (in_w + 2))
    return Case(frames, rows * cols * n // pe, 1, literals=literals)


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_bnn_binarize(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("bnn_binarize", p, "sim.test_bnn_binarize:case", simulator)
