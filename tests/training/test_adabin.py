# SPDX-License-Identifier: Apache-2.0
"""AdaBin against its equations: sets, gradients, Maxout, the form that hardware computes."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from flows import export
from training import models
from training.adabin import EqualisedQuant
from training.adalayers import AdaLayer, equalised, exact_ratio
from training.config import ModelConfig, QuantConfig
from training.maxout import Maxout
from training.methods import InputSign, Method, method
from training.quantizers import sign
from training.sets import SetFunction, SetSign

FORMS = ["paper", "code"]
ATOL = 27 * 2.0**-13  # 27 taps, a ratio rounded to RATIO_BITS


def hat(z: Tensor) -> Tensor:
    return torch.where(z.abs() < 1, 2 - 2 * z.abs(), 0.0)


@pytest.mark.parametrize("form", FORMS)
def test_set_gradients_are_the_closed_forms(form: str) -> None:
    x = (torch.randn(40, 7, dtype=torch.float64) * 1.5).requires_grad_()
    alpha = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    beta = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    dy = torch.randn(40, 7, dtype=torch.float64)
    y = SetFunction.apply(x, alpha, beta, form == "code")
    y.backward(dy)
    with torch.no_grad():
        z = (x - beta) / alpha
        f, slope = sign(z), hat(z)
        if form == "paper":
            want = alpha * f + beta
            d_beta, d_alpha = 1 - slope, f - z * slope
        else:
            want = alpha * (f + beta)
            d_beta, d_alpha = alpha - slope, f + beta - z * slope
    torch.testing.assert_close(y, want)
    torch.testing.assert_close(x.grad, dy * slope)
    torch.testing.assert_close(beta.grad, (dy * d_beta).sum())
    torch.testing.assert_close(alpha.grad, (dy * d_alpha).sum())


@pytest.mark.parametrize("form", FORMS)
def test_two_values_and_no_third(form: str) -> None:
    act = SetSign(form)
    act.alpha.data, act.beta.data = torch.tensor(-0.5), torch.tensor(0.25)
    x = torch.tensor([[-3.0, 0.0, 0.25, 0.2499, 7.0]])
    gamma = 0.25 if form == "paper" else 0.125
    low, high = gamma - 0.5, gamma + 0.5
    assert act(x).tolist() == [[low, low, high, low, high]]
    assert act.eval()(x).tolist() == [[-1.0, -1.0, 1.0, -1.0, 1.0]]
    act.train().alpha.data.zero_()
    act(x.requires_grad_()).sum().backward()
    assert bool(x.grad.isfinite().all()) and bool(act.alpha.grad.isfinite())


def test_weight_set_and_its_three_ways_of_gradient() -> None:
    w = (torch.randn(4, 30, dtype=torch.float64) + 0.5).requires_grad_()
    twin = w.detach().clone().requires_grad_()
    dy = torch.randn(4, 30, dtype=torch.float64)
    quantizer = EqualisedQuant(1e-3, 1e1)
    quantizer.set_progress(2, 3)
    alpha, beta = equalised(w)
    s = quantizer(w)[0]
    (alpha * s + beta).backward(dy)
    mean, std = twin.mean(1, keepdim=True), twin.std(1, keepdim=True, correction=0)
    v = (twin - mean) / std
    soft = quantizer.k.double() * torch.tanh(quantizer.t.double() * v)
    hard = soft + (sign(v) - soft).detach()
    (std * hard + mean).backward(dy)
    torch.testing.assert_close(alpha * s + beta, std * sign(v) + mean)
    torch.testing.assert_close(w.grad, twin.grad, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, -3.7])
@pytest.mark.parametrize("shape", [(2, 27), (2, 1), (1, 3, 3, 3)])
def test_constant_filter_keeps_its_value_and_is_finite(value: float, shape: tuple) -> None:
    w = torch.full(shape, value).requires_grad_()
    alpha, beta = equalised(w)
    values = alpha * EqualisedQuant()(w)[0] + beta
    values.sum().backward()
    torch.testing.assert_close(values, w, atol=1e-7, rtol=1e-5)
    assert bool(w.grad.isfinite().all()) and w.grad.abs().max() < 1000
    assert bool((beta / alpha).isfinite().all())


def test_maxout_and_its_gradient() -> None:
    maxout = Maxout(3).double()
    x = torch.randn(20, 3, 2, dtype=torch.float64, requires_grad=True)
    dy = torch.randn(20, 3, 2, dtype=torch.float64)
    y = maxout(x)
    y.backward(dy)
    torch.testing.assert_close(y, F.leaky_relu(x, 0.25))
    torch.testing.assert_close(x.grad, dy * torch.where(x > 0, 1.0, 0.25))
    torch.testing.assert_close(maxout.p.grad, (dy * x.clamp_min(0)).sum((0, 2)))
    torch.testing.assert_close(maxout.n.grad, (dy * x.clamp_max(0)).sum((0, 2)))


@pytest.mark.parametrize("training", [True, False])
def test_monotone_maxout_never_has_slopes_of_two_signs(training: bool) -> None:
    p, n = torch.tensor([1.0, 1.0, -1.0, -1.0, 0.0]), torch.tensor([0.2, -0.2, 0.2, -0.2, -1.0])
    for monotone, want in ((True, [0.2, 0.0, 0.0, -0.2, -1.0]), (False, n.tolist())):
        maxout = Maxout(5, monotone).train(training)
        maxout.p.data, maxout.n.data = p.clone(), n.clone()
        maxout(torch.randn(4, 5))
        assert maxout.slopes()[1].tolist() == pytest.approx(want)
    assert bool((p * maxout.slopes()[1] < 0).any())  # what "free" allows


def test_maxout_and_set_are_one_threshold() -> None:
    slopes = torch.tensor([-2.0, -0.5, 0.0, 0.5, 2.0])
    p, n = torch.meshgrid(slopes, slopes, indexing="ij")
    fits = (p * n >= 0).flatten()
    p, n = p.flatten()[fits], n.flatten()[fits]
    x = torch.arange(-64, 65).float().view(-1, 1).expand(-1, len(p)) / 16
    for beta in (-1.0, 0.0, 1.0):
        act = SetSign("paper", Maxout(len(p))).eval()
        act.maxout.p.data, act.maxout.n.data, act.beta.data = p, n, torch.tensor(beta)
        assert torch.equal(act(x), sign(act.maxout(x) - beta)), beta
        act.freeze()
        assert torch.equal(act(x), sign(act.maxout(x) - beta)), beta


@pytest.mark.parametrize("pad_value", [-1.0, 0.0, 1.0])
def test_pad_is_a_value_of_the_set_with_its_gradient_or_0(pad_value: float) -> None:
    quant = QuantConfig("adabin", form="code")
    act = SetSign("code")
    act.alpha.data, act.beta.data = torch.tensor(0.6), torch.tensor(0.4)
    layer = method(quant, pad_value).conv(2, 3, 3, 1, 1, act)
    x = torch.randn(2, 2, 4, 4)
    y = layer(act(x))
    values = F.pad(act(x), (1,) * 4, value=float("nan"))
    half, offset = act.values()
    edge = offset + pad_value * half if pad_value else torch.zeros(())
    values = torch.where(values.isnan(), edge, values)
    alpha, beta = equalised(layer.match.weight)
    s = sign(layer.match.weight - beta)
    torch.testing.assert_close(y, F.conv2d(values, alpha * s + beta))
    grads = [
        torch.autograd.grad(v.square().sum(), act.beta)
        for v in (y, F.conv2d(values, alpha * s + beta))
    ]
    torch.testing.assert_close(*grads)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("pad", "pad_value"), [(0, -1.0), (1, -1.0), (1, 1.0), (1, 0.0), (2, 0.0)])
def test_evaluation_computes_the_function_that_was_trained(
    form: str, pad: int, pad_value: float
) -> None:
    kind: Method = method(QuantConfig("adabin", form=form), pad_value)
    act = kind.sign(3)
    act.alpha.data, act.beta.data = torch.tensor(0.8), torch.tensor(-0.3)
    conv = kind.conv(3, 5, 3, 2, pad, act)
    conv.match.weight.data += 0.05
    x = torch.randn(4, 3, 7, 7)
    want = conv(act(x))
    act.eval(), conv.eval()
    torch.testing.assert_close(conv(act(x)), want, atol=ATOL, rtol=1e-5)
    plain = kind.input_sign()
    first = kind.linear(9, 4, plain)
    x = torch.randn(6, 9)
    want = first(plain(x))
    first.eval()
    torch.testing.assert_close(first(plain(x)), want, atol=ATOL, rtol=1e-5)


def test_two_sums_are_added_without_rounding() -> None:
    for taps in (9, 576, 4608):
        ratio = torch.cat([torch.randn(50), torch.randn(50) * 1000, torch.tensor([0.0])])
        found = exact_ratio(ratio, taps)
        p, q = torch.randint(-taps, taps + 1, (2, 200, 1)).double()
        wide = p + q * found.double()
        assert torch.equal(p.float() + q.float() * found, wide.float())
        assert torch.equal(wide.float().double(), wide)
        error = (found - ratio).abs()
        assert (error <= torch.clamp_min(ratio.abs() * taps * 2.0**-22, 2.0**-11)).all()
    assert exact_ratio(torch.tensor([0.3]), 64).item() == round(0.3 * 4096) / 4096


def network(quant: QuantConfig) -> nn.Module:
    """A trained-looking network: nothing at its initial value, some slopes falling."""
    torch.manual_seed(5)
    model = models.build(ModelConfig((9, 7), 25, 128, 3), quant)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            nn.init.normal_(module.weight), nn.init.normal_(module.bias)
            module.running_mean.normal_(0, 0.3), module.running_var.uniform_(0.1, 9)
        elif isinstance(module, SetSign) and module.maxout is not None:
            module.alpha.data, module.beta.data = torch.tensor(0.7), torch.tensor(-0.2)
            module.maxout.p.data.uniform_(0.3, 1), module.maxout.n.data.uniform_(0.1, 0.4)
            module.maxout.p.data[:3] *= -1
            module.maxout.n.data[:3] *= -1
        elif isinstance(module, AdaLayer):
            module.match.weight.data += 0.1
    return model.eval()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("maxout", ["monotone", "free"])
def test_export_is_bits_and_equal(tmp_path: Path, form: str, maxout: str) -> None:
    model = network(QuantConfig("adabin", form=form, maxout=maxout))
    before = copy.deepcopy(model.state_dict())
    x = np.random.default_rng(3).integers(0, 256, (70, 25), np.uint8)
    export.write_qonnx(export.deployed(model), 25, tmp_path / "m.onnx")
    result = export.compare(model, tmp_path / "m.onnx", x)
    assert result["equal_labels"] == 70
    assert result["equal_products"] == 70 * (9 + 7 + 3 + 3)  # and three sums of the activations
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_first_layer_is_behind_a_plain_sign() -> None:
    model = models.build(ModelConfig((9, 7), 25, 128, 3), QuantConfig("adabin"))
    assert isinstance(model.body[0], InputSign)
    alpha, gamma = model.body[1].activation_set()
    assert (alpha.item(), gamma.item()) == (1.0, 0.0)
