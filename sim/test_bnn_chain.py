# SPDX-License-Identifier: Apache-2.0
"""Units one behind the other run at exactly the rate of the slowest."""

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


def sizes(m: tuple[int, int, int, int], p: tuple[int, int, int, int]) -> dict[str, int]:
    return {f"M{i}": v for i, v in enumerate(m)} | {f"P{i}": v for i, v in enumerate(p)}


CHAINS = [
    sizes((24, 12, 8, 4), (4, 3, 4, 1)),  # 24, 8, 8 clk: the first is the slowest
    sizes((16, 12, 20, 6), (8, 3, 2, 3)),  # 8, 40, 20: the second
    sizes((8, 12, 12, 9), (8, 6, 2, 1)),  # 2, 12, 54: the last, four and more times slower
    sizes((8, 8, 8, 8), (2, 4, 4, 2)),  # 8, 4, 8: two equal
    sizes((12, 12, 12, 12), (3, 3, 3, 3)),  # 16, 16, 16: all equal
    sizes((6, 4, 3, 2), (6, 4, 3, 2)),  # 1, 1, 1: a vector per clk
]
RUNS = bench.runs(CHAINS[:2], CHAINS[2:])


def case(p: dict[str, Any], seed: int) -> Case:
    rng = np.random.default_rng(seed)
    literals, layers, clk = {}, [], []
    for i in (1, 2, 3):
        mw, mh, simd, pe = p[f"M{i - 1}"], p[f"M{i}"], p[f"P{i - 1}"], p[f"P{i}"]
        w = rng.integers(0, 2, (mh, mw), dtype=np.uint8)
        thr, sense = rng.integers(mw // 3, mw - mw // 3 + 1, mh), rng.integers(0, 2, mh)
        literals[f"W{i}"] = vector(weight_words(w, pe, simd), pe * simd)
        rows = threshold_words(thr, sense, pe, mw.bit_length())
        literals[f"T{i}"] = vector(rows, pe * (1 + mw.bit_length()))
        layers.append((w, thr, sense))
        clk.append(mw // simd * (mh // pe))

    def frames(draw: np.random.Generator, n: int) -> Frames:
        x = y = draw.integers(0, 2, (n, p["M0"]), dtype=np.uint8)
        for w, thr, sense in layers:
            y = threshold_bits(match_count(y, w), thr, sense)
        return [to_beats(v, p["P0"], 1) for v in x], [to_beats(v, p["P3"], 1) for v in y]

    return Case(frames, max(clk), None, literals=literals)


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_bnn_chain(p: dict[str, Any], simulator: str) -> None:
    chain = bench.ROOT / "sim" / "lib" / "bnn_chain.sv"
    rtl = [*bench.sources("bnn_mvu"), chain]
    bench.simulate("bnn_chain", p, "sim.test_bnn_chain:case", simulator, rtl=rtl)
