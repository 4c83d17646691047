# SPDX-License-Identifier: Apache-2.0
"""The command line of a build: bad options, resuming options, interruption."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from flows.build import build, configure, is_built, parser
from flows.config import FlowConfig, board_names, load_board
from flows.errors import CheckFailed, FlowError, run_main
from flows.files import replacing, write_json
from flows.steps import STEPS, check_folded
from sim.lib.networks import Make, write_network

GOAL = ("--model", "x.onnx", "--target-fps", "1")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_network(tmp_path / "net.onnx", Make((12, 6, 4), batch_norm=True), 1)


def given(*words: str) -> tuple[Path, FlowConfig]:
    return configure(parser().parse_args(words))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "model-missing"),
        (("--model", "x.onnx"), "build-goal"),
        ((*GOAL, "--from", "check", "--to", "fold"), "stage-order"),
        ((*GOAL, "--clk-mhz", "-3"), "clock"),
        (("--model", "x.onnx", "--max", "--utilisation", "1.2"), "utilisation-range"),
        ((*GOAL, "--utilisation", "0"), "utilisation-range"),
    ],
)  # fmt: skip
def test_bad_options(words: tuple[str, ...], code: str) -> None:
    with pytest.raises(FlowError, match=code):
        given(*words)


def test_run_is_named_after_the_model() -> None:
    run, config = given("--model", "some/any.onnx", "--target-fps", "5")
    assert run == Path("build/any")
    assert config == FlowConfig(model="some/any.onnx", target_fps=5.0)


def test_options_of_the_run_are_kept_and_overridden(tmp_path: Path) -> None:
    write_json(tmp_path / "flow.json", {"model": "m.onnx", "target_fps": 7.0, "seed": 5})
    _, config = given("--run", str(tmp_path), "--seed", "6")
    assert (config.model, config.target_fps, config.seed) == ("m.onnx", 7.0, 6)
    _, config = given("--run", str(tmp_path), "--folding", "f.json")
    assert config.target_fps is None and config.folding == "f.json"


def test_packed_is_kept_until_it_is_switched_off(tmp_path: Path) -> None:
    assert not given(*GOAL)[1].packed and given(*GOAL, "--packed")[1].packed
    write_json(tmp_path / "flow.json", {"model": "m.onnx", "target_fps": 7.0, "packed": True})
    assert given("--run", str(tmp_path))[1].packed
    assert not given("--run", str(tmp_path), "--no-packed")[1].packed


def test_a_trained_run_is_proved_on_its_own_test_set(tmp_path: Path) -> None:
    write_json(tmp_path / "metrics.json", {"config": {"data": {"name": "mnist"}}})
    assert given("--run", str(tmp_path), "--target-fps", "5")[1].images == "mnist"


def test_unknown_board_names_the_nearest() -> None:
    with pytest.raises(FlowError, match="board-unknown") as caught:
        load_board("pynq-z3")
    assert "pynq-z" in caught.value.hint
    for name in board_names():
        assert load_board(name).budget["lut"] > 0


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("nonsense", "folding-file"),
        ("[1]", "folding-file"),
        ('{"BnnMvu_0": {"PE": 2}}', "folding-file"),
        ('{"BnnMvu_0": {"PE": 2, "SIMD": 3}}', "folding-node"),
        ('{"BnnMvu_0": {"PE": 4, "SIMD": 3}, "BnnMvu_1": {"PE": 1, "SIMD": 1}}', "fold-divides"),
        ('{"BnnMvu_0": {"PE": 0, "SIMD": 3}, "BnnMvu_1": {"PE": 1, "SIMD": 1}}', "fold-divides"),
    ],
)
def test_bad_folding_files(content: str, code: str, model: Path, tmp_path: Path) -> None:
    folding = tmp_path / "f.json"
    folding.write_text(content)
    with pytest.raises(FlowError, match=code):
        build(tmp_path / "run", FlowConfig(model=str(model), folding=str(folding)), last="fold")


@pytest.mark.parametrize(
    ("name", "value"),
    [("target_fps", 3.0), ("max", True), ("board", "zcu104"), ("clk_mhz", 50.0)],
)
def test_going_on_behind_another_folding_is_refused(
    name: str, value: object, tmp_path: Path
) -> None:
    config = FlowConfig(model="m.onnx", target_fps=2.0)
    write_json(tmp_path / "flow.json", {**vars(config), name: value})
    check_folded(tmp_path, config)  # nothing is folded yet
    (tmp_path / "05_fold.onnx").touch()
    with pytest.raises(FlowError, match="stale-build") as caught:
        check_folded(tmp_path, config)
    assert "--from fold" in caught.value.hint and str(value) in caught.value.what


def test_a_run_as_asked_for_is_not_built_again(model: Path, tmp_path: Path) -> None:
    run, config = tmp_path / "run", FlowConfig(model=str(model), target_fps=1e6)
    assert not is_built(run, config)
    build(run, config, last="import")
    assert not is_built(run, config)
    for name in (name for step in STEPS for name in step.writes):
        (run / name).touch()
    assert is_built(run, config)
    for change in ({"target_fps": 2e6}, {"packed": True}, {"board": "zcu104"}, {"max": True}):
        assert not is_built(run, replace(config, **change))
    command = [sys.executable, "-m", "flows.build", "--run", str(run), "--if-changed"]
    done = subprocess.run([*command, "--no-packed"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == f"{run} is as asked for; not built again\n"
    (run / "check.json").unlink()  # its proof failed
    assert not is_built(run, config)
    (run / "check.json").touch()
    write_network(model, Make((12, 6, 4), batch_norm=True), 2)
    assert not is_built(run, config)


def test_command_prints_four_lines_and_exits_2(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flows.build", "--model", str(tmp_path / "none.onnx")]
    done = subprocess.run(
        [*command, "--run", str(tmp_path / "run"), "--target-fps", "1"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert lines[0].startswith("error[model-missing]:")
    assert [line.split()[0] for line in lines[1:3]] == ["where", "try"]
    assert "Traceback" not in done.stderr


def test_interrupt_leaves_nothing_half_made_and_the_build_goes_on(
    model: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-m", "flows.build", "--model", str(model), "--run", str(run)]
    words = ["--target-fps", "2000000", "--to", "check", "--images", "random:50"]
    log = tmp_path / "log.txt"
    with log.open("w") as out:
        child = subprocess.Popen(
            [*command, *words],
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # a shell ignores SIGINT in its background jobs, and children inherit that
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        deadline = time.monotonic() + 60
        while not (run / "07_top").is_dir() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1.0)  # now it compiles the bench
        os.killpg(child.pid, signal.SIGINT)
        assert child.wait(60) == 130, log.read_text()
    assert not (run / "check.json").exists()
    assert not [p.name for p in run.iterdir() if ".tmp" in p.name]
    done = subprocess.run([*command, *words, "--from", "check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads((run / "check.json").read_text())["images_equal"] == 50


def test_exit_codes_and_a_full_disk(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device", "some/file")

    def failed() -> None:
        raise CheckFailed("c", "w", "x", "h")

    assert run_main(lambda: None) == 0
    assert run_main(failed) == 3
    assert run_main(full) == 2
    assert "disk-full" in capsys.readouterr().err
    with pytest.raises(OSError), replacing(tmp_path / "out.bin") as tmp:
        tmp.write_bytes(b"half")
        full()
    assert list(tmp_path.iterdir()) == []
