# SPDX-License-Identifier: Apache-2.0
"""Binary quantizers: forward rule, gradient rule and source of each.

Common to all: the sign is never 0 (0 maps to +1, as QONNX BipolarQuant and a hardware comparator
do), activations are exactly -1 or +1 (scale 1.0), and every quantizer is a Brevitas `tensor_quant`:
it returns (value, scale, zero point, bit width), the last being 1, so it leaves as BipolarQuant.

Here is what all methods share; the files named after the methods hold the others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from brevitas.inject import ExtendedInjector
from brevitas.proxy import ActQuantProxyFromInjector, WeightQuantProxyFromInjector
from torch import Tensor, nn

from training.blocks import blocks, into

Quantized = tuple[Tensor, Tensor, Tensor, Tensor]

VARIANCE_MIN = 1e-16  # below it a filter is constant but for rounding: its spread carries nothing


def sign(x: Tensor) -> Tensor:
    """+1 where x >= 0, else -1, in the type of x."""
    if torch._C._get_tracing_state():
        return torch.where(x >= 0, 1.0, -1.0).to(x.dtype)
    out = torch.empty_like(x.detach())
    for x_, y_ in blocks(x.detach(), out):
        into(y_, torch.ge, x_, 0.0).mul_(2).sub_(1)
    return out


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
        out = torch.empty_like(x)
        for x_, dy_, dx_, room in blocks(x, dy, out, scratch=1):
            into(dx_, torch.le, into(room, torch.abs, x_), 1).mul_(dy_)
        return out


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


class FixedQuant(BinaryQuant):
    """Deployed weights: sign(x) * scale with a fixed scale. What BipolarQuant computes."""

    scale: Tensor

    def __init__(self, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale.detach().clone())

    def forward(self, x: Tensor) -> Quantized:
        """Quantize weights, or weights already quantized: the result is the same."""
        return sign(x) * self.scale, self.scale, self.zero, self.one


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

    Walks the model each time: Brevitas may rebuild its quantizers when a state dict is loaded, so
    references to them must not be kept.
    """
    for module in model.modules():
        if isinstance(module, BinaryQuant):
            module.set_progress(epoch, epochs)
