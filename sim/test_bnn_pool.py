# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.bnn_pool_ref import mask_literal, merge_clk, pool
from sim.lib import bench
from sim.lib.compare import to_beats
from sim.lib.suite import Case, Frames

BITS = {"ROWS": 4, "COLS": 6, "C": 6, "PE": 2, "KR": 2, "KC": 2, "IN_W": 1, "OUT_W": 1}
MAXIMUM = {**BITS, "IN_W": 5, "OUT_W": 5, "IN_SIGNED": 1}
SUM = {**BITS, "MODE": 1, "IN_W": 3, "OUT_W": 5}
ALL = {"ROWS": 3, "COLS": 4, "KR": 3, "KC": 4}  # global
REST = {"ROWS": 8, "COLS": 11, "KR": 3, "KC": 4}
FOLDINGS = [
    BITS,
    {**MAXIMUM, **REST},
    {**BITS, "PE": 6, **REST},
    {**BITS, "PE": 1, **ALL},
    {**BITS, "PE": 6, **ALL},
    {**BITS, "KR": 1, "KC": 3},
    {**BITS, "KR": 4, "KC": 1},
    {**BITS, "C": 2, "KR": 1, "KC": 1},
    {**MAXIMUM, "IN_SIGNED": 0},
    {**MAXIMUM, "PE": 6, "KR": 1, "COLS": 7},
    {**MAXIMUM, "PRIM": 1},
    {**SUM, **REST, "OUT_W": 8},
    {**SUM, "PE": 6, **ALL, "IN_SIGNED": 1, "OUT_W": 7},
    {**MAXIMUM, **REST, "MEM_BLOCK": 1},
    {**SUM, "C": 4, "KR": 1, "MEM_BLOCK": 1, "OUT_W": 7},
]
SIDE = {"ROWS": 4, "COLS": 8, "C": 3, "PE": 3, "KR": 2}
WIDE = [  # several pixels per beat: all of a window's, more, less, all windows of one column
    {**MAXIMUM, **SIDE, "KC": 2, "M": 2},
    {**SUM, **SIDE, "KC": 2, "M": 8},
    {**BITS, **SIDE, "KC": 2, "M": 4},
    {**BITS, **SIDE, "KC": 4, "M": 2},
    {**BITS, **SIDE, "ROWS": 5, "KC": 8, "M": 8},
    {**BITS, **SIDE, "KR": 1, "KC": 4, "M": 8, "C": 1, "PE": 1},
    {**BITS, **SIDE, "KR": 3, "KC": 1, "M": 4},
    {**MAXIMUM, **SIDE, "KC": 4, "M": 8, "PRIM": 1},
    {**MAXIMUM, **SIDE, "KC": 8, "M": 2, "IN_SIGNED": 0},
    {**MAXIMUM, **SIDE, "KC": 8, "M": 4, "KR": 1},
    {**MAXIMUM, **SIDE, "COLS": 12, "KC": 3, "M": 6},
    {**MAXIMUM, **SIDE, "KC": 1, "M": 2, "KR": 1},
    {**SUM, **SIDE, "KC": 4, "M": 2, "OUT_W": 6},
    {**SUM, **SIDE, "KC": 4, "M": 4, "KR": 4, "OUT_W": 7, "PRIM": 1},
    {**SUM, **SIDE, "KC": 8, "M": 8, "IN_SIGNED": 1, "OUT_W": 7},
    {**SUM, **SIDE, "KC": 1, "M": 4, "OUT_W": 4},
    {**SUM, **SIDE, "COLS": 6, "KC": 6, "M": 3, "IN_W": 1, "OUT_W": 4},
]
BOTH = [
    {**BITS, "ROWS": 5, "COLS": 9},
    {**SUM, **SIDE, "KC": 4, "M": 8, "IN_SIGNED": 1, "OUT_W": 6},
]
RUNS = bench.runs([*FOLDINGS[:2], *WIDE[:2]], [*FOLDINGS[2:], *WIDE[2:]], BOTH)


def case(p: dict[str, Any], seed: int) -> Case:
    rows, cols, c, pe, kr, kc = (p[k] for k in ("ROWS", "COLS", "C", "PE", "KR", "KC"))
    in_w, out_w, mode, m = p["IN_W"], p["OUT_W"], p.get("MODE", 0), p.get("M", 1)
    mask = np.random.default_rng(seed).integers(0, 2, c) * (in_w == 1 and not mode)
    least = -(1 << (in_w - 1)) if p.get("IN_SIGNED", 0) else 0

    def frames(draw: np.random.Generator, count: int) -> Frames:
        x = draw.integers(least, least + (1 << in_w), (count, rows, cols, c))
        x[0], x[1] = least, least + (1 << in_w) - 1
        y = pool(x, (kr, kc), mode, mask)
        given = [to_beats(v, m * pe, in_w) for v in x]
        return given, [to_beats(v, pe * max(1, m // kc), out_w) for v in y]

    fold = c // pe
    latency = ((kr - 1) * cols + kc - 1) // m * fold + 1 + p.get("MEM_BLOCK", 0)
    latency += merge_clk(m, kc, in_w, mode)
    literals = {"AND_MASK": mask_literal(mask)} if mask.any() else {}
    return Case(frames, rows * cols // m * fold, latency, literals=literals)


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_bnn_pool(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("bnn_pool", p, "sim.test_bnn_pool:case", simulator)
