# SPDX-License-Identifier: Apache-2.0
"""Convolutional networks: shapes, bits between layers, padding, and equal forms of AdaBin."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from flows.errors import FlowError
from training import adalayers, models
from training.config import Config, from_table
from training.convnets import Pixels
from training.data import pixels
from training.methods import method, signs
from training.resnets import Skip

NETWORKS = ["cnv", "vgg-small", "resnet20", "resnet18", "resnet18-imagenet"]
BINARY = ["ste", "irnet", "adabin", "reactnet"]


def config(network: str, name: str, **model: object) -> Config:
    base = {"network": network, "shape": [3, 32, 32], "width": 4}
    return from_table({"model": base | model, "quant": {"method": name}}, "test")


def build(network: str, name: str, **model: object) -> nn.Module:
    c = config(network, name, **model)
    return models.build(c.model, c.quant)


@pytest.mark.parametrize(
    ("network", "weights"),
    [
        ("cnv", 1_542_848),  # FINN's 1.54 Mbit
        ("vgg-small", 4_656_512),
        ("resnet20", 268_336),
        ("resnet18", 11_164_352),
        ("resnet18-imagenet", 11_172_032),  # torchvision's, with 10 classes
    ],
)
def test_published_sizes(network: str, weights: int) -> None:
    net = build(network, "real", width=0)
    kinds = (nn.Conv2d, nn.Linear)
    assert sum(m.weight.numel() for m in net.modules() if isinstance(m, kinds)) == weights


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", BINARY)
def test_what_enters_a_one_bit_layer_is_bits(network: str, name: str) -> None:
    model = build(network, name).eval()
    layers = {n: m for n, m in models.matrix_layers(model) if m.weight_quant.bit_width() == 1}
    if network == "cnv":  # its first layer sees pixels
        first = list(layers)[: 2 if name == "adabin" else 1]
        layers = {n: m for n, m in layers.items() if n not in first}
    seen = []
    for layer in layers.values():
        layer.register_forward_hook(lambda m, i, o: seen.append((i[0], o)))
    x = torch.rand(2, 3 * 32 * 32)
    assert model(x).shape == (2, 10) and len(seen) == len(layers)
    for inputs, outputs in seen:
        assert set(inputs.unique().tolist()) <= {-1.0, 1.0}
        assert torch.equal(outputs * 16, (outputs * 16).round())
    assert torch.equal(model(x), model(x.view(2, 3, 32, 32)))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", [*BINARY, "real"])
def test_every_weight_learns(network: str, name: str) -> None:
    model = build(network, name)
    model(torch.rand(4, 3 * 32 * 32)).square().sum().backward()
    for parameter, p in model.named_parameters():
        if p.requires_grad:
            assert p.grad is not None and bool(p.grad.isfinite().all()), parameter
    want = {"cnv": 8, "vgg-small": 5, "resnet20": 18}.get(network, 16)
    assert len(signs(model)) == (0 if name == "real" else want)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("form", ["paper", "code"])
def test_adabin_evaluates_the_function_that_it_trained(
    network: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bits in ("RATIO_BITS", "SCORE_BITS", "EXACT_BITS"):
        monkeypatch.setattr(adalayers, bits, 40)  # as fine as float32 holds them
    table = {"network": network, "shape": [3, 32, 32], "width": 4}
    c = from_table({"model": table, "quant": {"method": "adabin", "form": form}}, "test")
    model = models.build(c.model, c.quant).double()
    for name, p in model.named_parameters():
        if name.endswith(("alpha", "beta", ".p", ".n")):
            p.data += 0.2 * torch.rand_like(p)
    x = torch.rand(3, 3 * 32 * 32, dtype=torch.float64)
    model(x)
    want = model.eval()(x)
    model.train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.eval()
    torch.testing.assert_close(model(x), want)


@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0])
def test_maps_are_padded_with_the_configured_value(value: float) -> None:
    c = config("resnet20", "ste")
    layer = method(c.quant, value).conv(2, 3, 3, 2, 1, nn.Identity())
    x = torch.where(torch.randn(2, 2, 6, 6) > 0, 1.0, -1.0)
    want = F.conv2d(
        F.pad(x, (1,) * 4, value=value), torch.where(layer.weight >= 0, 1.0, -1.0), None, 2
    )
    assert torch.equal(layer(x), want)
    units = [m for m in build("resnet20", "ste", pad_value=value).modules() if hasattr(m, "pad")]
    assert {u.pad_value for u in units} == {value}


def test_pixels_are_odd_integers_and_small_images_get_a_border() -> None:
    x = pixels(torch.arange(256, dtype=torch.uint8)).view(1, -1)
    assert torch.equal(Pixels((1, 16, 16))(x).flatten(), 2.0 * torch.arange(256) - 255)
    y = Pixels((1, 28, 28), 32)(torch.ones(2, 784))
    assert y.shape == (2, 1, 32, 32)
    assert bool((y[:, :, 2:30, 2:30] == 255).all()) and y.sum() == 2 * 255 * (2 * 784 - 1024)
    assert build("cnv", "irnet", shape=[1, 28, 28])(torch.rand(2, 784)).shape == (2, 10)


def test_shortcut_without_weights() -> None:
    x = torch.randn(2, 4, 6, 6)
    y = Skip(4, 8)(x)
    assert y.shape == (2, 8, 3, 3) and torch.equal(y[:, 2:6], x[:, :, ::2, ::2])
    assert not y[:, :2].any() and not y[:, 6:].any()


@pytest.mark.parametrize(
    ("model", "quant", "says"),
    [
        ({"network": "cnv"}, {}, "model.shape"),
        ({"network": "cnn"}, {}, "resnet20"),
        ({"shape": [3, 32, 32], "network": "resnet20", "ends": "binary"}, {}, "model.ends"),
        ({"pad_value": 0.5}, {}, "model.pad_value"),
        ({"residual_bits": 9}, {}, "model.residual_bits"),
        ({"ends": "int4"}, {}, "int8"),
        ({"shape": [3, 224, 200], "network": "resnet18-imagenet"}, {}, "multiples of 32"),
        ({"shape": [3, 32, 32], "network": "resnet18-imagenet", "width": 65}, {}, "model.width"),
        ({}, {"method": "adabin", "weights": "real"}, "quant.weights"),
    ],
)
def test_mistakes(model: dict, quant: dict, says: str) -> None:
    with pytest.raises(FlowError) as err:
        from_table({"model": model, "quant": quant}, "mine.toml")
    assert err.value.code == "config-value" and says in str(err.value)
