# SPDX-License-Identifier: Apache-2.0
"""Binary quantizers by name: forward rule, gradient rule and source of each.

Common to all: the sign is never 0 (0 maps to +1, as QONNX BipolarQuant and a hardware comparator
do), activations are exactly -1 or +1 (scale 1.0), and every quantizer is a Brevitas `tensor_quant`:
it returns (value, scale, zero point, bit width), the last being 1, so it leaves as BipolarQuant.

A further method is a module of its own that calls `register`; nothing else has to change.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from brevitas.inject import ExtendedInjector
from brevitas.proxy import ActQuantProxyFromInjector, WeightQuantProxyFromInjector
from torch import Tensor, nn

from flows.errors import FlowError

Quantized = tuple[Tensor, Tensor, Tensor, Tensor]

VARIANCE_MIN = 1e-16  # below it a filter is constant but for rounding: its spread carries nothing


def sign(x: Tensor) -> Tensor:
    """+1 where x >= 0, else -1, in the type of x."""
    return torch.where(x >= 0, 1.0, -1.0).to(x.dtype)


class SteSign(torch.autograd.Function):
    """Sign with the clipped straight-through estimator.

    Forward:  y = +1 where x >= 0, else -1.
    Gradient: dx = dy where |x| <= 1, else 0.
    Source:   Hubara et al., Binarized Neural Networks, NIPS 2016 (arXiv:1602.02830).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # noqa: D102
        ctx.save_for_backward(x)
        return sign(x)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:  # noqa: D102
        x: Tensor = ctx.saved_tensors[0]
        return dy * (x.abs() <= 1)


class EdeSign(torch.autograd.Function):
    """Sign with IR-Net's error decay estimator.

    Forward:  y = +1 where x >= 0, else -1.
    Gradient: dx = dy * k * t * (1 - tanh(t * x)^2): that of k * tanh(t * x).
    Source:   Qin et al., IR-Net, CVPR 2020 (arXiv:1909.10788), section 3.3.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, k: Tensor, t: Tensor) -> Tensor:  # noqa: D102
        ctx.save_for_backward(x, k, t)
        return sign(x)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, None, None]:  # noqa: D102
        x, k, t = ctx.saved_tensors
        return dy * (k * t * (1 - torch.tanh(t * x).square())), None, None


class BinaryQuant(nn.Module):
    """Base of all binary tensor quantizers. Here: clipped STE sign, scale 1."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("one", torch.tensor(1.0), persistent=False)
        self.register_buffer("zero", torch.tensor(0.0), persistent=False)

    one: Tensor
    zero: Tensor

    def surrogate_sign(self, x: Tensor) -> Tensor:
        """Sign with this quantizer's gradient."""
        return SteSign.apply(x)  # type: ignore[no-any-return, no-untyped-call]

    def forward(self, x: Tensor) -> Quantized:
        """Quantize: value = sign(x) * scale."""
        if torch._C._get_tracing_state():
            return sign(x), self.one, self.zero, self.one
        return self.surrogate_sign(x), self.one, self.zero, self.one

    def set_progress(self, epoch: int, epochs: int) -> None:
        """Tell the quantizer that `epoch` (0 .. epochs - 1) is about to start."""


class EdeQuant(BinaryQuant):
    """EDE sign, scale 1. (k, t) follow the epoch and are buffers, so evaluation has them, too.

    t = t_min * (t_max / t_min) ^ (epoch / epochs),  k = max(1 / t, 1).
    Needs a Hardtanh in front when it quantizes activations: EDE itself clips nothing while t < 1.
    """

    k: Tensor
    t: Tensor

    def __init__(self, t_min: float = 1e-1, t_max: float = 1e1) -> None:
        super().__init__()
        self.t_min, self.t_max = t_min, t_max
        self.register_buffer("k", torch.tensor(1.0))
        self.register_buffer("t", torch.tensor(1.0))
        self.set_progress(0, 1)

    def set_progress(self, epoch: int, epochs: int) -> None:
        """Recompute (k, t) from the epoch alone, so that a resumed run has the same ones."""
        t = self.t_min * (self.t_max / self.t_min) ** (epoch / epochs)
        self.t.fill_(t)
        self.k.fill_(max(1 / t, 1.0))

    def surrogate_sign(self, x: Tensor) -> Tensor:
        """Sign with the EDE gradient."""
        return EdeSign.apply(x, self.k, self.t)  # type: ignore[no-any-return, no-untyped-call]


def libra(w: Tensor) -> Tensor:
    """Centre and standardise every filter: Libra parameter binarisation, first half.

    Args:
        w: latent weights, shape (out, ...); statistics are per output channel.

    Returns:
        (w - mean) / std with the unbiased std, same shape. A constant filter, which has no std,
        is only centred. Mean and std are part of the gradient.

    Source: IR-Net (arXiv:1909.10788), section 3.2; authors' code for the unbiased std.
    """
    flat = w.flatten(1)
    centred = flat - flat.mean(1, keepdim=True)
    variance = centred.var(1, keepdim=True, correction=min(1, flat.shape[1] - 1))
    variance = torch.where(variance > VARIANCE_MIN, variance, 1.0)
    return (centred / variance.sqrt()).view_as(w)


def shift_scale(w: Tensor) -> Tensor:
    """IR-Net's scale per output channel: the power of two next to mean |w|, without gradient.

    Args:
        w: standardised weights, shape (out, ...).

    Returns:
        2 ^ round(log2 mean |w|), shape (out, 1, ...); 1 where all weights are zero.
    """
    mean = w.detach().flatten(1).abs().mean(1)
    mean = torch.where(mean > math.sqrt(VARIANCE_MIN), mean, 1.0)
    return torch.exp2(torch.round(torch.log2(mean))).view(-1, *[1] * (w.dim() - 1))


class LibraQuant(EdeQuant):
    """IR-Net weights (Libra-PB).

    Forward:  q = sign(v) * s with v = libra(w), s = shift_scale(v).
    Gradient: EDE through the sign, then exact through mean and std; none through s.
    Export:   BipolarQuant would see w, not v: flows/export.py writes the deployed form first.
    """

    def forward(self, x: Tensor) -> Quantized:
        """Quantize latent weights of shape (out, ...)."""
        v = libra(x)
        scale = shift_scale(v)
        s = sign(v) if torch._C._get_tracing_state() else self.surrogate_sign(v)
        return s * scale, scale, self.zero, self.one


class FixedQuant(BinaryQuant):
    """Deployed weights: sign(x) * scale with a fixed scale. What BipolarQuant computes."""

    scale: Tensor

    def __init__(self, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale.detach().clone())

    def forward(self, x: Tensor) -> Quantized:
        """Quantize weights, or weights already quantized: the result is the same."""
        return sign(x) * self.scale, self.scale, self.zero, self.one


@dataclass(frozen=True)
class Method:
    """How one method quantizes, and what it needs in front of an activation quantizer."""

    name: str
    weight: Callable[..., BinaryQuant]
    activation: Callable[..., BinaryQuant]
    before_activation: Callable[[], nn.Module]  # nn.Identity, or what shapes the gradient there
    options: tuple[str, ...] = ()  # keyword arguments that both quantizers take from [quant]


METHODS: dict[str, Method] = {}


def register(method: Method) -> None:
    """Make a method known to the configuration by its name."""
    METHODS[method.name] = method


register(Method("ste", BinaryQuant, BinaryQuant, nn.Identity))
register(Method("irnet", LibraQuant, EdeQuant, nn.Hardtanh, ("t_min", "t_max")))


def method(name: str) -> Method:
    """The method of this name.

    Raises:
        FlowError: method-name.
    """
    if name not in METHODS:
        raise FlowError(
            "method-name",
            f"no quantizer is called {name!r}",
            "[quant] method of the configuration",
            "one of: " + ", ".join(METHODS),
        )
    return METHODS[name]


def weight_injector(make: Callable[[], BinaryQuant]) -> type[ExtendedInjector]:
    """A Brevitas weight quantizer around the modules that `make` builds, one per layer."""

    class WeightQuant(ExtendedInjector):  # type: ignore[misc]
        proxy_class = WeightQuantProxyFromInjector
        tensor_quant = make()
        signed = True
        narrow_range = True

    return WeightQuant


def activation_injector(make: Callable[[], BinaryQuant]) -> type[ExtendedInjector]:
    """A Brevitas activation quantizer around the modules that `make` builds, one per layer."""

    class ActivationQuant(ExtendedInjector):  # type: ignore[misc]
        proxy_class = ActQuantProxyFromInjector
        tensor_quant = make()
        signed = True
        narrow_range = True

    return ActivationQuant


def set_progress(model: nn.Module, epoch: int, epochs: int) -> None:
    """Tell every quantizer in a model the epoch.

     Walks the model each time: Brevitas may rebuild its quantizers when a state dict is loaded
    , so references to them must not be kept.
    """
    for module in model.modules():
        if isinstance(module, BinaryQuant):
            module.set_progress(epoch, epochs)
