# SPDX-License-Identifier: Apache-2.0
"""AdaBin's layers: values in training; in evaluation two products of bits and one affine map.

Source: Tu et al., AdaBin, ECCV 2022 (arXiv:2208.08084), section 3.2. The form of evaluation is
derived from it here.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from brevitas.nn import QuantConv2d
from torch import Tensor, nn
from torch.nn import functional as F

from training.blocks import pad_with
from training.border import BorderMap
from training.methods import is_sign, padded, per_channel
from training.quantizers import VARIANCE_MIN
from training.sets import SetSign

EXACT_BITS = 23  # of a sum: float32 rounds nothing on the way to it
RATIO_BITS = 12  # of a ratio, behind its point: move no sum of 4,096 taps by more than half
LARGEST_PIXEL = 255  # -255 .. 255 in steps of two are what a layer sees that is behind no binariser
SCORE_BITS = 10  # of the last layer's largest factor: rounds it by less than 0.1 %


def equalised(w: Tensor) -> tuple[Tensor, Tensor]:
    """AdaBin's weight set per output channel.

    Args:
        w: latent weights, shape (out, ...).

    Returns:
        alpha = sqrt(mean (w - beta)^2), the population std, and beta = mean w; both of shape
        (out, 1, ...) and part of the gradient. A constant filter c has no std: its set is
        {-|c|, |c|}, beta = 0, which gives the same weights and keeps beta / alpha finite.
    """
    flat = w.flatten(1)
    beta = flat.mean(1)
    variance = (flat - beta[:, None]).square().mean(1)
    constant = variance <= VARIANCE_MIN
    spread = torch.where(constant, 1.0, variance).sqrt()
    alpha = torch.where(constant, beta.abs().clamp_min(1e-8), spread)
    shape = (-1, *[1] * (w.dim() - 1))
    return alpha.view(shape), torch.where(constant, 0.0, beta).view(shape)


class AdaLayer(nn.Module):
    """A matrix layer or convolution of AdaBin behind a binariser.

    Training:   y = conv(a, alpha_w * s + beta_w), a the values of the activation set.
    Evaluation: y = A * (s . u + R * sum(u)) + K per output channel, u the bits of the activations,
                A = alpha_w * alpha_a, R = beta_w / alpha_w rounded to `RATIO_BITS`,
                K = alpha_w * gamma_a * sum(s) + beta_w * gamma_a * taps. So what is in brackets is
                exact, the rest of the layer follows its order, and integers can decide alike.
    Padding: with pad_value -1 or +1 the lower or the upper value of the set, a bit as any other.
             With 0 the number 0, PyTorch's usual padding: both products leave those taps out, and
             K counts the others, so it depends on the pixel's distance from the border.
    Source:     derived from the paper's sets; sum(u) is shared by all output channels.
    """

    def __init__(
        self, match: Any, total: Any, behind: nn.Module, pad: int = 0, pad_value: float = -1.0
    ) -> None:
        super().__init__()
        self.match, self.total, self.pad, self.pad_value = match, total, pad, pad_value
        self.total.weight.requires_grad_(False).fill_(1.0)
        self._behind = [behind]  # a list: not a child of this layer
        self.constants: tuple[Tensor, Tensor, Tensor] | None = None

    def activation_set(self) -> tuple[Tensor, Tensor]:
        """alpha_a and gamma_a; a plain sign in front has 1 and 0."""
        behind = self._behind[0]
        if isinstance(behind, SetSign):
            return behind.values()
        one = torch.ones((), device=self.match.weight.device)
        return one, torch.zeros_like(one)

    def forward(self, x: Tensor) -> Tensor:
        """Values of the set in training, bits in evaluation; shape (N, in, ...)."""
        if self.training:
            return self._train(x)
        scale, ratio, rest = self.constants or self._constants()
        if self.pad and self.pad_value == 0:
            rest = BorderMap.apply(x, rest, self.match)  # type: ignore[no-untyped-call]
        else:
            x = padded(x, self.pad, self.pad_value)
            rest = per_channel(rest, x)
        s_u: Tensor = self.match(x)
        total: Tensor = self.total(x)
        return self._join(s_u, total, per_channel(scale, s_u), per_channel(ratio, s_u)) + rest

    def _join(self, s_u: Tensor, total: Tensor, scale: Tensor, ratio: Tensor) -> Tensor:
        return (s_u + total * ratio) * scale

    def _train(self, x: Tensor) -> Tensor:
        w = self.match.weight
        alpha_w, beta_w = equalised(w)
        values = alpha_w * self.match.weight_quant(w).value + beta_w
        alpha_a, gamma_a = self.activation_set()
        behind = self._behind[0]
        if isinstance(behind, SetSign) and not behind.training:  # frozen: it puts out bits
            x = x * alpha_a + gamma_a
        if isinstance(self.match, QuantConv2d):
            own = self.match.padding
            if self.pad and not any(own):
                x = pad_with(x, gamma_a + self.pad_value * alpha_a, self.pad)
            y: Tensor = F.conv2d(x, values, stride=self.match.stride, padding=own)
            return y
        return F.linear(x, values)

    @torch.no_grad()
    def _constants(self) -> tuple[Tensor, Tensor, Tensor]:
        w = self.match.weight
        alpha_w, beta_w = (v.flatten() for v in equalised(w))
        alpha_a, gamma_a = self.activation_set()
        bits = self.match.weight_quant(w).value
        most = w[0].numel() * (1 if is_sign(self._behind[0]) else LARGEST_PIXEL)
        scale, ratio = alpha_w * alpha_a, exact_ratio(beta_w / alpha_w, most)
        if self.pad and self.pad_value == 0:  # K of every tap
            wide = (-1, 1, 1)
            per_tap = alpha_w.view(wide) * bits.sum(1) + beta_w.view(wide) * w.shape[1]
            return scale, ratio, gamma_a * per_tap
        return scale, ratio, gamma_a * (alpha_w * bits.flatten(1).sum(1) + beta_w * w[0].numel())

    def freeze(self) -> None:
        """Fix the constants, before export replaces the latent weights by their bits."""
        self.constants = self._constants()


class AdaScores(AdaLayer):
    """AdaBin's last layer together with the norm of its scores.

    Training:   norm(y), y as in AdaLayer.
    Evaluation: A * (s . u) + B * sum(u) + K, norm included, the three rounded to multiples of one
                2^-k: `SCORE_BITS` bits for the largest factor, fewer where a sum would not be exact
                in float32. So scores are integers, and hardware compares the very same.
    """

    def __init__(self, match: Any, total: Any, behind: nn.Module, norm: nn.Module) -> None:
        super().__init__(match, total, behind)
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        """Scores, shape (N, classes), of set values in training, of bits in evaluation."""
        y: Tensor = super().forward(x)
        return self.norm(y) if self.training else y

    def _join(self, s_u: Tensor, total: Tensor, scale: Tensor, share: Tensor) -> Tensor:
        return s_u * scale + total * share

    @torch.no_grad()
    def _constants(self) -> tuple[Tensor, Tensor, Tensor]:
        scale, ratio, rest = super()._constants()
        gain, offset = gain_offset(self.norm)
        scale, rest = scale * gain, rest * gain + offset
        share = scale * ratio
        factor = torch.maximum(scale.abs(), share.abs())
        largest = float((self.match.weight[0].numel() * (scale.abs() + share.abs())).max())
        exact = largest + float(rest.abs().max())  # below 2^24 steps, roundings included
        steps = (float(factor.max()) * 2 ** (1 - SCORE_BITS), exact * 2.0**-EXACT_BITS)
        step = 2.0 ** math.ceil(math.log2(max(*steps, 1e-30)))
        return tuple(torch.round(v / step) * step for v in (scale, share, rest))  # type: ignore[return-value]


def exact_ratio(ratio: Tensor, most: int) -> Tensor:
    """Ratios to `RATIO_BITS` behind the point; to fewer where a sum would not be exact in float32.

    Args:
        ratio: shape (out,).
        most: largest sum of either kind.
    """
    whole = torch.ceil(torch.log2(most * (1 + ratio.abs())))
    steps = torch.exp2(torch.clamp_max(EXACT_BITS - whole, RATIO_BITS))
    return torch.round(ratio * steps) / steps


def gain_offset(norm: nn.Module) -> tuple[Tensor | float, Tensor | float]:
    """Gain and offset of a norm in evaluation; of no norm, 1 and 0."""
    if isinstance(norm, nn.Identity):
        return 1.0, 0.0
    known: Any = norm
    gain = known.weight / (known.running_var + known.eps).sqrt()
    return gain, known.bias - known.running_mean * gain
