# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.bnn_window_wide_ref import interval, lag, wide
from sim.lib import bench
from sim.lib.compare import to_beats
from sim.lib.suite import Case, Frames


def case(p: dict[str, Any], seed: int) -> Case:
    def frames(draw: np.random.Generator, count: int) -> Frames:
        x = draw.integers(0, 1 << p["IN_W"], (count, p["ROWS"], p["COLS"], p["C"]))
        given = [to_beats(v, p["PIX"] * p["C"], p["IN_W"]) for v in x]
        return given, [to_beats(v, p["M"] * p["SIMD"], p["IN_W"]) for v in wide(x, p)]

    return Case(frames, interval(p), lag(p) + 2)


def layer(rows: int, cols: int, c: int, kernel: int, taps: int, **given: int) -> dict[str, Any]:
    """Parameters of a layer: taps of a window per beat; PIX follows from M and the stride."""
    p = {"ROWS": rows, "COLS": cols, "C": c, "SIMD": taps * c, "KR": kernel, "KC": kernel}
    m = given.get("M", 1)
    p |= {"IN_W": 1, "M": m, "PIX": m * given.get("STRIDE_C", 1) if m > 1 else 1}
    return {**p, **given}


def pads(n: int) -> dict[str, int]:
    """The same padding on all four sides."""
    return {f"PAD_{side}": n for side in "TLBR"}


STRIDED = {"STRIDE_R": 2, "STRIDE_C": 2}
FEW = [
    layer(6, 5, 2, 3, 9, **pads(1), PAD_VALUE=1),
    layer(6, 8, 3, 3, 9, **pads(1), M=2),
    layer(7, 8, 2, 3, 3, **pads(1), **STRIDED, M=2, PASSES=2, IN_W=2, PAD_VALUE=2),
    layer(8, 8, 1, 5, 5, **pads(2), IN_W=8, PAD_VALUE=7),
    layer(6, 12, 2, 3, 9, M=4, PAD_L=1, PAD_R=1),
    layer(5, 6, 3, 3, 1, PASSES=2),
]
MORE = [
    layer(6, 7, 2, 3, 9),
    layer(4, 5, 3, 1, 1, IN_W=8),
    layer(4, 6, 2, 1, 1, **STRIDED, M=3, PIX=6),
    layer(5, 6, 2, 2, 4, **STRIDED),
    layer(6, 6, 2, 2, 2, **STRIDED, PIX=2),
    layer(7, 9, 2, 3, 3, **pads(1), **STRIDED, PAD_VALUE=1, PASSES=3),
    layer(9, 8, 1, 3, 9, **pads(2), DIL_R=2, DIL_C=2, IN_W=2, PAD_VALUE=1),
    layer(9, 8, 1, 3, 3, **pads(3), DIL_R=4, DIL_C=3, M=2, PASSES=2),
    layer(7, 6, 2, 5, 25, PAD_T=3, PAD_L=1, PAD_B=1, PAD_R=3, M=2, PAD_VALUE=1),
    layer(6, 7, 1, 4, 8, KC=2, PAD_B=3, PAD_R=1, IN_W=3, PAD_VALUE=5),
    layer(6, 7, 1, 5, 5, PAD_B=4, PAD_R=4, IN_W=4, PAD_VALUE=9),
    layer(5, 9, 1, 4, 4, PAD_T=3, PAD_L=3, STRIDE_R=3, STRIDE_C=4, IN_W=3),
    layer(1, 9, 4, 3, 3, KR=1, PAD_L=1, PAD_R=1, PAD_VALUE=1),
    layer(9, 1, 4, 3, 3, KC=1, PAD_T=1, PAD_B=1, PASSES=2),
    layer(5, 4, 2, 3, 9, **pads(1), M=4, PAD_VALUE=1),
    layer(6, 3, 2, 5, 5, **pads(2), PAD_VALUE=1),
    layer(6, 2, 2, 5, 5, KC=4, PAD_B=4, PAD_R=3, PAD_VALUE=1),
    layer(8, 8, 1, 5, 25, **pads(2), IN_W=8, M=2),
]
BOTH = layer(5, 8, 2, 3, 9, **pads(1), M=2, IN_W=2, PAD_VALUE=1, PASSES=2)
RUNS = bench.runs(FEW, MORE, [BOTH])


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_bnn_window_wide(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("bnn_window_wide", p, "sim.test_bnn_window_wide:case", simulator)
