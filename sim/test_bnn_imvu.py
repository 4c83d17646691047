# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.bnn_imvu_ref import integer_dot, sum_bits, weight_words
from hw.kernels.bnn_mvu_ref import vector
from sim.lib import bench
from sim.lib.compare import to_beats
from sim.lib.suite import Case, Frames

BITS = [  # terms a row adds per clk on the right
    {"MW": 27, "MH": 16, "SIMD": 3, "PE": 8, "OUT_W": 14},  # one of three columns
    {"MW": 9, "MH": 4, "SIMD": 1, "PE": 2, "OUT_W": 13},  # 1
    {"MW": 27, "MH": 8, "SIMD": 3, "PE": 4, "OUT_W": 20},  # 3, out wider than any sum
    {"MW": 10, "MH": 9, "SIMD": 5, "PE": 9, "OUT_W": 13},  # one of three, 2
    {"MW": 27, "MH": 16, "SIMD": 9, "PE": 8, "OUT_W": 14},  # three of three
    {"MW": 27, "MH": 8, "SIMD": 27, "PE": 8, "OUT_W": 14},  # nine of three, constant weights
    {"MW": 6, "MH": 6, "SIMD": 6, "PE": 3, "IN_W": 4, "IN_SIGNED": 1, "OUT_W": 8},  # 6
    {"MW": 12, "MH": 16, "SIMD": 3, "PE": 8, "IN_W": 3, "IN_SIGNED": 1, "OUT_W": 7},
    {"MW": 9, "MH": 24, "SIMD": 3, "PE": 8, "IN_W": 2, "OUT_W": 7, "ROM_BLOCK": 1},
    {"MW": 40, "MH": 2, "SIMD": 20, "PE": 1, "IN_W": 1, "OUT_W": 8},  # 20
    {"MW": 9, "MH": 16, "SIMD": 9, "PE": 8, "GROUPS": 2, "OUT_W": 13, "REPLAY": 0},
    {"MW": 9, "MH": 6, "SIMD": 3, "PE": 1, "GROUPS": 3, "OUT_W": 13},
]
INTEGERS = [
    {"MW": 8, "MH": 6, "SIMD": 4, "PE": 2, "W_W": 8, "OUT_W": 20},
    {"MW": 12, "MH": 5, "SIMD": 1, "PE": 1, "W_W": 8, "OUT_W": 20},
    {"MW": 10, "MH": 4, "SIMD": 5, "PE": 2, "W_W": 8, "IN_SIGNED": 1, "OUT_W": 20},
    {"MW": 7, "MH": 2, "SIMD": 7, "PE": 2, "W_W": 5, "OUT_W": 16},
    {"MW": 8, "MH": 4, "SIMD": 2, "PE": 2, "W_W": 2, "IN_W": 8, "OUT_W": 13},
    {"MW": 6, "MH": 4, "SIMD": 3, "PE": 2, "W_W": 3, "IN_W": 4, "OUT_W": 10},
    {"MW": 6, "MH": 3, "SIMD": 6, "PE": 1, "W_W": 8, "IN_SIGNED": 1, "OUT_W": 19, "DSP": 0},
    {"MW": 8, "MH": 6, "SIMD": 2, "PE": 1, "W_W": 4, "OUT_W": 15, "ROM_BLOCK": 1},
    {"MW": 8, "MH": 6, "SIMD": 4, "PE": 1, "W_W": 3, "GROUPS": 2, "OUT_W": 14, "REPLAY": 0},
]
LAYER = {"MW": 27, "MH": 64, "SIMD": 3, "PE": 16, "OUT_W": 14}  # on both simulators
CELLS = [{**BITS[i], "PRIM": 1} for i in (0, 2, 3, 4, 5, 7, 9)]
CELLS += [{**INTEGERS[i], "PRIM": 1} for i in (0, 3, 5)]
CELLS += [{**BITS[4], "PRIM": 2}, {**INTEGERS[6], "PRIM": 2}]
FEW = [BITS[0], BITS[4], INTEGERS[0], INTEGERS[5]]
MORE = [p for p in [*BITS, *INTEGERS, *CELLS] if p not in FEW]
RUNS = bench.runs(FEW, MORE, [LAYER])


def pipe(p: dict[str, Any]) -> int:
    """PIPE of the kernel's header: registers in front of the accumulators."""
    simd, in_w, w_w = p["SIMD"], p.get("IN_W", 8), p.get("W_W", 1)
    terms = simd // 3 + simd % 3 if p["PE"] >= 8 else simd
    if w_w == 1 and terms == 1:
        return 0
    in_dsp = p.get("DSP", 1) and min(in_w, w_w) > 2 and in_w + w_w > 8
    digits = 1 if in_dsp else (w_w + 1) // 2
    n = (terms + 1) // 2 if w_w == 1 else simd * digits
    registers = 1
    while n > 2:
        n, registers = -(-n // 3), registers + 1
    return registers


def case(p: dict[str, Any], seed: int) -> Case:
    mw, mh, simd, pe = p["MW"], p["MH"], p["SIMD"], p["PE"]
    groups, in_w, w_w = p.get("GROUPS", 1), p.get("IN_W", 8), p.get("W_W", 1)
    fold_c, fold_r, rows = mw // simd, mh // pe, mh // groups
    sent = 1 if p.get("REPLAY", 1) else fold_r // groups
    x_low = -(1 << (in_w - 1)) if p.get("IN_SIGNED") else 0
    x_high = x_low + (1 << in_w) - 1
    w_low = 0 if w_w == 1 else -(1 << (w_w - 1))
    rng = np.random.default_rng(seed)
    w = rng.integers(w_low, w_low + (1 << w_w), (mh, mw))
    w[0], w[-1] = w_low, w_low + (1 << w_w) - 1  # the largest sums there are
    assert p["OUT_W"] >= sum_bits(w, in_w, bool(p.get("IN_SIGNED")), w_w == 1)

    def frames(draw: np.random.Generator, n: int) -> Frames:
        x = draw.integers(x_low, x_high + 1, (n, groups, mw))
        x[0], x[1] = x_low, x_high
        sums = [integer_dot(x[:, g], w[g * rows : (g + 1) * rows], w_w == 1) for g in range(groups)]
        s = np.concatenate(sums, axis=1)
        x = x.repeat(sent, axis=1)
        return [to_beats(v, simd, in_w) for v in x], [to_beats(v, pe, p["OUT_W"]) for v in s]

    words = weight_words(w, pe, simd, w_w)
    files = {"WEIGHTS_FILE": words} if p.get("ROM_BLOCK") else {}
    literals = {} if files else {"WEIGHTS": vector(words, pe * simd * w_w)}
    return Case(frames, fold_c * fold_r, fold_c + 2 + pipe(p), files, literals)


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_bnn_imvu(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("bnn_imvu", p, "sim.test_bnn_imvu:case", simulator)
