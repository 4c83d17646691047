# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from flows.errors import FlowError
from training.config import QuantConfig
from training.irnet import EdeQuant, LibraQuant, libra, shift_scale
from training.methods import method
from training.quantizers import BinaryQuant, FixedQuant, set_progress, sign

POINTS = torch.tensor([-3.0, -1.0, -1e-30, -0.0, 0.0, 1e-30, 0.5, 1.0, 1.5])
SIGNS = torch.tensor([-1.0, -1.0, -1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])


@pytest.mark.parametrize("quantizer", [BinaryQuant(), EdeQuant()])
def test_sign_has_no_zero(quantizer: BinaryQuant) -> None:
    value, scale, zero, bits = quantizer(POINTS)
    assert torch.equal(value, SIGNS)
    assert (scale.item(), zero.item(), bits.item()) == (1.0, 0.0, 1.0)


def test_ste_gradient_is_clipped_identity() -> None:
    x = POINTS.clone().requires_grad_()
    dy = torch.arange(1.0, 10.0)
    BinaryQuant()(x)[0].backward(dy)
    assert x.grad is not None
    assert torch.equal(x.grad, dy * (POINTS.abs() <= 1))


@pytest.mark.parametrize("epoch", [0, 3, 9])
def test_ede_gradient_is_that_of_k_tanh_tx(epoch: int) -> None:
    quantizer = EdeQuant(0.1, 10.0)
    quantizer.set_progress(epoch, 10)
    x = torch.randn(50, dtype=torch.float64).requires_grad_()
    twin = x.detach().clone().requires_grad_()
    dy = torch.randn(50, dtype=torch.float64)
    quantizer(x)[0].backward(dy)
    (quantizer.k.double() * torch.tanh(quantizer.t.double() * twin)).backward(dy)
    torch.testing.assert_close(x.grad, twin.grad, rtol=1e-6, atol=1e-9)


def test_ede_schedule() -> None:
    quantizer = EdeQuant(0.1, 10.0)
    seen = []
    for epoch in (0, 5, 9):
        quantizer.set_progress(epoch, 10)
        seen.append((quantizer.t.item(), quantizer.k.item()))
    assert seen[0] == pytest.approx((0.1, 10.0))
    assert seen[1] == pytest.approx((1.0, 1.0))
    assert seen[2] == pytest.approx((10**0.8, 1.0))
    assert set(quantizer.state_dict()) >= {"k", "t"}  # evaluation has those of the last epoch


def test_set_progress_reaches_every_quantizer() -> None:
    model = torch.nn.ModuleList([EdeQuant(), LibraQuant()])
    set_progress(model, 1, 2)
    assert [m.t.item() for m in model] == pytest.approx([1.0, 1.0])  # type: ignore[union-attr]


def test_libra_forward() -> None:
    w = torch.randn(6, 40) * torch.rand(6, 1) + torch.randn(6, 1)  # biased filters
    v = libra(w)
    centred = w - w.mean(1, keepdim=True)
    torch.testing.assert_close(v, centred / w.std(1, keepdim=True))
    value, scale, _, _ = LibraQuant()(w)
    want = 2.0 ** torch.round(torch.log2(v.abs().mean(1, keepdim=True)))
    assert torch.equal(scale, want)
    assert torch.equal(value, sign(v) * want)
    assert not torch.equal(sign(value), sign(w))


def test_libra_scale_is_a_power_of_two_below_one() -> None:
    heavy = torch.zeros(1, 784)
    heavy[0, 0] = 1.0  # one tap holds everything: mean |v| is about 2 / sqrt(784)
    scale = shift_scale(libra(torch.cat([heavy, torch.randn(3, 784)])))
    assert scale.flatten().tolist() == [2**-4, 1, 1, 1]


def test_libra_gradient_goes_through_mean_and_std_but_not_scale() -> None:
    w = torch.randn(4, 30, dtype=torch.float64).requires_grad_()
    twin = w.detach().clone().requires_grad_()
    dy = torch.randn(4, 30, dtype=torch.float64)
    quantizer = LibraQuant()
    quantizer.set_progress(1, 3)
    value, scale, _, _ = quantizer(w)
    value.backward(dy)
    v = (twin - twin.mean(1, keepdim=True)) / twin.std(1, keepdim=True)
    t, k = quantizer.t.double(), quantizer.k.double()
    (k * torch.tanh(t * v) * scale).backward(dy)
    torch.testing.assert_close(w.grad, twin.grad, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, -3.7])
@pytest.mark.parametrize("shape", [(2, 27), (2, 1), (1, 3, 3, 3)])
def test_constant_filter_is_finite(value: float, shape: tuple[int, ...]) -> None:
    w = torch.full(shape, value).requires_grad_()
    q, scale, _, _ = LibraQuant()(w)
    q.sum().backward()
    assert w.grad is not None
    assert bool((scale > 0).all()) and bool((q.abs() == scale).all())
    assert bool(w.grad.isfinite().all()) and w.grad.abs().max() < 100


def test_fixed_quantizer_keeps_what_it_is_given() -> None:
    q, scale, _, _ = LibraQuant()(torch.randn(5, 20))
    again, scale_again, _, _ = FixedQuant(scale)(q)
    assert torch.equal(q, again) and torch.equal(scale, scale_again)


def test_unknown_method() -> None:
    with pytest.raises(FlowError) as err:
        method(QuantConfig("irnett"))
    assert err.value.code == "method-name" and "irnet" in err.value.hint
