# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.bnn_mvu_ref import (
    match_count,
    threshold_bits,
    threshold_words,
    vector,
    weight_words,
)
from sim.lib import bench
from sim.lib.compare import to_beats
from sim.lib.suite import Case, Frames

FOLDINGS = [  # every kind of weight memory: words of it on the right; corners and odd sizes
    {"MW": 8, "MH": 4, "SIMD": 8, "PE": 4},  # 1
    {"MW": 7, "MH": 3, "SIMD": 1, "PE": 1},  # 21
    {"MW": 9, "MH": 6, "SIMD": 9, "PE": 2, "PIPE": 0},  # 3
    {"MW": 15, "MH": 2, "SIMD": 5, "PE": 2, "PIPE": 0},  # 3
    {"MW": 100, "MH": 6, "SIMD": 100, "PE": 6, "PIPE": 3},  # 1
    {"MW": 30, "MH": 3, "SIMD": 30, "PE": 3, "RAW": 1, "PIPE": 0},  # 1
    {"MW": 12, "MH": 6, "SIMD": 4, "PE": 6, "RAW": 1, "PIPE": 2},  # 3
    {"MW": 22, "MH": 6, "SIMD": 11, "PE": 3, "PIPE": 2},  # 4
    {"MW": 49, "MH": 35, "SIMD": 49, "PE": 5, "PIPE": 3},  # 7
    {"MW": 36, "MH": 10, "SIMD": 12, "PE": 2, "PIPE": 1},  # 15
    {"MW": 1, "MH": 2, "SIMD": 1, "PE": 1},  # 2
    {"MW": 36, "MH": 8, "SIMD": 6, "PE": 2, "ROM_BLOCK": 1},
    {"MW": 20, "MH": 40, "SIMD": 20, "PE": 2, "PIPE": 3},  # 20
    {"MW": 130, "MH": 50, "SIMD": 130, "PE": 1, "PIPE": 5},  # 50
    {"MW": 6, "MH": 40, "SIMD": 3, "PE": 1, "RAW": 1},  # 80
    {"MW": 16, "MH": 70, "SIMD": 8, "PE": 1, "PIPE": 9},  # 140
    {"MW": 14, "MH": 27, "SIMD": 7, "PE": 3, "PIPE": 1},  # 18, starts from thresholds
    {"MW": 12, "MH": 20, "SIMD": 4, "PE": 2, "PIPE": 0},  # 30, starts from thresholds
    {"MW": 10, "MH": 11, "SIMD": 2, "PE": 1, "PIPE": 2, "ROM_BLOCK": 1},  # starts from thresholds
]
FOLDINGS += [  # blocks of the matrix, and vectors that come as often as they are needed
    {"MW": 9, "MH": 8, "SIMD": 9, "PE": 1, "GROUPS": 8},  # a block is a row: depthwise
    {"MW": 12, "MH": 12, "SIMD": 4, "PE": 2, "GROUPS": 2},
    {"MW": 18, "MH": 24, "SIMD": 6, "PE": 2, "GROUPS": 3, "RAW": 1, "REPLAY": 0},
    {"MW": 10, "MH": 6, "SIMD": 5, "PE": 1, "REPLAY": 0},
    {"MW": 8, "MH": 4, "SIMD": 8, "PE": 4, "REPLAY": 0},  # nothing to repeat: the same unit
    {"MW": 6, "MH": 4, "SIMD": 6, "PE": 2, "GROUPS": 2, "REPLAY": 0},
]
LAYER = {"MW": 64, "MH": 16, "SIMD": 16, "PE": 4}  # on both simulators
# In cells every kind once; that these equal the plain RTL is proved, too (tests/hw/test_formal.py).
CELLS = [{"PIPE": 1, **FOLDINGS[i], "PRIM": 1} for i in (1, 3, 4, 5, 7, 8, 9, 12, 15, 16)]
CELLS += [{"PIPE": 1, **FOLDINGS[i], "PRIM": 2} for i in (1, 3, 4, 7, 17)]
RUNS = bench.runs([*FOLDINGS[:4], CELLS[3]], [*FOLDINGS[4:], *CELLS[:3], *CELLS[4:]], [LAYER])


def case(p: dict[str, Any], seed: int) -> Case:
    mw, mh, simd, pe = p["MW"], p["MH"], p["SIMD"], p["PE"]
    raw, pipe, acc_w = p.get("RAW", 0), p.get("PIPE", 1), mw.bit_length()
    groups, fold_c, fold_r = p.get("GROUPS", 1), mw // simd, mh // pe
    sent = 1 if p.get("REPLAY", 1) else fold_r // groups
    rng = np.random.default_rng(seed)
    w = rng.integers(0, 2, (mh, mw), dtype=np.uint8)
    thr = np.clip(rng.normal(mw / 2, mw**0.5 / 2 + 1, mh).round(), 0, mw).astype(int)
    sense = rng.integers(0, 2, mh)
    thr[-1], sense[-1] = 0, rng.integers(0, 2)  # a constant row

    def frames(draw: np.random.Generator, n: int) -> Frames:
        x = draw.integers(0, 2, (n, groups, mw), dtype=np.uint8)
        x[0], x[1], x[2] = 0, 1, w[draw.integers(mh)]  # all -1, all +1, a full match
        counts = match_count(x.reshape(n, -1), w, groups)
        x = x.repeat(sent, axis=1)
        y = counts if raw else threshold_bits(counts, thr, sense)
        out_w = acc_w if raw else 1
        return [to_beats(v, simd, 1) for v in x], [to_beats(v, pe, out_w) for v in y]

    words = weight_words(w, pe, simd)
    files = {"WEIGHTS_FILE": words} if p.get("ROM_BLOCK") else {}
    literals = {} if files else {"WEIGHTS": vector(words, pe * simd)}
    if not raw:
        rows = threshold_words(thr, sense, pe, acc_w)
        literals["THRESHOLDS"] = vector(rows, pe * (1 + acc_w))
    return Case(frames, fold_c * fold_r, fold_c + 2 + pipe + (1 - raw), files, literals)


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_bnn_mvu(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("bnn_mvu", p, "sim.test_bnn_mvu:case", simulator)
