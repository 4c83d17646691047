# SPDX-License-Identifier: Apache-2.0
"""A build with --packed: proved like any other, and never mixed with one without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flows.build import build
from flows.classify import classify
from flows.config import FlowConfig, load_board
from flows.errors import FlowError
from flows.files import read_json, write_json
from flows.first_difference import first_difference
from flows.images import load_images
from flows.steps import Context
from sim.lib.networks import Make, write_network

NET = Make((48, 12, 5), batch_norm=True, input_norm=True, final="bn")
FOLDING = {"BnnMvu_0": {"PE": 2, "SIMD": 6}, "BnnMvu_1": {"PE": 1, "SIMD": 3}}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed")
    model = write_network(folder / "n.onnx", NET, seed=3)
    write_json(folder / "folding.json", FOLDING)
    config = FlowConfig(
        model=str(model), folding=str(folder / "folding.json"), packed=True, images="random:300"
    )
    build(folder / "run", config, "import", "check")
    return folder / "run"


def config_of(run: Path) -> FlowConfig:
    return FlowConfig(**read_json(run / "flow.json"))


def test_every_image_is_proved_and_a_frame_is_6_bytes(run: Path) -> None:
    check = read_json(run / "check.json")
    assert check["images_checked"] == check["images_equal"] == 300
    assert check["interval_measured"] == check["interval_predicted"] == 48
    assert check["stall_run"]["images_equal"] == 200
    nodes = [node["op"] for node in read_json(run / "folding.json")["nodes"]]
    assert nodes[:2] == ["AxisDwc", "BnnMvu"] and "BnnBinarize" not in nodes
    top = read_json(run / "07_top" / "top.json")
    assert top["streams"]["s_axis"] == {"bytes": 3, "beats_per_frame": 2}
    assert len(top["binarize"]["thresholds"]) == 2 * 48


def test_graphs_take_pixels(run: Path) -> None:
    images = load_images("random:60", 48, False, 9).images
    found = [classify(run, stage, images) for stage in ("qonnx", "streamlined", "integer")]
    assert all(np.array_equal(labels, found[0]) for labels in found[1:])
    assert len(set(found[0].tolist())) > 1


def test_the_layer_outside_the_rtl_is_compared(run: Path) -> None:
    config = config_of(run)
    said = first_difference(Context(run, config, load_board(config.board)))
    assert "no difference" in said and "BnnBinarize_0" in said


def test_going_on_with_the_other_kind_is_refused(run: Path) -> None:
    before = (run / "flow.json").read_bytes()
    for first in ("generate", "check", "synthesise"):
        with pytest.raises(FlowError, match="stale-build") as caught:
            build(run, replace(config_of(run), packed=False), first, first)
        assert caught.value.hint.endswith("--from fold --no-packed")
    assert (run / "flow.json").read_bytes() == before
