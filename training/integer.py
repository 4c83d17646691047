# SPDX-License-Identifier: Apache-2.0
"""What makes a network of 1-bit layers an integer network: 8-bit layers, a fixed-point stream.

All steps are powers of two, so every value is an integer times a known step, and float32 computes
with it exactly as long as the integers stay below 2^24; layers are made so that they do. What is
real, the gain and offset of a batch norm, is applied by one product and one sum per value, each
rounded to float32 (`Norm1d`): torch, NumPy and QONNX agree on every bit of it.
"""

from __future__ import annotations

from typing import Any

import torch
from brevitas.inject import ExtendedInjector
from brevitas.nn import QuantIdentity, QuantLinear
from brevitas.proxy import ActQuantProxyFromInjector, WeightQuantProxyFromInjector
from torch import Tensor, nn

from training.methods import PaddedConv, per_channel
from training.quantizers import Quantized

WEIGHT_BITS = 8
WEIGHT_MAX = 2 ** (WEIGHT_BITS - 1) - 1  # as much below zero as above
EXACT = 1 << 24  # integers of float32


class RoundFunction(torch.autograd.Function):
    """To the nearest multiple of a step, half to even, within a range.

    Forward:  y = step * min(max(round(x / step), low), high).
    Gradient: dx = dy where low <= x / step <= high, else 0.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, step: Tensor, low: int, high: int) -> Tensor:  # noqa: D102
        scaled = x / step
        clamped = scaled.clamp(low, high)
        ctx.save_for_backward(scaled == clamped)
        return clamped.round_().mul_(step)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, None, None, None]:  # noqa: D102
        inside: Tensor = ctx.saved_tensors[0]
        return dy * inside, None, None, None


def to_grid(x: Tensor, step: Tensor, low: int, high: int) -> Tensor:
    """`RoundFunction`."""
    return RoundFunction.apply(x, step, low, high)  # type: ignore[no-any-return, no-untyped-call]


def weight_step(w: Tensor, each: bool) -> Tensor:
    """Smallest power of two that lets 127 steps reach the largest weight; without gradient.

    Args:
        w: weights, shape (out, ...).
        each: a step per output channel, shape (out, 1, ...), or else one of shape ().
    """
    size = w.detach().abs()
    largest = size.flatten(1).amax(1).view(-1, *[1] * (w.dim() - 1)) if each else size.max()
    largest = torch.where(largest > 0, largest, float(WEIGHT_MAX))
    return torch.exp2(torch.ceil(torch.log2(largest / WEIGHT_MAX)))


class IntWeights(nn.Module):
    """8-bit weights, -127 .. 127 times a power of two.

    Args:
        each: a step per output channel.
        step: fixed, in a deployed network; otherwise that of `weight_step`.
    """

    def __init__(self, each: bool, step: Tensor | None = None) -> None:
        super().__init__()
        self.each = each
        self.register_buffer("step", step, persistent=False)
        self.register_buffer("zero", torch.tensor(0.0), persistent=False)
        self.register_buffer("bits", torch.tensor(float(WEIGHT_BITS)), persistent=False)

    step: Tensor | None
    zero: Tensor
    bits: Tensor

    def forward(self, x: Tensor) -> Quantized:
        """Quantize weights of shape (out, ...)."""
        step = weight_step(x, self.each) if self.step is None else self.step
        return to_grid(x, step, -WEIGHT_MAX, WEIGHT_MAX), step, self.zero, self.bits


class GridQuant(nn.Module):
    """Signed fixed point: `bits` in all, `fraction` of them behind the binary point."""

    def __init__(self, bits: int, fraction: int) -> None:
        super().__init__()
        self.low, self.high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        self.register_buffer("step", torch.tensor(2.0**-fraction), persistent=False)
        self.register_buffer("zero", torch.tensor(0.0), persistent=False)
        self.register_buffer("bits", torch.tensor(float(bits)), persistent=False)

    step: Tensor
    zero: Tensor
    bits: Tensor

    def forward(self, x: Tensor) -> Quantized:
        """Quantize values of any shape."""
        return to_grid(x, self.step, self.low, self.high), self.step, self.zero, self.bits


def _weight_injector(each: bool) -> type[ExtendedInjector]:
    class WeightQuant(ExtendedInjector):  # type: ignore[misc]
        proxy_class = WeightQuantProxyFromInjector
        tensor_quant = IntWeights(each)
        signed = True
        narrow_range = True

    return WeightQuant


class Grid(QuantIdentity):  # type: ignore[misc]
    """Values rounded to fixed point (`GridQuant`); leaves as a QONNX Quant node."""

    def __init__(self, width: int, fraction: int) -> None:
        class ActivationQuant(ExtendedInjector):  # type: ignore[misc]
            proxy_class = ActQuantProxyFromInjector
            tensor_quant = GridQuant(width, fraction)
            signed = True
            narrow_range = False
            float_to_int_impl_type = "ROUND"  # QONNX's name for half to even

        super().__init__(act_quant=ActivationQuant)
        self.width, self.fraction = width, fraction


def int_conv(
    inputs: int, outputs: int, kernel: int, stride: int, pad: int, pad_value: float
) -> nn.Module:
    """A convolution without bias of 8-bit weights, a step per output channel."""
    return PaddedConv(
        inputs,
        outputs,
        kernel,
        stride=stride,
        pad=pad,
        pad_value=pad_value,
        weight_quant=_weight_injector(True),
    )


class IntLinear(nn.Module):
    """A matrix of 8-bit weights, one step for all, and a bias that is a multiple of the product's.

    Args:
        inputs, outputs: its size.
        step: of what enters it.
    """

    def __init__(self, inputs: int, outputs: int, step: float) -> None:
        super().__init__()
        self.match = QuantLinear(inputs, outputs, bias=False, weight_quant=_weight_injector(False))
        self.bias, self.step = nn.Parameter(torch.zeros(outputs)), step
        self.constant: Tensor | None = None

    def whole_bias(self) -> Tensor:
        """The bias on the grid of the product, shape (outputs,)."""
        return to_grid(self.bias, self.match.quant_weight().scale * self.step, -EXACT, EXACT)

    def forward(self, x: Tensor) -> Tensor:
        """Scores, shape (N, outputs)."""
        y: Tensor = self.match(x)
        return y + (self.whole_bias() if self.constant is None else self.constant)

    def freeze(self) -> None:
        """Fix the bias, so that an exported graph holds numbers and not their formula."""
        self.constant = self.whole_bias().detach()


def feature_bits(inputs: int) -> int:
    """Widest input, 8 bits at most, whose products with 8-bit weights always stay exact."""
    return next(b for b in range(8, 0, -1) if inputs * WEIGHT_MAX << (b - 1) < EXACT)


class _Frozen:
    """What both norms share: in evaluation one product and one sum, each rounded to float32."""

    constants: tuple[Tensor, Tensor] | None = None

    def gain_offset(self: Any) -> tuple[Tensor, Tensor]:
        """Gain and offset, each of shape (C,)."""
        gain = self.weight / (self.running_var + self.eps).sqrt()
        return gain, self.bias - self.running_mean * gain

    def forward(self: Any, x: Tensor) -> Tensor:
        """Batch statistics in training, running ones in evaluation; shape (N, C, ...)."""
        if self.training:
            y: Tensor = super().forward(x)  # type: ignore[misc]
            return y
        gain, offset = self.constants or self.gain_offset()
        return x * per_channel(gain, x) + per_channel(offset, x)

    def freeze(self) -> None:
        """Fix gain and offset: they leave as two constants."""
        gain, offset = self.gain_offset()
        self.constants = gain.detach(), offset.detach()


class Norm1d(_Frozen, nn.BatchNorm1d):
    """Batch norm of features whose evaluation is the same in every runtime."""


class Norm2d(_Frozen, nn.BatchNorm2d):
    """Batch norm of maps whose evaluation is the same in every runtime."""
