# SPDX-License-Identifier: Apache-2.0
"""Integer networks: grids, 8-bit weights, norms, the stream, and that QONNX is the same network."""

from pathlib import Path

import pytest
import torch
from qonnx.core.modelwrapper import ModelWrapper
from torch import nn

from flows import export
from flows.errors import FlowError
from sim.lib.convnets import ConvMake, convnet, images
from training import models
from training.convnets import feature_grid
from training.integer import (
    EXACT,
    Grid,
    IntLinear,
    IntWeights,
    Norm1d,
    Norm2d,
    feature_bits,
    to_grid,
    weight_step,
)
from training.methods import is_sign, method
from training.resnets import MapMean, Unit
from training.sections import QuantConfig


def whole(x: torch.Tensor, step: torch.Tensor | float) -> bool:
    return torch.equal(x / step, (x / step).round())


def test_grid_rounds_half_to_even_and_saturates() -> None:
    x = torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5, 0.26, 9.0, -9.0]) / 4
    x.requires_grad_(True)
    y = to_grid(x, torch.tensor(0.25), -4, 3)
    assert (y * 4).tolist() == [0, 2, 2, 0, -2, 0, 3, -4]
    y.backward(torch.arange(1.0, 9.0))
    assert x.grad is not None and x.grad.tolist() == [1, 2, 3, 4, 5, 6, 0, 0]


@pytest.mark.parametrize("each", [True, False])
def test_weights_take_the_smallest_step_that_reaches(each: bool) -> None:
    w = torch.randn(5, 3, 3, 3) * torch.tensor([1e-3, 1.0, 40.0, 0.0, 127 / 64]).view(-1, 1, 1, 1)
    w[4, 0, 0, 0] = 127 / 32  # exactly 127 steps
    value, step, zero, bits = IntWeights(each)(w)
    assert torch.equal(step, weight_step(w, each)) and (zero, bits) == (0, 8)
    assert step.shape == ((5, 1, 1, 1) if each else ())
    assert torch.equal(step.log2(), step.log2().round()) and whole(value, step)
    levels = (value / step).abs()
    assert levels.max() <= 127 and (value - w).abs().le(step / 2).all()
    used = levels[[0, 1, 2, 4]].flatten(1).amax(1) if each else levels.max()
    assert used.min() >= 63  # half the step would not have reached
    again = IntWeights(each, step)(value)[0]
    assert torch.equal(again, value)


@pytest.mark.parametrize(("norm", "shape"), [(Norm1d, (7, 4)), (Norm2d, (7, 4, 3, 5))])
def test_norm_is_batch_norm(norm: type[nn.Module], shape: tuple[int, ...]) -> None:
    ours, theirs = norm(4), norm.__mro__[2](4)  # type: ignore[call-arg]
    assert type(theirs) in (nn.BatchNorm1d, nn.BatchNorm2d)
    for m in (ours, theirs):
        torch.manual_seed(0)
        nn.init.normal_(m.weight)
        nn.init.normal_(m.bias)
    x = 30 * torch.randn(shape) + 5
    assert torch.equal(ours(x), theirs(x))
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))
    want = ours(x)
    ours.freeze()
    assert torch.equal(ours(x), want)


def test_linear_layer_is_whole_on_the_grid_of_its_product() -> None:
    layer = IntLinear(30, 6, 2.0**-5)
    nn.init.normal_(layer.bias)
    x = torch.randint(-128, 128, (50, 30)) / 32
    step = weight_step(layer.match.weight, False) / 32
    y = layer(x)
    assert whole(y, step) and whole(layer.whole_bias(), step)
    y.sum().backward()
    assert layer.bias.grad is not None and layer.bias.grad.tolist() == [50.0] * 6


@pytest.mark.parametrize("inputs", [1, 64, 512, 1032, 1033, 8192, 40_000])
def test_last_layers_sums_stay_exact(inputs: int) -> None:
    bits = feature_bits(inputs)
    assert inputs * 127 * 2 ** (bits - 1) < EXACT
    assert bits == 8 or inputs * 127 * 2**bits >= EXACT
    kind = method(QuantConfig("irnet"))
    for clipped, top in ((True, 1), (False, 4)):
        grid = feature_grid(kind, inputs, clipped)
        assert grid(torch.tensor(-9.0)) == -top and grid(torch.tensor(9.0)) < top


def test_mean_of_any_map_is_exact() -> None:
    for side in (4, 7):
        x = torch.randint(-128, 128, (5, 3, side, side)) / 64
        y = MapMean()(x)
        ratio = 1 if side == 4 else 49 / 64
        want = x.double().mean((2, 3)) * ratio
        assert torch.equal(y.double(), want.float().double())
        torch.testing.assert_close(y.double(), want)


@pytest.mark.parametrize("name", ["irnet", "ste", "reactnet", "adabin"])
@pytest.mark.parametrize("network", ["resnet20", "resnet18"])
@pytest.mark.parametrize("bits", [8, 5])
def test_stream_is_integers(network: str, name: str, bits: int) -> None:
    more = (("residual_bits", bits),)
    make = ConvMake(network, (1, 16, 16), width=2, method=name, more=more)
    model, seen = convnet(make, 3), []
    for unit in (m for m in model.modules() if isinstance(m, Unit)):
        unit.grid.register_forward_hook(lambda m, i, o: seen.append((i[0], o)))
        unit.shortcut.register_forward_hook(lambda m, i, o: seen.append((o, o)))
        unit.end.register_forward_hook(lambda m, i, o: seen.append((i[0], o)))
    models.scores(model, torch.from_numpy(images(make.shape, 9, 1)))
    fraction = bits - 2 if name == "irnet" else bits - 3
    assert len(seen) == 3 * (18 if network == "resnet20" else 16)
    for _, stream in seen:
        codes = stream * 2**fraction
        assert whole(codes, 1.0)
        assert codes.min() >= -(2 ** (bits - 1)) and codes.max() < 2 ** (bits - 1)
    ends = torch.cat([stream.flatten() for _, stream in seen[2::3]])
    assert len(ends.unique()) > 2 ** (bits - 3)


def test_a_fraction_that_leaves_no_room_for_hardtanh_saturates() -> None:
    more = (("residual_fraction", 7),)
    model = convnet(ConvMake("resnet20", (1, 8, 8), width=2, more=more), 3)
    grids = [m for m in model.modules() if isinstance(m, Grid)]
    assert len(grids) == 1 + 2 * 18 + 1 and grids[1].fraction == 7


EXPORTS = [
    ConvMake("cnv", (3, 32, 32), 4),
    ConvMake("cnv", (1, 28, 28), 4, "ste"),
    ConvMake("cnv", (3, 32, 32), 2, "reactnet", ends="int8"),
    ConvMake("cnv", (1, 28, 28), 2, "adabin"),
    ConvMake("vgg-small", (3, 16, 16), 4),
    ConvMake("vgg-small", (1, 28, 28), 2, "ste", pad_value=0.0),
    ConvMake("vgg-small", (3, 16, 24), 2, "reactnet", pad_value=1.0),
    ConvMake("vgg-small", (1, 16, 24), 2, "adabin", pad_value=0.0),
    ConvMake("vgg-small", (1, 16, 24), 2, "adabin", pad_value=1.0),
    ConvMake("vgg-small", (3, 16, 16), 2, "irnet", pad_value=1.0, ends="binary"),
    ConvMake("resnet20", (3, 32, 32), 2),
    ConvMake("resnet20", (1, 28, 28), 2, "irnet", pad_value=0.0),
    ConvMake("resnet20", (3, 16, 16), 2, "reactnet", pad_value=0.0, pad_node=True),
    ConvMake("resnet18", (3, 32, 32), 2),
    ConvMake("resnet18", (3, 16, 16), 2, "ste", pad_value=1.0),
    ConvMake("resnet18", (1, 16, 16), 2, "adabin"),
    ConvMake("resnet18-imagenet", (3, 64, 64), 4),
    ConvMake("resnet18-imagenet", (3, 64, 32), 2, "ste", pad_value=0.0),
    ConvMake("resnet18-imagenet", (1, 64, 64), 2, "adabin", pad_value=1.0),
    ConvMake("resnet18-imagenet", (3, 64, 64), 2, "reactnet"),
]


@pytest.mark.parametrize("make", EXPORTS, ids=str)
def test_qonnx_is_the_network(tmp_path: Path, make: ConvMake) -> None:
    """Not nearly: every product and every score is the same number."""
    model, x = convnet(make, 5), images(make.shape, 12, 6)
    path = tmp_path / "m.onnx"
    export.write_qonnx(export.deployed(model), x.shape[1], path)
    result = export.compare(model, path, x)
    assert (result["equal_labels"], result["max_abs_delta"]) == (12, 0.0)
    assert result["equal_products"] > 12 * 1000
    graph = ModelWrapper(str(path))
    operators = {node.op_type for node in graph.graph.node}
    assert not operators & {"Shape", "Gather", "Concat", "BatchNormalization"}
    convs = graph.get_nodes_by_op_type("Conv")
    pads = [any(a.name == "pads" and any(a.ints) for a in n.attribute) for n in convs]
    assert any(pads) == (make.pad_value == 0 and not make.pad_node)
    signs = graph.get_nodes_by_op_type("BipolarQuant")
    kept = [n for n in signs if graph.get_initializer(n.input[0]) is None]
    assert len(kept) == sum(is_sign(m) for m in model.modules())


@pytest.mark.parametrize("network", ["vgg-small", "resnet18"])
def test_real_ends_are_not_exported(network: str) -> None:
    model = convnet(ConvMake(network, (1, 16, 16), width=2, ends="real"), 1)
    assert not any(isinstance(m, Grid) for m in model.modules())
    with pytest.raises(FlowError, match="export-real") as err:
        export.deployed(model)
    assert "body.2" in str(err.value) and "int8" in str(err.value)
