# SPDX-License-Identifier: Apache-2.0
"""The proof of batch_control fails as soon as the queue is wrong (test_system_formal: it holds)."""

from pathlib import Path

import pytest

from hw.system.formal.prove import HERE, prove

MUTANTS = {  # what is broken: what is written, what it becomes
    "launched-twice": ("if (launch_out) request_q <= NONE", "if (launch_out) request_q <= READ"),
    "request-overwritten": ("phase_q == WORK && request_q == NONE &&", "phase_q == WORK &&"),
    "request-forgotten": ("if (accept) request_q", "if (accept && !running) request_q"),
    "outputs-before-the-one-before": ("request_q == WRITE && !running", "request_q == WRITE"),
    "not-held": ("request_q != NONE && !running);", "request_q == MULTIPLY && !running);"),
    "start-after-an-error": ("!(read_error || write_error", "!(write_error"),
    "reset-leaves-the-queue": (
        "if (ends_early) begin\n        request_q <= NONE;",
        "if (ends_early) begin\n        request_q <= queued ? request_q : NONE;",
    ),
    "error-kills-the-batch-before": ("(read_failed && running != ahead);", "read_failed;"),
    "stop-does-not-wait": ("if (!reading && !writing) phase_q", "phase_q"),
    "done-counted-twice": ("(complete || ends_empty);", "(complete || ends_empty || event_done);"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_proof_fails_when_the_queue_is_wrong(name: str, tmp_path: Path) -> None:
    before, after = MUTANTS[name]
    text = (HERE.parent / "batch_control.sv").read_text()
    assert text.count(before) == 1, "batch_control.sv changed: mend this mutant"
    (tmp_path / "batch_control.sv").write_text(text.replace(before, after))
    holds, said = prove("batch_control_formal", {}, tmp_path)
    assert not holds
    assert "Induction step failed" in said or "model found" in said or "proof did fail" in said
