# SPDX-License-Identifier: Apache-2.0
"""The bench itself: a kernel broken on purpose must fail, or the bench proves nothing."""

import shutil
from pathlib import Path

import pytest

from sim.lib import bench

MUTANTS = {  # name: row of PARAMS, file, what is written, what it becomes, a word of the failure
    "xor-for-xnor": ("bnn_mvu", "bnn_match_rom", "~(w ^ {PE{x}})", "(w ^ {PE{x}})", "differ"),
    "threshold-off-by-one": (
        "bnn_mvu",
        "bnn_reached",
        "assign reached = a >= b;",
        "assign reached = a > b;",
        "differ",
    ),
    "half-rounded-down": (
        "unrolled",
        "bnn_unrolled",
        "? half_down : half_up",
        "? half_down : half_down",
        "differ",
    ),
    "counter-in-cells": (
        "in_cells",
        "bnn_count7",
        "(ones(i, 5) / 2) % 2 == 1",
        "ones(i, 5) / 2 >= 1",
        "differ",
    ),
    "one-bubble": (
        "bnn_mvu",
        "bnn_replay",
        "assign m_axis_tvalid = !first_pass_q ||",
        "assign m_axis_tvalid = !first_pass_q && col_q == '0 ||",
        "clk",
    ),
    "data-moves-in-stall": ("bnn_mvu", "bnn_folded", "if (en) y <= y_d;", "y <= y_d;", "changed"),
    "tie-goes-to-the-last": ("bnn_argmax", "bnn_argmax", "score > best", "score >= best", "differ"),
    "reset-keeps-position": (
        "bnn_binarize",
        "bnn_border",
        "if (rst) fold_q <= '0;\n      else",
        "if (1'b0) fold_q <= '0;\n      else",
        "tests failed",
    ),
}
PARAMS = {
    "bnn_mvu": {"MW": 12, "MH": 6, "SIMD": 4, "PE": 2},
    "unrolled": {"MW": 14, "MH": 9, "SIMD": 14, "PE": 9},
    "in_cells": {"MW": 36, "MH": 4, "SIMD": 18, "PE": 2, "PRIM": 1},
    "bnn_argmax": {"N": 10, "PE": 2, "IN_W": 3, "SIGNED": 1},
    "bnn_binarize": {"N": 12, "PE": 4, "IN_W": 8},
}


@pytest.mark.parametrize("name", MUTANTS)
def test_bench_catches(name: str, tmp_path: Path) -> None:
    given, file, before, after, word = MUTANTS[name]
    kernel = "bnn_mvu" if given in ("unrolled", "in_cells") else given
    for source in bench.KERNELS.glob("*.sv"):
        shutil.copy(source, tmp_path)
    mutant = tmp_path / f"{file}.sv"
    text = mutant.read_text()
    assert text.count(before) == 1, f"{file}.sv changed: mend this mutant"
    mutant.write_text(text.replace(before, after))
    [(_, simulator)] = bench.runs([{}])
    with pytest.raises(bench.SimulationFailed, match=word):
        bench.simulate(
            kernel,
            PARAMS[given],
            f"sim.test_{kernel}:case",
            simulator,
            rtl=[bench.CELLS, *sorted(tmp_path.glob("*.sv"))],
            folder=tmp_path / "sim",
            seed=1,  # a mutant may hide from a seed: a reset just between two frames, say
            rerun=False,
        )
