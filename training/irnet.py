# SPDX-License-Identifier: Apache-2.0
"""IR-Net: Libra parameter binarisation of weights, error decay estimator for every sign.

Source: Qin et al., Forward and Backward Information Retention for Accurate Binary Neural
Networks, CVPR 2020 (arXiv:1909.10788).
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from training.blocks import blocks, into
from training.methods import Method, register
from training.quantizers import VARIANCE_MIN, BinaryQuant, Quantized, sign


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
        dx, slope = torch.empty_like(x), k * t
        for x_, dy_, dx_, room in blocks(x, dy, dx, scratch=1):
            soft = into(room, torch.mul, x_, t).tanh_()
            into(dx_, torch.mul, soft.square_().neg_().add_(1).mul_(slope), dy_)
        return dx, None, None


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


@register
class IrNet(Method):
    """IR-Net: Libra weights, EDE signs, Hardtanh in front of them."""

    name = "irnet"

    def weight_quant(self) -> BinaryQuant:
        """Libra-PB."""
        return LibraQuant(self.quant.t_min, self.quant.t_max)

    def act_quant(self) -> BinaryQuant:
        """EDE sign."""
        return EdeQuant(self.quant.t_min, self.quant.t_max)

    def nonlinearity(self, channels: int) -> nn.Module:
        """What bounds the activations: EDE itself does not."""
        return nn.Hardtanh()
