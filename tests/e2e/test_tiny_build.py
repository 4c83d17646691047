# SPDX-License-Identifier: Apache-2.0
"""A whole build of a tiny network, its determinism, and starting from any stage."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flows.build import build
from flows.config import STAGES, FlowConfig
from flows.errors import FlowError
from flows.files import read_json
from flows.steps import STEPS, folder_sha256


def config_of(run: Path) -> FlowConfig:
    return FlowConfig(**read_json(run / "flow.json"))


def test_stage_names_are_those_of_the_steps() -> None:
    assert tuple(step.name for step in STEPS) == STAGES


def test_the_proof_covers_every_image_and_the_cycles_are_exact(tiny: Path) -> None:
    check = read_json(tiny / "check.json")
    assert check["images_checked"] == check["images_equal"] == 300
    assert check["interval_measured"] == check["interval_predicted"]
    assert [row["name"] for row in check["stages"]] == ["qonnx", "streamlined", "integer", "rtl"]
    assert check["stall_run"]["images_equal"] == 200
    ops = {node["op"] for node in read_json(tiny / "folding.json")["nodes"]}
    assert {"BnnBinarize", "BnnMvu", "BnnRequant", "AxisFork", "BnnArgmax"} <= ops


def test_a_second_build_gives_the_same_bytes(tiny: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    build(again, config_of(tiny), "import", "stitch")
    assert folder_sha256(again / "07_top") == folder_sha256(tiny / "07_top")
    for name in ("02_streamline.onnx", "05_fold.onnx", "folding.json"):
        assert (again / name).read_bytes() == (tiny / name).read_bytes(), name


def test_synthesis_and_report_from_files(tiny: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny, run)
    build(run, config_of(run), "synthesise", "report")
    synth = read_json(run / "synth.json")
    assert synth["total"]["lut"] == sum(node["lut"] for node in synth["nodes"])
    assert all(node["lut"] > 0 for node in synth["nodes"])
    report = read_json(run / "report.json")
    assert report["images_equal"] == 300
    assert report["lut"] == synth["total"]["lut"]


def test_a_stage_in_the_middle_wants_the_one_before_it(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(FlowError, match="stage-input") as caught:
        build(tmp_path / "new", config_of(tiny), "stitch", "stitch")
    assert caught.value.hint == "--from fold"


def test_a_failed_stage_leaves_nothing_a_later_one_takes_for_good(
    tiny: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny, run)
    with pytest.raises(FlowError, match="rate-unreachable"):
        build(run, FlowConfig(model=config_of(run).model, target_fps=1e9), "fold", "check")
    left = {path.name for path in run.iterdir()}
    assert not left & {"05_fold.onnx", "folding.json", "06_rtl", "07_top", "check.json"}
    assert not [name for name in left if ".tmp" in name]


def test_another_model_under_the_same_name_is_noticed(tiny: Path, tmp_path: Path) -> None:
    run, model = tmp_path / "run", tmp_path / "model.onnx"
    shutil.copytree(tiny, run)
    shutil.copyfile(config_of(tiny).model, model)
    with model.open("ab") as f:
        f.write(b"\x0a\x00")  # still a model, but not the same file
    config = replace(config_of(tiny), model=str(model))
    with pytest.raises(FlowError, match="stale-build"):
        build(run, config, "fold", "fold")
    assert (run / "check.json").exists(), "what was there is kept"


def test_classify_gives_the_labels_of_every_stage(tiny: Path, tmp_path: Path) -> None:
    found = []
    for stage in ("qonnx", "streamlined", "integer", "rtl"):
        out = tmp_path / f"{stage}.npy"
        command = [sys.executable, "-m", "flows.classify", "--run", str(tiny), "--stage", stage]
        subprocess.run([*command, "--images", "random:40", "--out", str(out)], check=True)
        found.append(np.load(out))
    assert all(np.array_equal(labels, found[0]) for labels in found[1:])
    assert len(set(found[0].tolist())) > 1
