# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.bnn_lookup_ref import lookup, table_words
from hw.kernels.bnn_mvu_ref import vector
from sim.lib import bench
from sim.lib.compare import to_beats
from sim.lib.suite import Case, Frames

FOLDINGS = [  # one beat, one channel per beat, one entry per channel, a full input range, block RAM
    {"N": 4, "PE": 4, "IN_W": 4, "DEPTH": 9, "OUT_W": 7},
    {"N": 10, "PE": 1, "IN_W": 7, "DEPTH": 65, "OUT_W": 16},
    {"N": 3, "PE": 1, "IN_W": 1, "DEPTH": 1, "OUT_W": 1},
    {"N": 1, "PE": 1, "IN_W": 3, "DEPTH": 8, "OUT_W": 33},
    {"N": 6, "PE": 3, "IN_W": 5, "DEPTH": 32, "OUT_W": 12, "ROM_BLOCK": 1},
    {"N": 10, "PE": 5, "IN_W": 6, "DEPTH": 60, "OUT_W": 7, "PRIM": 1},
    {"N": 10, "PE": 5, "IN_W": 4, "DEPTH": 12, "OUT_W": 7, "PRIM": 2},
]
BOTH = {"N": 10, "PE": 2, "IN_W": 7, "DEPTH": 65, "OUT_W": 12}
RUNS = bench.runs(FOLDINGS[:2], FOLDINGS[2:], [BOTH])


def case(p: dict[str, Any], seed: int) -> Case:
    n, pe, in_w, out_w, depth = p["N"], p["PE"], p["IN_W"], p["OUT_W"], p["DEPTH"]
    rng = np.random.default_rng(seed)
    table = rng.integers(-(1 << (out_w - 1)), 1 << (out_w - 1), (n, depth))

    def frames(draw: np.random.Generator, count: int) -> Frames:
        x = draw.integers(0, depth, (count, n))
        x[0], x[1] = 0, depth - 1
        y = lookup(x, table)
        return [to_beats(v, pe, in_w) for v in x], [to_beats(v, pe, out_w) for v in y]

    words = table_words(table, pe, out_w)
    if p.get("ROM_BLOCK"):
        return Case(frames, n // pe, 3, {"TABLE_FILE": words})
    return Case(frames, n // pe, 3, literals={"TABLE": vector(words, pe * out_w)})


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_bnn_lookup(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("bnn_lookup", p, "sim.test_bnn_lookup:case", simulator)
