# SPDX-License-Identifier: Apache-2.0
"""ReActNet: a learned shift in front of every sign, mean |w| as scale; also S2-BNN's binariser.

Source: Liu et al., ReActNet: Towards Precise Binary Neural Network with Generalized Activation
Functions, ECCV 2020 (arXiv:2003.03488).
"""

from __future__ import annotations

from typing import Any

import torch
from brevitas.nn import QuantIdentity
from torch import Tensor, nn
from torch.nn import functional as F

from training.blocks import blocks, into
from training.methods import Method, per_channel, register
from training.quantizers import (
    VARIANCE_MIN,
    BinaryQuant,
    activation_injector,
    sign,
)


class PolySign(torch.autograd.Function):
    """Sign with Bi-Real Net's piecewise quadratic estimator.

    Forward:  y = +1 where x >= 0, else -1.
    Gradient: dx = dy * max(2 - 2 |x|, 0).
    Source:   Liu et al., Bi-Real Net, ECCV 2018 (arXiv:1808.00278).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # noqa: D102
        ctx.save_for_backward(x)
        return sign(x)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:  # noqa: D102
        x: Tensor = ctx.saved_tensors[0]
        dx = torch.empty_like(x)
        for x_, dy_, dx_, room in blocks(x, dy, dx, scratch=1):
            slope = into(room, torch.abs, x_).mul_(-2).add_(2).clamp_min_(0)
            into(dx_, torch.mul, slope, dy_)
        return dx


class PolyQuant(BinaryQuant):
    """Activations: `PolySign`, scale 1."""

    def surrogate_sign(self, x: Tensor) -> Tensor:
        """Sign with the piecewise quadratic gradient."""
        return PolySign.apply(x)  # type: ignore[no-any-return, no-untyped-call]


def mean_scale(w: Tensor) -> Tensor:
    """Scale per output channel: mean |w| without gradient, 1 where all weights are zero.

    Args:
        w: latent weights, shape (out, ...).

    Returns:
        Shape (out,).
    """
    mean = w.detach().flatten(1).abs().mean(1)
    return torch.where(mean.square() > VARIANCE_MIN, mean, 1.0)


class ScaledLayer(nn.Module):
    """A layer of weights q = sign(w) * s, s = `mean_scale` (w).

    Forward:  y = s * (sign(w) . x) per output channel: the product itself stays an exact integer.
    Gradient: dw = dq * s where |w| <= 1, else 0; none through s.
    """

    def __init__(self, match: Any) -> None:
        super().__init__()
        self.match = match
        self.scale: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Bits of shape (N, in, ...)."""
        y: Tensor = self.match(x)
        scale = mean_scale(self.match.weight) if self.scale is None else self.scale
        return y * per_channel(scale, y)

    def freeze(self) -> None:
        """Fix the scale, before export replaces the latent weights by their bits."""
        self.scale = mean_scale(self.match.weight)


class ShiftSign(QuantIdentity):  # type: ignore[misc]
    """RSign: sign(x + shift) with a learned shift per channel; in hardware a threshold."""

    def __init__(self, channels: int) -> None:
        super().__init__(act_quant=activation_injector(PolyQuant))
        self.shift = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Signs of x, shape (N, C, ...)."""
        bits: Tensor = super().forward(x + per_channel(self.shift, x))
        return bits


class ShiftPrelu(nn.Module):
    """RPReLU: y = prelu(x - before) + after, shifts and slope (0.25) learned per channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.before = nn.Parameter(torch.zeros(channels))
        self.after = nn.Parameter(torch.zeros(channels))
        self.slope = nn.Parameter(torch.full((channels,), 0.25))

    def forward(self, x: Tensor) -> Tensor:
        """Values of shape (N, C, ...)."""
        x = x - per_channel(self.before, x)
        return F.prelu(x, self.slope) + per_channel(self.after, x)


@register
class ReActNet(Method):
    """ReActNet: mean |w| weights, shifted signs; RPReLU where a shortcut uses its value, too."""

    name = "reactnet"

    def act_quant(self) -> BinaryQuant:
        """Signs with the piecewise quadratic gradient."""
        return PolyQuant()

    def sign(self, channels: int) -> nn.Module:
        """RSign."""
        return ShiftSign(channels)

    def nonlinearity(self, channels: int) -> nn.Module:
        """RPReLU."""
        return ShiftPrelu(channels)

    def activation(self, channels: int) -> list[nn.Module]:
        """RSign alone: in front of a sign, and nothing else, RPReLU is one more shift."""
        return [self.sign(channels)]

    def linear(self, inputs: int, outputs: int, sign: nn.Module) -> nn.Module:
        """Signs times mean |w|, or real weights in the first of two steps."""
        match = super().linear(inputs, outputs, sign)
        return match if self.quant.weights == "real" else ScaledLayer(match)

    def conv(
        self, inputs: int, outputs: int, kernel: int, stride: int, pad: int, sign: nn.Module
    ) -> nn.Module:
        """The same for a convolution."""
        match = super().conv(inputs, outputs, kernel, stride, pad, sign)
        return match if self.quant.weights == "real" else ScaledLayer(match)


@register
class Real(Method):
    """The real-valued network of the same shape: ReLU, no signs behind the input's."""

    name = "real"

    def sign(self, channels: int) -> nn.Module:
        """Nothing is binarised."""
        return nn.Identity()

    def nonlinearity(self, channels: int) -> nn.Module:
        """ReLU."""
        return nn.ReLU()

    def linear(self, inputs: int, outputs: int, sign: nn.Module) -> nn.Module:
        """A real-valued layer."""
        return nn.Linear(inputs, outputs, bias=False)

    def conv(
        self, inputs: int, outputs: int, kernel: int, stride: int, pad: int, sign: nn.Module
    ) -> nn.Module:
        """A real-valued convolution, padded with 0."""
        return nn.Conv2d(inputs, outputs, kernel, stride, pad, bias=False)
