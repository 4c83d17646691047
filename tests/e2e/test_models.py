# SPDX-License-Identifier: Apache-2.0
"""Other people's models to proved RTL: those of brevitas_examples.bnn_pynq."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.build import build
from flows.config import FlowConfig
from flows.files import read_json
from sim.lib.convnets import write_bnn_pynq_cnv
from sim.lib.networks import BNN_PYNQ, bnn_pynq

RATES = {"TFC_1W1A": (1e6, 100), "SFC_1W1A": (20_000, 60), "LFC_1W1A": (10_000, 20)}


@pytest.mark.parametrize("name", BNN_PYNQ)
def test_rtl_equals_the_model(name: str, tmp_path: Path) -> None:
    fps, n_images = RATES[name]
    model = bnn_pynq(name, 1, tmp_path / f"{name}.onnx")
    run = tmp_path / "run"
    build(
        run, FlowConfig(str(model), target_fps=fps, images=f"random:{n_images}"), "import", "check"
    )
    check = read_json(run / "check.json")
    assert check["images_checked"] == check["images_equal"] == n_images
    assert check["interval_measured"] == check["interval_predicted"] <= 100e6 / fps


def test_rtl_equals_a_convolutional_model(tmp_path: Path) -> None:
    """CNV_1W1A at a quarter of its width."""
    model = write_bnn_pynq_cnv(tmp_path / "cnv.onnx", 1, 16)
    run = tmp_path / "run"
    build(run, FlowConfig(str(model), target_fps=3000, images="random:10"), "import", "check")
    check = read_json(run / "check.json")
    assert check["images_checked"] == check["images_equal"] == 10
    assert check["interval_measured"] == check["interval_predicted"] <= 100e6 / 3000
