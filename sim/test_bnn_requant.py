# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.bnn_border_ref import class_literal, pixel_classes
from hw.kernels.bnn_mvu_ref import vector
from hw.kernels.bnn_requant_ref import param_words, requant
from sim.lib import bench
from sim.lib.compare import to_beats
from sim.lib.suite import Case, Frames

LAYER = {"N": 12, "PE": 3, "IN_W": 6, "COEF_W": 7, "OFFS_W": 12, "SHIFT": 6, "OUT_W": 4, "HI": 15}
SIGNED = {**LAYER, "IN_SIGNED": 1, "LO": -8, "HI": 7}
ONE = {"N": 6, "PE": 2, "IN_W": 6, "UNIFORM": 1, "OUT_W": 4, "HI": 15}
NARROW = {"IN_W": 2, "COEF_W": 2, "OFFS_W": 2, "SHIFT": 9, "OUT_W": 2, "LO": -1, "HI": 0}
MAP = {"ROWS": 4, "COLS": 5, "CLASSES_R": 3, "CLASSES_C": 3}
#: no limits: what waits is x, if it is narrower than y
SCORES = {"N": 10, "PE": 1, "IN_W": 6, "COEF_W": 12, "OFFS_W": 9, "OUT_W": 21, "CLAMP": 0}
FOLDINGS = [  # signed and not, odd limits, all bits shifted out, wide output, one for all
    LAYER,
    {**SIGNED, **MAP},
    {**SIGNED, "N": 4, "PE": 4, "SHIFT": 0, "LO": -7, "HI": 5},
    {"N": 3, "PE": 1, **NARROW},
    {**LAYER, "OUT_W": 14, "SHIFT": 1, "HI": 9999},
    {**ONE, "LO": 3, "HI": 12},
    {**ONE, "IN_SIGNED": 1, "LO": -5, "HI": 6, "B0": 3},
    {**ONE, "IN_SIGNED": 1, "A0": -4, "B0": -9, "SHIFT": 3, "LO": -8, "HI": 7},
    {**ONE, "A0": 5, "B0": 40, "SHIFT": 4, "HI": 15},
    {**LAYER, "N": 4, "PE": 4, "ROWS": 3, "COLS": 1, "CLASSES_R": 2, "CLASSES_C": 1},
    {**LAYER, "N": 4, "PE": 2, "ROWS": 1, "COLS": 3, "CLASSES_R": 1, "CLASSES_C": 2},
    {**LAYER, "N": 4, "PE": 4, **MAP},
    {**LAYER, **MAP, "ROM_BLOCK": 1},
    {**SIGNED, **MAP, "PRIM": 1},
    SCORES,
    {**SCORES, "N": 4, "PE": 4, "IN_W": 7, "OFFS_W": 16, "PRIM": 1},
    {**SCORES, "IN_W": 1, "COEF_W": 1, "OFFS_W": 1, "OUT_W": 40},
    {**SCORES, "IN_W": 9, "COEF_W": 2, "OFFS_W": 10, "SHIFT": 5, "OUT_W": 7},
]
BOTH = {**SIGNED, "N": 4, "PE": 2, **MAP}
RUNS = bench.runs(FOLDINGS[:2], FOLDINGS[2:], [BOTH])


def case(p: dict[str, Any], seed: int) -> Case:
    n, pe, in_w, out_w = (p[k] for k in ("N", "PE", "IN_W", "OUT_W"))
    lo, hi = p.get("LO", 0), p.get("HI", 0)
    if not p.get("CLAMP", 1):
        lo, hi = -(1 << (out_w - 1)), (1 << (out_w - 1)) - 1
    coef_w, offs_w, shift = p.get("COEF_W", 8), p.get("OFFS_W", 16), p.get("SHIFT", 0)
    rows, cols, n_r, n_c = (p.get(k, 1) for k in ("ROWS", "COLS", "CLASSES_R", "CLASSES_C"))
    rng = np.random.default_rng(seed)
    row_class, col_class = (rng.integers(0, m, length) for m, length in ((n_r, rows), (n_c, cols)))
    classes = pixel_classes(row_class, col_class, n_c)
    a = rng.integers(-(1 << (coef_w - 1)), 1 << (coef_w - 1), n)
    least = -(1 << (in_w - 1)) if p.get("IN_SIGNED", 0) else 0
    middle = rng.integers(lo << shift, (hi + 1) << shift, (n_r * n_c, n))
    b = middle - a * rng.integers(least, least + (1 << in_w), (n_r * n_c, n))  # between the limits
    b = np.clip(b, -(1 << (offs_w - 1)), (1 << (offs_w - 1)) - 1)
    a[0], b[:, 0] = -(1 << (coef_w - 1)), -(1 << (offs_w - 1))  # the most negative pair
    a[-1], b[:, -1] = (1 << (coef_w - 1)) - 1, (1 << (offs_w - 1)) - 1
    if p.get("UNIFORM", 0):
        a[:], b[:] = p.get("A0", 1), p.get("B0", 0)

    def frames(draw: np.random.Generator, count: int) -> Frames:
        x = draw.integers(least, least + (1 << in_w), (count, rows, cols, n))
        x[0], x[1] = least, least + (1 << in_w) - 1
        y = requant(x, a, b, shift, lo, hi, classes)
        return [to_beats(v, pe, in_w) for v in x], [to_beats(v, pe, out_w) for v in y]

    words = param_words(a, b, pe, coef_w, offs_w)
    literals = {"ROW_CLASS": class_literal(row_class, n_r)} if n_r > 1 else {}
    literals |= {"COL_CLASS": class_literal(col_class, n_c)} if n_c > 1 else {}
    files = {"PARAMS_FILE": words} if p.get("ROM_BLOCK", 0) else {}
    if not files and not p.get("UNIFORM", 0):
        literals["PARAMS"] = vector(words, pe * (coef_w + offs_w))
    shifted = p.get("UNIFORM", 0) and abs(p.get("A0", 1)).bit_count() < 2
    return Case(frames, rows * cols * n // pe, 1 if shifted else 4, files, literals)


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_bnn_requant(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("bnn_requant", p, "sim.test_bnn_requant:case", simulator)
