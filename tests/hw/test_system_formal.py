# SPDX-License-Identifier: Apache-2.0
"""The proofs hold, and fail as soon as the RTL is wrong: they are not true of anything at all."""

import shutil
from pathlib import Path

import pytest

from hw.system.formal.prove import HERE, PROOFS, parameters, prove

RTL = HERE.parent
CASES = [(top, values) for top in PROOFS for values in parameters(top)]
MUTANTS = {  # what is broken: proof, file, what is written, what it becomes
    "burst-over-border": (
        "axi_read_master_formal",
        "axi_read_master",
        "assign room   = (LOW_W + 1)'(BURST) - {1'b0, next_q[LOW_W-1:0]};",
        "assign room   = (LOW_W + 1)'(BURST);",
    ),
    "one-word-too-many": (
        "axi_read_master_formal",
        "axi_read_master",
        "left_q < 30'(room) ?",
        "left_q + 1 < 30'(room) ?",
    ),
    "no-credit": (
        "axi_read_master_formal",
        "axi_read_master",
        " && reserved_q <= COUNT_W'(DEPTH - BURST)",
        "",
    ),
    "one-open-too-many": (
        "axi_read_master_formal",
        "axi_read_master",
        "open_q < OPEN_W'(OUTSTANDING)",
        "open_q <= OPEN_W'(OUTSTANDING)",
    ),
    "address-moves": (
        "axi_write_master_formal",
        "axi_write_master",
        "(!aw_valid_q || m_axi_awready)\n",
        "1'b1\n",
    ),
    "announced-too-soon": (
        "axi_write_master_formal",
        "axi_write_master",
        "free_q >= COUNT_W'(length)",
        "free_q + 1'b1 >= COUNT_W'(length)",
    ),
    "wlast-only-at-the-end": (
        "axi_write_master_formal",
        "axi_write_master",
        "place_q == '1 || unsent_q == 30'd1",
        "unsent_q == 30'd1",
    ),
    "stop-cuts-a-burst": (
        "axi_write_master_formal",
        "axi_write_master",
        "owed_q     <= owed_q +",
        "owed_q     <= stop ? '0 : owed_q +",
    ),
    "event-lost": (
        "registers_formal",
        "bnn_registers",
        "if (set_irq_status_done) reg_irq_status_done",
        "if (set_irq_status_done && !write) reg_irq_status_done",
    ),
    "strobe-ignored": (
        "registers_formal",
        "bnn_registers",
        "merge[8*i +: 8] = strobe[i] ?",
        "merge[8*i +: 8] = (strobe[i] || i == 3) ?",
    ),
    "written-twice": (
        "registers_formal",
        "axi_lite_slave",
        "w_held_q   <= !write &&",
        "w_held_q   <=",
    ),
    "answer-dropped": (
        "registers_formal",
        "axi_lite_slave",
        "r_valid_q  <= read || (r_valid_q && !s_axi_rready)",
        "r_valid_q  <= read",
    ),
}


@pytest.mark.parametrize(("top", "values"), CASES, ids=str)
def test_proof(top: str, values: dict[str, int]) -> None:
    holds, said = prove(top, values)
    assert holds, said


@pytest.mark.parametrize("name", MUTANTS)
def test_proof_fails_when_the_rtl_is_wrong(name: str, tmp_path: Path) -> None:
    top, file, before, after = MUTANTS[name]
    for module in PROOFS[top]:
        shutil.copy(RTL / f"{module}.sv", tmp_path)
    mutant = tmp_path / f"{file}.sv"
    text = mutant.read_text()
    assert text.count(before) == 1, f"{file}.sv changed: mend this mutant"
    mutant.write_text(text.replace(before, after))
    holds, said = prove(top, parameters(top)[0], tmp_path)
    assert not holds
    assert "Induction step failed" in said or "model found" in said or "proof did fail" in said
