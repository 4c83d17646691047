# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.bnn_border_ref import class_literal, pixel_classes
from hw.kernels.bnn_levels_ref import count_levels, stage_literal, stage_words, stored
from hw.kernels.bnn_mvu_ref import vector
from sim.lib import bench
from sim.lib.compare import to_beats
from sim.lib.suite import Case, Frames

LAYER = {"N": 12, "PE": 3, "IN_W": 6, "K": 3, "OUT_W": 3}
SIGNED = {**LAYER, "IN_SIGNED": 1, "LO": -4}
MAP = {"ROWS": 4, "COLS": 5, "CLASSES_R": 3, "CLASSES_C": 3}
FOLDINGS = [  # directions, limits, thresholds that nothing reaches, one word, one level, block RAM
    {**LAYER},
    {**SIGNED, **MAP, "TOP": 1, "BEYOND": 1, "OUT_W": 4},
    {**SIGNED, "N": 4, "PE": 4, "TOP": 1, "LO": -5, "OUT_W": 5, "FALLING": 15},
    {**LAYER, "BEYOND": 1, "LO": 3, "OUT_W": 5, "FALLING": 0},
    {"N": 3, "PE": 1, "IN_W": 1, "K": 1, "OUT_W": 1, "BEYOND": 1},
    {"N": 6, "PE": 2, "IN_W": 2, "IN_SIGNED": 1, "K": 1, "TOP": 1, "OUT_W": 2},
    {"N": 6, "PE": 2, "IN_W": 11, "IN_SIGNED": 1, "K": 8, "LO": -128, "OUT_W": 8},
    {**SIGNED, "N": 4, "PE": 2, "ROWS": 3, "COLS": 1, "CLASSES_R": 2},
    {**LAYER, "BLOCK_FROM": 1},
    {**SIGNED, **MAP, "TOP": 1, "OUT_W": 4, "BLOCK_FROM": 0},
    {**SIGNED, **MAP, "TOP": 1, "BEYOND": 1, "OUT_W": 4, "PRIM": 1},
    {**LAYER, "BLOCK_FROM": 2, "PRIM": 2, "IN_W": 7},
]
BOTH = {**SIGNED, "N": 4, "PE": 2, **MAP, "TOP": 1, "OUT_W": 4, "BLOCK_FROM": 2}
RUNS = bench.runs(FOLDINGS[:2], FOLDINGS[2:], [BOTH])


def case(p: dict[str, Any], seed: int) -> Case:
    n, pe, in_w, k, top = p["N"], p["PE"], p["IN_W"], p["K"], p.get("TOP", 0)
    signed, beyond, lo = bool(p.get("IN_SIGNED")), p.get("BEYOND", 0), p.get("LO", 0)
    rows, cols, n_r, n_c = (p.get(key, 1) for key in ("ROWS", "COLS", "CLASSES_R", "CLASSES_C"))
    rng = np.random.default_rng(seed)
    row_class, col_class = (rng.integers(0, m, length) for m, length in ((n_r, rows), (n_c, cols)))
    classes = pixel_classes(row_class, col_class, n_c)
    falling = rng.integers(0, 2, n)  # some of both, unless given
    falling[:2] = 0, 1
    if "FALLING" in p:
        falling = (p["FALLING"] >> np.arange(n)) & 1
    least = -(1 << (in_w - 1)) if signed else 0
    most = least + (1 << in_w) - 1
    spread = rng.integers(1, 1 << in_w, (n_r * n_c, 1, n)) if in_w > 2 else 1 << in_w
    middle = rng.integers(least, most + 1, (n_r * n_c, 1, n))
    offsets = rng.integers(-spread, spread + 1, (n_r * n_c, (1 << k) - 1 + top, n))
    rising = np.sort(middle + offsets, axis=1)
    rising = np.clip(rising, least, most + beyond)
    thr = np.where(falling, most - (rising - least), rising)

    def frames(draw: np.random.Generator, count: int) -> Frames:
        x = draw.integers(least, most + 1, (count, rows, cols, n))
        x[0], x[1] = least, most
        y = count_levels(x, thr, falling, lo, classes)
        return [to_beats(v, pe, in_w) for v in x], [to_beats(v, pe, p["OUT_W"]) for v in y]

    stages = stage_words(stored(thr, falling, in_w, signed), pe, in_w + beyond)
    block_from = p.get("BLOCK_FROM", 8)
    literals = {"FALLING": vector([str(bit) for bit in falling], 1)}
    literals |= {"ROW_CLASS": class_literal(row_class, n_r)} if n_r > 1 else {}
    literals |= {"COL_CLASS": class_literal(col_class, n_c)} if n_c > 1 else {}
    if block_from > 0:
        literals["THRESHOLDS"] = stage_literal(stages[:block_from], pe, in_w + beyond, top)
    files = {f"FILE_{s}": words for s, words in enumerate(stages) if s >= block_from}
    return Case(frames, rows * cols * n // pe, k + 1, files, literals)


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_bnn_levels(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("bnn_levels", p, "sim.test_bnn_levels:case", simulator)
