# SPDX-License-Identifier: Apache-2.0
"""Functions that work block by block, against plain formulas that autograd differentiates."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training import blocks, models
from training.blocks import along, channel_sum, map_mean, pad_with
from training.config import from_table
from training.irnet import EdeSign
from training.maxout import MaxoutFunction
from training.quantizers import SteSign, sign
from training.reactnet import PolySign
from training.resnets import SkipFunction
from training.sets import MaxoutSetFunction, SetFunction

LAST = torch.channels_last
SHAPES = [(4, 3), (4, 3, 3, 2)]


@pytest.fixture(params=[1, 40, 1 << 16], ids=["one", "some", "all"])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", request.param)


def maps(shape: tuple[int, ...], last: bool) -> Tensor:
    x = torch.randn(shape, dtype=torch.float64) * 1.5
    return x.contiguous(memory_format=LAST) if last and x.dim() == 4 else x


def number(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


def gradients(f: Callable[..., Tensor], dy: Tensor, *leaves: Tensor) -> tuple[Tensor, ...]:
    return torch.autograd.grad(f(*leaves), leaves, dy)


def set_formula(m: Tensor, alpha: Tensor, beta: Tensor, code: bool) -> Tensor:
    """The set with z * (2 - |z|) in the place of the sign's slope, differentiated by autograd."""
    z = (m - beta) / alpha
    soft = torch.where(z.abs() < 1, z * (2 - z.abs()), 0.0)
    f = sign(z) + soft - soft.detach()
    return alpha * (f + beta) if code else alpha * f + beta


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("code", [False, True])
@pytest.mark.usefixtures("block")
def test_maxout_and_set_in_one_are_the_two_in_turn(
    shape: tuple[int, ...], last: bool, code: bool
) -> None:
    x = maps(shape, last).requires_grad_()
    dy = maps(shape, not last)  # whatever its layout is
    p = torch.tensor([1.0, -0.7, 0.0], dtype=torch.float64, requires_grad=True)
    n = torch.tensor([0.25, -0.3, 0.6], dtype=torch.float64, requires_grad=True)
    leaves = (x, p, n, number(0.8), number(0.15))

    def fused(x: Tensor, p: Tensor, n: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
        return MaxoutSetFunction.apply(x, p, n, alpha, beta, code)

    def turns(x: Tensor, p: Tensor, n: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
        return SetFunction.apply(MaxoutFunction.apply(x, p, n), alpha, beta, code)

    def formula(x: Tensor, p: Tensor, n: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
        over = (-1, *[1] * (x.dim() - 2))
        m = x.clamp_min(0) * p.view(over) + x.clamp_max(0) * n.view(over)
        return set_formula(m, alpha, beta, code)

    assert torch.equal(fused(*leaves), turns(*leaves))
    torch.testing.assert_close(fused(*leaves), formula(*leaves))
    found = gradients(fused, dy, *leaves)
    for other in (turns, formula):
        for one, two in zip(found, gradients(other, dy, *leaves), strict=True):
            torch.testing.assert_close(one, two, rtol=1e-12, atol=1e-12)
    assert found[0].stride() == x.stride()


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.usefixtures("block")
def test_what_is_smooth_agrees_with_differences(shape: tuple[int, ...], last: bool) -> None:
    x = maps(shape, last)
    x = (x + 0.1 * x.sign()).requires_grad_()  # Maxout has a corner at 0
    p, n = torch.rand(2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(MaxoutFunction.apply, (x, p, n))
    if len(shape) == 4:
        assert torch.autograd.gradcheck(map_mean, (x,))
        assert torch.autograd.gradcheck(lambda x: SkipFunction.apply(x, 1, 2), (x,))
        assert torch.autograd.gradcheck(lambda x, v: pad_with(x, v, 2), (x, number(0.3)))


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.usefixtures("block")
def test_signs_and_their_slopes(last: bool) -> None:
    x, dy = maps((6, 3, 5, 4), last).requires_grad_(), maps((6, 3, 5, 4), last)
    k, t = torch.tensor(2.0), torch.tensor(0.5)
    tanh = torch.tanh(0.5 * x.detach())
    for function, more, slope in (
        (SteSign, (), x.abs() <= 1),
        (PolySign, (), (2 - 2 * x.abs()).clamp_min(0)),
        (EdeSign, (k, t), 2.0 * 0.5 * (1 - tanh * tanh)),
    ):
        y = function.apply(x, *more)
        assert torch.equal(y, torch.where(x >= 0, 1.0, -1.0).double())
        dx = torch.autograd.grad(y, x, dy)[0]
        torch.testing.assert_close(dx, dy * slope)
        assert y.stride() == dx.stride() == x.stride()


@pytest.mark.parametrize("last", [False, True])
def test_mean_and_padding_are_pytorchs(last: bool) -> None:
    x = maps((6, 3, 5, 4), last).float()
    assert torch.equal(map_mean(x), x.mean((2, 3)))
    y = pad_with(x, torch.tensor(-0.7), 1)
    assert torch.equal(y, F.pad(x, (1,) * 4, value=-0.7))
    assert y.is_contiguous(memory_format=LAST if last else torch.contiguous_format)
    assert torch.equal(along(torch.arange(3.0), x) * x, torch.arange(3.0).view(3, 1, 1) * x)
    z = SkipFunction.apply(x[..., :4, :], 1, 2)
    assert torch.equal(z, F.pad(x[:, :, :4:2, ::2], (0, 0, 0, 0, 1, 2)))
    torch.testing.assert_close(channel_sum(x), x.transpose(0, 1).flatten(1).sum(1))


def test_narrow_activations_keep_wide_sums() -> None:
    """bfloat16 in, bfloat16 out; gradients of parameters are sums in float32."""
    wide = torch.randn(500, 4, 5, 4).bfloat16().float()
    dy = torch.rand(wide.shape).bfloat16().float()
    leaves = [torch.full((4,), 0.9), torch.full((4,), 0.3), torch.tensor(0.7), torch.tensor(0.1)]
    leaves = [leaf.requires_grad_() for leaf in leaves]

    def f(x: Tensor, *leaves: Tensor) -> Tensor:
        return MaxoutSetFunction.apply(x, *leaves, False)

    x, narrow = wide.requires_grad_(), wide.detach().bfloat16().requires_grad_()
    want, found = gradients(f, dy, x, *leaves), gradients(f, dy.bfloat16(), narrow, *leaves)
    assert f(narrow, *leaves).dtype == found[0].dtype == torch.bfloat16
    torch.testing.assert_close(found[0].float(), want[0], rtol=1e-2, atol=1e-2)
    torch.testing.assert_close(found[1:], want[1:], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("network", ["cnv", "resnet20"])
@pytest.mark.parametrize("method", ["ste", "irnet", "adabin", "reactnet"])
def test_maps_and_their_gradients_keep_one_layout(network: str, method: str) -> None:
    """Batch norms whose two inputs differ in layout are several times as slow."""
    model = {"network": network, "shape": [3, 32, 32], "width": 4}
    config = from_table({"model": model, "quant": {"method": method}}, "here")
    built, seen = models.build(config.model, config.quant), []

    def look(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        output.register_hook(lambda dy: seen.append(dy.is_contiguous(memory_format=LAST)))
        seen.append(inputs[0].is_contiguous(memory_format=LAST))

    for module in built.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_hook(look)
    built(torch.rand(2, 3 * 32 * 32)).square().sum().backward()
    assert seen and all(seen)
