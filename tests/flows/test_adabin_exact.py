# SPDX-License-Identifier: Apache-2.0
"""AdaBin as training exports it: integers of few bits decide as its sums of two sums do."""

from pathlib import Path

import torch
from torch import nn

from flows import export
from sim.lib.stages import prove_maps
from training import models
from training.config import from_table
from training.maxout import Maxout
from training.sets import SetSign


def test_first_layer_behind_8_bit_pixels(tmp_path: Path) -> None:
    """As A * P + B * Q with ratios of full precision this network takes 24 bits; some take none."""
    torch.manual_seed(3)
    table = {"network": "cnv", "shape": [3, 32, 32], "width": 16}
    config = from_table({"model": table, "quant": {"method": "adabin"}}, "here")
    model = models.build(config.model, config.quant)
    for module in model.modules():
        if isinstance(module, SetSign):
            module.alpha.data.uniform_(0.3, 1.2), module.beta.data.uniform_(-0.3, 0.3)
        elif isinstance(module, Maxout):
            module.p.data.uniform_(0.5, 1.5), module.n.data.uniform_(0.05, 0.6)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.3, 1.5), nn.init.normal_(module.bias, 0, 0.2)
    with torch.no_grad():  # statistics of batch norms
        for _ in range(4):
            model(torch.rand(8, 3 * 32 * 32))
    path = tmp_path / "ada.onnx"
    export.write_qonnx(export.deployed(model), 3 * 32 * 32, path)
    proved = prove_maps(path, n_images=2)
    for node in proved.model.graph.node:
        if node.op_type == "BnnAffine":
            assert abs(proved.model.get_initializer(node.input[2])).max() <= 1 << 12, node.name
