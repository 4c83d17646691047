# SPDX-License-Identifier: Apache-2.0
"""ReActNet-style layers and the real-valued network, against their equations."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from flows import export
from flows.errors import FlowError
from training import models
from training.config import ModelConfig, QuantConfig
from training.methods import method, signs
from training.quantizers import sign
from training.reactnet import PolyQuant, ScaledLayer, ShiftPrelu, ShiftSign, mean_scale


def test_piecewise_quadratic_gradient() -> None:
    x = torch.tensor([-2.0, -1.0, -0.5, 0.0, 0.25, 1.0, 3.0], requires_grad=True)
    y = PolyQuant()(x)[0]
    y.backward(torch.full((7,), 3.0))
    assert y.tolist() == [-1, -1, -1, 1, 1, 1, 1]
    assert x.grad.tolist() == [0, 0, 3.0, 6.0, 4.5, 0, 0]


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 3, 3)])
def test_shifts_are_per_channel_and_learned(shape: tuple[int, ...]) -> None:
    act, prelu = ShiftSign(4), ShiftPrelu(4)
    act.shift.data = torch.tensor([0.0, 0.5, -0.5, 1.0])
    x = torch.randn(shape, requires_grad=True)
    view = (1, 4) + (1,) * (len(shape) - 2)
    assert torch.equal(act(x), sign(x + act.shift.view(view)))
    torch.testing.assert_close(prelu(x), F.prelu(x, torch.tensor([0.25])))
    prelu.before.data += 0.3
    prelu.after.data -= 0.1
    torch.testing.assert_close(prelu(x), F.prelu(x - 0.3, torch.tensor([0.25])) - 0.1)
    (act(x) * prelu(x)).sum().backward()
    assert all(bool((p.grad != 0).any()) for p in (act.shift, prelu.before, prelu.slope))


def test_weights_are_signs_times_mean_and_the_gradient_is_clipped() -> None:
    layer = method(QuantConfig("reactnet")).linear(5, 3, nn.Identity())
    assert isinstance(layer, ScaledLayer)
    w = torch.randn(3, 5) * 1.5
    layer.match.weight.data = w.clone()
    u, dy = sign(torch.randn(8, 5)), torch.randn(8, 3)
    y = layer(u)
    y.backward(dy)
    scale = w.abs().mean(1)
    torch.testing.assert_close(y, u @ (sign(w) * scale[:, None]).T)
    torch.testing.assert_close(
        layer.match.weight.grad, (dy.T @ u) * scale[:, None] * (w.abs() <= 1)
    )
    assert mean_scale(torch.zeros(2, 3)).tolist() == [1, 1]


def test_shifts_and_scales_leave_exactly(tmp_path: Path) -> None:
    model = models.build(ModelConfig((9, 7), 25, 128, 3), QuantConfig("reactnet"))
    for _, module in signs(model):
        nn.init.normal_(module.shift)
    x = np.random.default_rng(3).integers(0, 256, (70, 25), np.uint8)
    export.write_qonnx(export.deployed(model.eval()), 25, tmp_path / "m.onnx")
    result = export.compare(model, tmp_path / "m.onnx", x)
    assert result["equal_labels"] == 70 and result["equal_products"] == 70 * (9 + 7 + 3)


@pytest.mark.parametrize("name", ["ste", "irnet", "reactnet"])
def test_first_of_two_steps_has_real_weights_and_binary_activations(name: str) -> None:
    quant = QuantConfig(name, weights="real")
    model = models.build(ModelConfig((9, 7), 25, 128, 3), quant)
    assert len(signs(model)) == 2 and not models.matrix_layers(model)
    binary = models.build(ModelConfig((9, 7), 25, 128, 3), QuantConfig(name))
    assert len(models.matrix_layers(binary)) == 3


def test_real_network_has_the_same_shape_and_no_signs() -> None:
    model = models.build(ModelConfig((9, 7), 25, 128, 3), QuantConfig("real"))
    assert signs(model) == [] and models.matrix_layers(model) == []
    assert [m.weight.shape for m in model.modules() if isinstance(m, nn.Linear)] == [
        (9, 25),
        (7, 9),
        (3, 7),
    ]


def test_real_network_cannot_be_exported(tmp_path: Path) -> None:
    model = models.build(ModelConfig((9, 7), 25, 128, 3), QuantConfig("real"))
    with pytest.raises(FlowError, match="export-real"):
        export.deployed(model)
