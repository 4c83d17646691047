# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.bnn_window_ref import beats, min_depth, window
from sim.lib import bench
from sim.lib.compare import to_beats
from sim.lib.suite import Case, Frames


def case(p: dict[str, Any], seed: int) -> Case:
    def frames(draw: np.random.Generator, count: int) -> Frames:
        x = draw.integers(0, 1 << p["IN_W"], (count, p["ROWS"], p["COLS"], p["C"]))
        y = window(x, p)
        given = [to_beats(v, p["SIMD"], p["IN_W"]) for v in x]
        return given, [to_beats(v, p["SIMD"], p["IN_W"]) for v in y]

    return Case(frames, max(beats(p)), None)


def layer(rows: int, cols: int, c: int, simd: int, kernel: int, **given: int) -> dict[str, Any]:
    """Parameters of a layer, with the smallest line buffer where no DEPTH is given."""
    p = {"ROWS": rows, "COLS": cols, "C": c, "SIMD": simd, "IN_W": 1, "KR": kernel, "KC": kernel}
    p |= given
    return {**p, "DEPTH": given.get("DEPTH", min_depth(p))}


def pads(n: int) -> dict[str, int]:
    """The same padding on all four sides."""
    return {f"PAD_{side}": n for side in "TLBR"}


GENEROUS = [  # line buffers that do not limit: the interval is exact from the first frame on
    layer(6, 5, 4, 2, 3, **pads(1), PAD_VALUE=1, DEPTH=60),
    layer(7, 6, 3, 1, 1, IN_W=3, DEPTH=32),
    layer(7, 6, 4, 2, 1, STRIDE_R=2, STRIDE_C=2, DEPTH=16),
    layer(9, 9, 4, 4, 3, **pads(1), STRIDE_R=2, STRIDE_C=2, PASSES=3, DEPTH=64),
    layer(7, 7, 2, 2, 2, STRIDE_R=2, STRIDE_C=2, DEPTH=32),
    layer(6, 5, 4, 2, 3, **pads(1), PAD_VALUE=1, RAM_BLOCK=1, PASSES=2, DEPTH=60),
    layer(9, 9, 1, 1, 7, **pads(3), STRIDE_R=2, STRIDE_C=2, IN_W=8, PAD_VALUE=7, DEPTH=128),
]
TIGHT = [  # the smallest ones: nothing may hang
    layer(5, 4, 1, 1, 3),
    layer(7, 6, 3, 1, 1, IN_W=3),
    layer(5, 6, 4, 2, 1, STRIDE_R=2, STRIDE_C=3),
    layer(4, 5, 4, 2, 3, **pads(1), PAD_VALUE=1),
    layer(6, 5, 2, 1, 3, **pads(2), DIL_R=2, DIL_C=2),
    layer(5, 9, 3, 3, 5, KC=2, IN_W=2, PAD_VALUE=2, PAD_T=3, PAD_L=1, PAD_B=1, STRIDE_C=3, DIL_C=2),
    layer(4, 3, 8, 2, 3, **pads(1), GROUPS=2, PASSES=2),
    layer(4, 3, 4, 1, 3, **pads(1), GROUPS=4),
    layer(4, 3, 2, 1, 3, **pads(2), IN_W=2, PAD_VALUE=3),
    layer(2, 12, 1, 1, 2, KC=4, DIL_C=3, PAD_L=9, PAD_R=9, PAD_T=1),
    layer(4, 4, 2, 2, 2, STRIDE_R=2, STRIDE_C=2, PASSES=11),
    layer(1, 9, 4, 2, 3, KR=1, PAD_L=1, PAD_R=1, RAM_BLOCK=1),
    layer(6, 9, 1, 1, 2, STRIDE_R=3, STRIDE_C=4, PAD_T=1),
]
BOTH = layer(5, 7, 4, 1, 3, **pads(1), STRIDE_C=2, IN_W=2, PAD_VALUE=1, DEPTH=128)
RUNS = bench.runs([*GENEROUS[::2], *TIGHT[::2]], [*GENEROUS[1::2], *TIGHT[1::2]], [BOTH])


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_bnn_window(p: dict[str, Any], simulator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if p in TIGHT:  # a line buffer that limits has no interval to predict
        monkeypatch.setenv("COCOTB_TEST_FILTER", "^(?!.*interval_is_exact)")
    bench.simulate("bnn_window", p, "sim.test_bnn_window:case", simulator)
