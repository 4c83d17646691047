# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.bnn_affine_ref import affine, latency_clk, param_words
from hw.kernels.bnn_border_ref import class_literal, pixel_classes
from hw.kernels.bnn_mvu_ref import vector
from sim.lib import bench
from sim.lib.compare import to_beats
from sim.lib.suite import Case, Frames

#: AdaBin in front of a sign: match counts, their share of ones, bits out
BITS = {"N": 12, "PE": 3, "IN_W": 6, "Q_W": 6, "SHARE_W": 6, "OFFS_W": 14, "UNIT": 1}
BITS |= {"SHIFT": 3, "OUT_W": 1, "LO": 0, "HI": 1}
LAYER = {"N": 12, "PE": 3, "IN_W": 6, "Q_W": 5, "COEF_W": 5, "SHARE_W": 6, "OFFS_W": 12}
LAYER |= {"SHIFT": 6, "OUT_W": 4, "LO": 0, "HI": 15}
SIGNED = {"IN_SIGNED": 1, "Q_SIGNED": 1, "LO": -8, "HI": 7}
MAP = {"ROWS": 4, "COLS": 5, "CLASSES_R": 3, "CLASSES_C": 3}
LUTS = {"DSP": 0}
SCORES = {"N": 10, "PE": 1, "IN_W": 6, "Q_W": 7, "COEF_W": 7, "SHARE_W": 5, "OFFS_W": 9}
SCORES |= {"CLAMP": 0, "OUT_W": 15}
FOLDINGS = [  # DSP48 or not; one to twelve folds, memories; signs, classes, limits, widths
    {**BITS, **LUTS, "PRIM": 1},
    {**LAYER, **SIGNED, **MAP},
    {**BITS, "Q_W": 9, "PE": 12, **LUTS},
    {**BITS, "PE": 1, "Q_W": 8, "UNIT_SHIFT": 2, "SHIFT": 0, "PRIM": 1},
    {**BITS, "N": 8, "PE": 4, **LUTS, "Q_SIGNED": 1, "Q_W": 9, "OUT_W": 5, "LO": -9, "HI": 13},
    {**BITS, "N": 2, "PE": 2, **MAP, "UNIT_SHIFT": 1},
    {**LAYER, **SIGNED, **LUTS, "PE": 6, "PRIM": 1},
    {**LAYER, **SIGNED, **LUTS, "ROM_BLOCK": 1, "SHIFT": 0, "LO": -7, "HI": 5},
    {**BITS, **MAP, "ROM_BLOCK": 1, "PRIM": 1},
    SCORES,
    {**SCORES, **LUTS, "UNIT": 1, "Q_SIGNED": 1, "SHARE_W": 6, "IN_SIGNED": 1},
    {**BITS, "IN_W": 1, "Q_W": 1, "SHARE_W": 1, "OFFS_W": 1, "SHIFT": 20, **LUTS},
]
BOTH = {**BITS, **LUTS, **MAP, "N": 8, "PE": 4, "IN_SIGNED": 1, "PRIM": 1}
RUNS = bench.runs(FOLDINGS[:2], FOLDINGS[2:], [BOTH])


def case(p: dict[str, Any], seed: int) -> Case:
    n, pe, in_w, q_w, out_w, shift = (
        p.get(k, 0) for k in ("N", "PE", "IN_W", "Q_W", "OUT_W", "SHIFT")
    )
    share_w, offs_w, coef_w = p["SHARE_W"], p["OFFS_W"], p.get("COEF_W", 1)
    lo, hi = p.get("LO", 0), p.get("HI", 0)
    if not p.get("CLAMP", 1):
        lo, hi = -(1 << (out_w - 1)), (1 << (out_w - 1)) - 1
    rows, cols, n_r, n_c = (p.get(k, 1) for k in ("ROWS", "COLS", "CLASSES_R", "CLASSES_C"))
    rng = np.random.default_rng(seed)
    row_class, col_class = (rng.integers(0, m, length) for m, length in ((n_r, rows), (n_c, cols)))
    classes = pixel_classes(row_class, col_class, n_c)
    unit = p.get("UNIT_SHIFT", 0) if p.get("UNIT", 0) else None
    a = rng.integers(-(1 << (coef_w - 1)), 1 << (coef_w - 1), n)
    if unit is not None:
        a = rng.choice([-(1 << unit), 1 << unit], n)
    b = rng.integers(-(1 << (share_w - 1)), 1 << (share_w - 1), n)
    x_least = -(1 << (in_w - 1)) if p.get("IN_SIGNED", 0) else 0
    q_least = -(1 << (q_w - 1)) if p.get("Q_SIGNED", 0) else 0
    shape = (n_r * n_c, n)
    c = rng.integers(lo << shift, (hi + 1) << shift, shape)  # results between the limits
    c -= a * rng.integers(x_least, x_least + (1 << in_w), shape)
    c -= b * rng.integers(q_least, q_least + (1 << q_w), shape)
    c = np.clip(c, -(1 << (offs_w - 1)), (1 << (offs_w - 1)) - 1)
    b[0], c[:, 0] = -(1 << (share_w - 1)), -(1 << (offs_w - 1))  # the most negative
    b[-1], c[:, -1] = (1 << (share_w - 1)) - 1, (1 << (offs_w - 1)) - 1
    if unit is None:
        a[0], a[-1] = -(1 << (coef_w - 1)), (1 << (coef_w - 1)) - 1

    def frames(draw: np.random.Generator, count: int) -> Frames:
        x = draw.integers(x_least, x_least + (1 << in_w), (count, rows, cols, n))
        q = draw.integers(q_least, q_least + (1 << q_w), (count, rows, cols))
        x[0], x[1] = x_least, x_least + (1 << in_w) - 1
        q[0], q[1] = q_least, q_least + (1 << q_w) - 1
        x[2], q[2] = x_least, q[1]
        y = affine(x, q, a, b, c, shift, lo, hi, classes)
        return (
            [to_beats(v, pe, in_w) for v in x],
            [to_beats(v, 1, q_w) for v in q],
            [to_beats(v, pe, out_w) for v in y],
        )

    words = param_words(a, b, c, pe, coef_w, share_w, offs_w, unit)
    literals = {"ROW_CLASS": class_literal(row_class, n_r)} if n_r > 1 else {}
    literals |= {"COL_CLASS": class_literal(col_class, n_c)} if n_c > 1 else {}
    files = {"PARAMS_FILE": words} if p.get("ROM_BLOCK", 0) else {}
    if not files:
        literals["PARAMS"] = vector(
            words, pe * ((1 if unit is not None else coef_w) + share_w + offs_w)
        )
    # q is first taken a clk before its first x, which is the later one of the two
    inputs = ("s0_axis", "s1_axis")
    return Case(frames, rows * cols * n // pe, latency_clk(p), files, literals, inputs=inputs)


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_bnn_affine(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("bnn_affine", p, "sim.test_bnn_affine:case", simulator)
