# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from pathlib import Path

import pytest

from flows.child import run_child
from flows.errors import CheckFailed, FlowError

FAIL = """
import sys
from flows.errors import {kind}, run_main
def main():
    print("working")
    raise {kind}("some-code", "what it is", "where it is", "the way out", "README")
sys.exit(run_main(main))
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_output_is_returned_and_logged(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "x.log"
    assert run_child(python("print('hello')"), log) == "hello\n"
    assert log.read_text() == "hello\n"


@pytest.mark.parametrize(("kind", "code"), [("FlowError", 2), ("CheckFailed", 3)])
def test_our_errors_come_through_whole(kind: str, code: int, tmp_path: Path) -> None:
    with pytest.raises(FlowError) as caught:
        run_child(python(FAIL.format(kind=kind)), tmp_path / "x.log")
    assert caught.value.exit_code == code
    assert isinstance(caught.value, CheckFailed) == (kind == "CheckFailed")
    parts = (caught.value.code, caught.value.what, caught.value.where, caught.value.hint)
    assert parts == ("some-code", "what it is", "where it is", "the way out")


def test_a_crash_names_the_log_and_its_last_lines(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match=r"tool-failed.*boom") as caught:
        run_child(python("raise ValueError('boom')"), tmp_path / "x.log")
    assert str(tmp_path / "x.log") in caught.value.where


def test_an_interrupted_child_interrupts_us(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_child(python("import sys; sys.exit(130)"), tmp_path / "x.log")
