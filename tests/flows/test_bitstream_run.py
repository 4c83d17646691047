# SPDX-License-Identifier: Apache-2.0
"""From a compiled run to its design, by the command, and on into the deploy folder; the boards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flows.bitstream import boards
from flows.bitstream.design import design_of, shell_sources
from flows.build import build
from flows.config import BOARDS, FlowConfig, board_names, load_board
from flows.deploy import deploy
from flows.errors import CheckFailed, FlowError
from sim.lib.networks import Make, write_network
from tests.flows.bitstream_tools import PART, bit_bytes, calls, install

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    model = write_network(folder / "any.onnx", Make((15, 6, 4), batch_norm=True, pixels=False), 3)
    config = FlowConfig(model=str(model), target_fps=1e6, input="bipolar", images="random:60")
    build(folder / "tiny", config, last="stitch")
    return folder / "tiny"


@pytest.fixture
def run(compiled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(compiled, tmp_path / "tiny"))


def test_design_has_the_values_that_the_driver_expects(run: Path) -> None:
    design = design_of(run, None)
    about = json.loads((deploy(run, "tiny") / "tiny.json").read_text())
    generics = design.generics(1)
    assert generics["CONFIG_HASH"] == f"64'h{about['hash']}"
    for name, stream in (("IN", "input"), ("LABEL", "label"), ("SCORE", "score")):
        assert generics[f"{name}_BEAT_BYTES"] == str(about[stream]["beat_bytes"])
        assert generics[f"{name}_BEATS"] == str(about[stream]["beats"])
    assert (design.name, design.board.name, design.clk_mhz) == ("tiny", "pynq-z1", 100.0)
    assert design_of(run, "pynq-z2").board.name == "pynq-z2"  # the same part


def test_runs_that_cannot_be_taken(run: Path, tmp_path: Path) -> None:
    with pytest.raises(FlowError, match="bitstream-run"):
        design_of(tmp_path, None)
    with pytest.raises(FlowError, match="board-differs") as caught:
        design_of(run, "zcu104")
    assert f"make build RUN={run} BOARD=zcu104" in caught.value.hint
    other = write_network(tmp_path / "other.onnx", Make((15, 6, 4), pixels=False), 4)
    flow = json.loads((run / "flow.json").read_text())
    (run / "flow.json").write_text(json.dumps({**flow, "model": str(other)}))
    with pytest.raises(FlowError, match="stale-build"):
        design_of(run, None)


def test_command_then_deploy(run: Path, tmp_path: Path) -> None:
    """With a stand-in for Vivado; a bitstream of the network as it was before is not deployed."""
    install(tmp_path / "bin", "vivado")
    env = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    command = [sys.executable, "-m", "flows.bitstream", "--run", str(run), "--pnr", "vivado"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "tiny.bit" in done.stdout and "no board was used" in done.stdout
    assert len(calls(tmp_path / "bin")) == 3
    folder = deploy(run, "tiny")
    assert (folder / "tiny.bit").read_bytes() == bit_bytes(PART)
    assert "There is no .bit" not in (folder / "README.md").read_text()
    weights = next((run / "07_top").glob("BnnMvu_*.sv"))
    weights.write_text(weights.read_text() + "\n")
    with pytest.raises(FlowError, match="bit-stale") as caught:
        deploy(run, "tiny")
    assert caught.value.hint.startswith(f"make bitstream RUN={run}")


def test_deploy_reads_a_bitstream_from_elsewhere(run: Path) -> None:
    bit = run / "tiny.bit"
    bit.write_bytes(bit_bytes("7z020clg400"))
    assert (deploy(run, "tiny") / "tiny.bit").is_file()
    for data, code in ((bit_bytes("7z010clg400"), "bit-part"), (b"none", "bit-header")):
        bit.write_bytes(data)
        with pytest.raises(CheckFailed, match=code):
            deploy(run, "tiny")


def test_command_without_a_run(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flows.bitstream", "--run", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "error[bitstream-run]" in done.stderr


def test_boards_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    boards.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(board_names())
    for name, line in zip(board_names(), lines[1:], strict=True):
        board = load_board(name)
        for word in (name, board.part, board.memory, board.ports["memory"], f"{board.base:#x}"):
            assert word in line
        assert line.endswith("vivado or openxc7" if board.part.startswith("xc7z") else " vivado")
        assert shell_sources(board.top)


@pytest.mark.parametrize(
    ("line", "instead", "names"),
    [
        ('top = "zynq7_top"', "", "top"),
        ('clock = "FCLK0"', "", "of [ports]"),
        ("dsp = 220", "dsp = 220\nuram = 1", "of [budget]"),
    ],
)
def test_board_files_are_checked(
    line: str, instead: str, names: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (BOARDS / "pynq-z1.toml").read_text()
    assert line in text
    (tmp_path / "mine.toml").write_text(text.replace(line, instead))
    monkeypatch.setattr("flows.config.BOARDS", tmp_path)
    with pytest.raises(FlowError, match="board-file") as caught:
        load_board("mine")
    assert f"keys {names} are" in caught.value.what
