# SPDX-License-Identifier: Apache-2.0
"""The bench itself: a kernel broken on purpose must fail, or the bench proves nothing."""

import shutil
from pathlib import Path

import pytest

from sim.lib import bench

MUTANTS = {  # name: kernel, file, what is written, what it becomes, a word of the failure
    "xor-for-xnor": ("bnn_mvu", "bnn_count3", "same = x ~^ w;", "same = x ^ w;", "differ"),
    "threshold-off-by-one": (
        "bnn_mvu",
        "bnn_mvu",
        "+:ACC_W] >= thr_q",
        "+:ACC_W] > thr_q",
        "differ",
    ),
    "one-bubble": (
        "bnn_mvu",
        "bnn_replay",
        "assign m_axis_tvalid = !first_pass_q ||",
        "assign m_axis_tvalid = !first_pass_q && col_q == '0 ||",
        "clk",
    ),
    "data-moves-in-stall": ("bnn_mvu", "bnn_mvu", "if (en) y_q <= y_d;", "y_q <= y_d;", "changed"),
    "tie-goes-to-the-last": ("bnn_argmax", "bnn_argmax", "score > best", "score >= best", "differ"),
    "reset-keeps-position": (
        "bnn_binarize",
        "bnn_binarize",
        "if (rst) addr_d = '0;\n      else",
        "if (1'b0) addr_d = '0;\n      else",
        "tests failed",
    ),
}
PARAMS = {
    "bnn_mvu": {"MW": 12, "MH": 6, "SIMD": 4, "PE": 2},
    "bnn_argmax": {"N": 10, "PE": 2, "IN_W": 3, "SIGNED": 1},
    "bnn_binarize": {"N": 12, "PE": 4, "IN_W": 8},
}


@pytest.mark.parametrize("name", MUTANTS)
def test_bench_catches(name: str, tmp_path: Path) -> None:
    kernel, file, before, after, word = MUTANTS[name]
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
            PARAMS[kernel],
            f"sim.test_{kernel}:case",
            simulator,
            rtl=sorted(tmp_path.glob("*.sv")),
            folder=tmp_path / "sim",
            seed=1,  # a mutant may hide from a seed: a reset just between two frames, say
            rerun=False,
        )
