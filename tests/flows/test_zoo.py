# SPDX-License-Identifier: Apache-2.0
import json
from pathlib import Path

import pytest

from flows import zoo
from flows.build import build
from flows.config import FlowConfig
from flows.errors import FlowError
from flows.files import read_json


@pytest.fixture
def a_zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty zoo, and a run whose network may be kept."""
    monkeypatch.setattr(zoo, "ZOO", tmp_path / "zoo")
    monkeypatch.setattr(zoo, "CACHE", tmp_path / "cache")
    run = tmp_path / "run"
    run.mkdir()
    (run / "00_export.onnx").write_bytes(b"not quite a network" * 100)
    (run / "00_export.json").write_text(json.dumps({"equal_labels": 7, "images": 7}))
    (run / "metrics.json").write_text(json.dumps({"accuracy_top1": 0.5, "n_test": 7, "seed": 3}))
    return run


def test_a_network_comes_back_as_it_was(a_zoo: Path) -> None:
    kept = zoo.keep(a_zoo, "small")
    assert kept.stat().st_size < 200
    assert zoo.names() == ["small"]
    assert zoo.describe("small")["seed"] == 3
    assert zoo.unpack("small").read_bytes() == (a_zoo / "00_export.onnx").read_bytes()


def test_unknown_names_and_damaged_files_are_refused(a_zoo: Path) -> None:
    zoo.keep(a_zoo, "small")
    with pytest.raises(FlowError, match="zoo-unknown") as unknown:
        zoo.unpack("smal")
    assert "zoo:small" in str(unknown.value)
    (zoo.ZOO / "small.onnx.xz").write_bytes(b"xz no more")
    with pytest.raises(FlowError, match="zoo-damaged"):
        zoo.unpack("small")
    assert not list(zoo.CACHE.glob("*"))


def test_only_proved_networks_are_kept(a_zoo: Path) -> None:
    (a_zoo / "00_export.json").unlink()
    with pytest.raises(FlowError, match="zoo-run"):
        zoo.keep(a_zoo, "small")


@pytest.mark.parametrize("name", zoo.names())
def test_every_network_of_the_project_compiles(name: str, tmp_path: Path) -> None:
    about = zoo.describe(name)
    assert 0 < about["accuracy_top1"] <= 1
    assert about["images_equal"] == about["images"]
    config = FlowConfig(str(zoo.unpack(name)), target_fps=3000)
    build(tmp_path / "run", config, last="fold")
    assert read_json(tmp_path / "run" / "folding.json")["fps"] >= 3000


def test_there_is_one_for_the_demo() -> None:
    assert {"cnv_cifar10", "cnv_fashion"} <= set(zoo.names())
