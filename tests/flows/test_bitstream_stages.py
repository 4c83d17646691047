# SPDX-License-Identifier: Apache-2.0
"""Stages: done once for the same inputs, whole or as before, every call of a tool noted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.bitstream.stages import KEY, Stages, Tool, digest
from flows.errors import FlowError

SHELL = Tool("sh", "/bin/sh", "stand-in")


def test_a_stage_runs_again_only_for_other_inputs(tmp_path: Path) -> None:
    stages, ran = Stages(tmp_path / "s"), []
    source = tmp_path / "source"
    source.write_text("1")

    def work(tmp: Path) -> None:
        ran.append(source.read_text())
        (tmp / "out").write_text(source.read_text())

    for text in ("1", "1", "2", "1"):
        source.write_text(text)
        folder = stages.run("a", {"source": source}, work)
        assert (folder / "out").read_text() == text
    assert ran == ["1", "2", "1"]


def test_a_failing_stage_leaves_the_old_one(tmp_path: Path) -> None:
    stages = Stages(tmp_path)
    folder = stages.run("a", {"x": 1}, lambda tmp: (tmp / "out").write_text("old") and None)

    def broken(tmp: Path) -> None:
        (tmp / "out").write_text("half")
        stages.call("a", SHELL, ["-c", "echo why; exit 7"], tmp)

    with pytest.raises(FlowError, match="tool-failed") as caught:
        stages.run("a", {"x": 2}, broken)
    assert "code 7: why" in caught.value.what
    assert (folder / "out").read_text() == "old"
    assert {p.name for p in tmp_path.iterdir()} == {"a", "logs", "tools.json"}
    stages.run("a", {"x": 1}, broken)  # still up to date for its own inputs


def test_calls_are_noted(tmp_path: Path) -> None:
    stages = Stages(tmp_path)
    assert stages.call("a", SHELL, ["-c", "echo 'two words'"], tmp_path) == "two words\n"
    with pytest.raises(FlowError):
        stages.call("b", SHELL, ["-c", "exit 1"], tmp_path)
    first, second = json.loads((tmp_path / "tools.json").read_text())
    assert first["command"] == "sh -c 'echo '\"'\"'two words'\"'\"''"
    assert (first["version"], first["log"], first["ended"]) == ("stand-in", "logs/a.log", "done")
    assert (tmp_path / first["log"]).read_text() == "two words\n"
    assert second["ended"] == "failed" and first["seconds"] >= 0


def test_hidden_files_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "seen").write_text("1")
    before = digest({"folder": tmp_path})
    (tmp_path / ".Xil").mkdir()
    (tmp_path / ".Xil" / "x").write_text("1")
    assert digest({"folder": tmp_path}) == before
    (tmp_path / "new").write_text("")
    assert digest({"folder": tmp_path}) != before != digest({"folders": tmp_path})


INTERRUPTED = """\
import sys
from pathlib import Path
from flows.bitstream.stages import Stages, Tool
from flows.errors import run_main
stages = Stages(Path(sys.argv[1]))
tool = Tool("sh", "/bin/sh", "stand-in")
def work(tmp):
    stages.call("a", tool, ["-c", "echo half > out; exec sleep 60"], tmp)
sys.exit(run_main(lambda: stages.run("a", {}, work) and None))
"""


def test_ctrl_c_leaves_nothing_half_written(tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path)]
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        command,
        cwd=root,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # a background job ignores SIGINT, and so would the child
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob(".a.*/out")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130 and b"interrupted" in said
    assert {p.name for p in tmp_path.iterdir()} == {"logs", "tools.json"}
    assert json.loads((tmp_path / "tools.json").read_text())[0]["ended"] == "interrupted"
    assert not list(tmp_path.rglob(KEY))
