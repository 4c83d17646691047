# SPDX-License-Identifier: Apache-2.0
"""QONNX = streamlined = integer reference, for networks of every make (no simulator)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flows.check import check_graphs
from flows.images import ImageSet, load_images
from sim.lib.networks import BNN_PYNQ, Make, bnn_pynq, write_network
from sim.lib.stages import run_stages

MAKES = {
    "plain": Make((16, 8, 4)),
    "one hidden layer, 3 classes, odd": Make((17, 5, 3), batch_norm=True),
    "no hidden layer": Make((9, 2), final="bn"),
    "one class": Make((9, 4, 1), batch_norm=True),
    "batch norm everywhere": Make((28, 13, 11, 6), batch_norm=True, final="bn"),
    "prime sizes": Make((31, 23, 7), batch_norm=True, final="scalar"),
    "negative final scale": Make((24, 12, 5), final="negative"),
    "hardtanh and gemm": Make((24, 12, 5), batch_norm=True, clip=True, gemm=True),
    "power-of-two scales": Make((24, 12, 5), batch_norm=True, weight_scale=0.25, act_scale=0.5),
    "image input, free batch": Make((25, 6, 3), final="bn", image_shape=(1, 5, 5), batch="N"),
    "bipolar input": Make((30, 12, 7), batch_norm=True, final="bn", pixels=False),
    "threshold per pixel, rising, falling and constant": Make((24, 8, 5), input_norm=True),
    "wide and deep": Make((130, 65, 33, 17, 9, 5), batch_norm=True, final="bn"),
}


@pytest.mark.parametrize("name", MAKES)
@pytest.mark.parametrize("seed", range(3))
def test_every_stage_gives_the_same_bits(name: str, seed: int, tmp_path: Path) -> None:
    make = MAKES[name]
    kind = "pixel/255" if make.pixels else "bipolar"
    s = run_stages(write_network(tmp_path / "n.onnx", make, seed), 2e6, kind)
    images = load_images("random:300", make.sizes[0], kind == "bipolar", seed)
    rows, integer = check_graphs(s.imported, s.streamlined, s.folded, images, kind)
    assert [row["name"] for row in rows] == ["qonnx", "streamlined", "integer"]
    assert all(row["labels_equal"] == 300 and row["scores_equal"] == 300 for row in rows[1:])
    assert integer.scores.shape == (300, make.sizes[-1])


@pytest.mark.parametrize("name", BNN_PYNQ)
@pytest.mark.parametrize("seed", [1, 2])
def test_brevitas_bnn_pynq_models(name: str, seed: int, tmp_path: Path) -> None:
    s = run_stages(bnn_pynq(name, seed, tmp_path / "m.onnx"), 20_000)
    rng = np.random.default_rng(seed)
    images = ImageSet("random", rng.integers(0, 256, (200, 784), dtype=np.uint8), None)
    rows, integer = check_graphs(s.imported, s.streamlined, s.folded, images, "pixel/255")
    assert all(row["labels_equal"] == 200 for row in rows[1:])
    for layer, bits in integer.layers:
        assert 0.2 < bits.mean() < 0.8, f"{layer} hardly depends on the image"
