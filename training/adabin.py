# SPDX-License-Identifier: Apache-2.0
"""AdaBin: weights and activations take two values of their own, {b1, b2}, instead of -1 and +1.

Source: Tu et al., AdaBin: Improving Binary Neural Networks with Adaptive Binary Sets, ECCV 2022
(arXiv:2208.08084). Two forms of the activation set exist, see `SetSign`.

Training computes with the values themselves. Evaluation computes what hardware does: bits u, s of
-1 and +1, two products that are exact integers, and one affine map per output (`AdaLayer`). Both
are the same function; a test compares them.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from brevitas.nn import QuantConv2d, QuantIdentity, QuantLinear
from torch import Tensor, nn
from torch.nn import functional as F

from training.blocks import pad_with
from training.border import BorderMap
from training.irnet import EdeQuant
from training.maxout import Maxout
from training.methods import Method, padded, per_channel, register
from training.quantizers import (
    VARIANCE_MIN,
    BinaryQuant,
    Quantized,
    activation_injector,
    sign,
    weight_injector,
)
from training.sets import MaxoutSetFunction, SetFunction

ALPHA_MIN = 1e-4  # an activation set keeps two values
EXACT_BITS = 23  # of a score: float32 rounds none of the sums on the way to it
SCORE_BITS = 10  # of the last layer's largest factor: rounds it by less than 0.1 %


class SetSign(QuantIdentity):  # type: ignore[misc]
    """AdaBin activations: one learned set per layer, threshold beta, half width |alpha|.

    Forward:  training: alpha * sign(x - beta) + gamma, gamma = beta (form "paper", as published)
              or alpha * beta (form "code", as the authors' program computes). Evaluation: u, the
              sign alone; the layer behind it knows the set.
    Gradient: `SetFunction`, `MaxoutSetFunction`. alpha enters as max(|alpha|, 1e-4): in the paper
              form the sign of alpha changes nothing, and hardware needs it positive.
    With `maxout`, that nonlinearity is a part of the module, and in evaluation of the threshold.
    """

    def __init__(self, form: str = "paper", maxout: Maxout | None = None) -> None:
        super().__init__(act_quant=activation_injector(BinaryQuant))
        self.code, self.maxout = form == "code", maxout
        self.alpha = nn.Parameter(torch.tensor(1.0))
        self.beta = nn.Parameter(torch.tensor(0.0))
        self.constants: tuple[Tensor, Tensor] | None = None

    def values(self) -> tuple[Tensor, Tensor]:
        """Half width alpha > 0 and offset gamma of the set {gamma - alpha, gamma + alpha}."""
        alpha = self.alpha.abs().clamp_min(ALPHA_MIN)
        return alpha, alpha * self.beta if self.code else self.beta

    def forward(self, x: Tensor) -> Tensor:
        """Set values in training, -1 and +1 in evaluation."""
        if self.training:
            alpha, _ = self.values()
            args = (alpha, self.beta, self.code)
            if self.maxout is None:
                return SetFunction.apply(x, *args)  # type: ignore[no-any-return, no-untyped-call]
            return MaxoutSetFunction.apply(x, *self.maxout.slopes(), *args)  # type: ignore[no-any-return, no-untyped-call]
        if self.maxout is None or not self.maxout.monotone:
            x = (x if self.maxout is None else self.maxout(x)) - self.beta
        else:
            gain, offset = self.constants or self.maxout.threshold(self.beta.detach())
            if not bool((gain == 1).all()):  # one node less in the exported graph
                x = x * per_channel(gain, x)
            x = x + per_channel(offset, x)
        bits: Tensor = super().forward(x)
        return bits

    def freeze(self) -> None:
        """Fix the thresholds, so that an exported graph holds numbers and not their formula."""
        if self.maxout is not None and self.maxout.monotone:
            self.constants = self.maxout.threshold(self.beta.detach())


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


class EqualisedQuant(EdeQuant):
    """AdaBin weights: the bits s of alpha * s + beta (`equalised`), which AdaLayer applies.

    Forward:  s = sign((w - beta) / alpha).
    Gradient: EDE through the sign, then exact through beta and alpha; AdaLayer adds the two other
              ways, through alpha * s and + beta.
    """

    def forward(self, x: Tensor) -> Quantized:
        """Bits of latent weights, shape (out, ...)."""
        alpha, beta = equalised(x)
        v = (x - beta) / alpha
        s = sign(v) if torch._C._get_tracing_state() else self.surrogate_sign(v)
        return s, self.one, self.zero, self.one


class AdaLayer(nn.Module):
    """A matrix layer or convolution of AdaBin behind a binariser.

    Training:   y = conv(a, alpha_w * s + beta_w), a the values of the activation set.
    Evaluation: y = A * (s . u) + B * sum(u) + K per output channel, u the bits of the activations,
                A = alpha_w * alpha_a, B = beta_w * alpha_a,
                K = alpha_w * gamma_a * sum(s) + beta_w * gamma_a * taps.
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
        scale, share, rest = self.constants or self._constants()
        if self.pad and self.pad_value == 0:
            rest = BorderMap.apply(x, rest, self.match)  # type: ignore[no-untyped-call]
        else:
            x = padded(x, self.pad, self.pad_value)
            rest = per_channel(rest, x)
        s_u: Tensor = self.match(x)
        total: Tensor = self.total(x)
        return s_u * per_channel(scale, s_u) + total * per_channel(share, s_u) + rest

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
        if self.pad and self.pad_value == 0:  # K of every tap
            wide = (-1, 1, 1)
            per_tap = alpha_w.view(wide) * bits.sum(1) + beta_w.view(wide) * w.shape[1]
            return alpha_w * alpha_a, beta_w * alpha_a, gamma_a * per_tap
        rest = gamma_a * (alpha_w * bits.flatten(1).sum(1) + beta_w * w[0].numel())
        return alpha_w * alpha_a, beta_w * alpha_a, rest

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

    @torch.no_grad()
    def _constants(self) -> tuple[Tensor, Tensor, Tensor]:
        scale, share, rest = super()._constants()
        gain, offset = gain_offset(self.norm)
        scale, share, rest = scale * gain, share * gain, rest * gain + offset
        factor = torch.maximum(scale.abs(), share.abs())
        largest = float((self.match.weight[0].numel() * (scale.abs() + share.abs())).max())
        exact = largest + float(rest.abs().max())  # below 2^24 steps, roundings included
        steps = (float(factor.max()) * 2 ** (1 - SCORE_BITS), exact * 2.0**-EXACT_BITS)
        step = 2.0 ** math.ceil(math.log2(max(*steps, 1e-30)))
        return tuple(torch.round(v / step) * step for v in (scale, share, rest))  # type: ignore[return-value]


def gain_offset(norm: nn.Module) -> tuple[Tensor | float, Tensor | float]:
    """Gain and offset of a norm in evaluation; of no norm, 1 and 0."""
    if isinstance(norm, nn.Identity):
        return 1.0, 0.0
    known: Any = norm
    gain = known.weight / (known.running_var + known.eps).sqrt()
    return gain, known.bias - known.running_mean * gain


@register
class AdaBin(Method):
    """AdaBin: equalised weights, learned activation sets, Maxout."""

    name = "adabin"

    def weight_quant(self) -> BinaryQuant:
        """Bits of equalised weights."""
        return EqualisedQuant(self.quant.t_min, self.quant.t_max)

    def sign(self, channels: int) -> nn.Module:
        """A learned set."""
        return SetSign(self.quant.form)

    def nonlinearity(self, channels: int) -> nn.Module:
        """Maxout."""
        return Maxout(channels, self.quant.maxout == "monotone")

    def activation(self, channels: int) -> list[nn.Module]:
        """Maxout and learned set in one, which evaluates them as one threshold."""
        maxout = Maxout(channels, self.quant.maxout == "monotone")
        return [SetSign(self.quant.form, maxout)]

    def _pair(self, inputs: int, outputs: int, sign: nn.Module) -> tuple[nn.Module, nn.Module]:
        total = QuantLinear(inputs, 1, bias=False, weight_quant=weight_injector(BinaryQuant))
        return super().linear(inputs, outputs, sign), total

    def linear(self, inputs: int, outputs: int, sign: nn.Module) -> nn.Module:
        """Equalised weights behind a set or the input's plain sign."""
        return AdaLayer(*self._pair(inputs, outputs, sign), sign)

    def classifier(
        self, inputs: int, outputs: int, sign: nn.Module, norm: nn.Module
    ) -> list[nn.Module]:
        """The last layer and its norm in one, whose evaluation is exact."""
        return [AdaScores(*self._pair(inputs, outputs, sign), sign, norm)]

    def conv(
        self, inputs: int, outputs: int, kernel: int, stride: int, pad: int, sign: nn.Module
    ) -> nn.Module:
        """Equalised convolution, padded with a value of the set or with 0."""
        own = pad if self.pad_value == 0 else 0
        match, total = (
            QuantConv2d(
                inputs, n, kernel, stride=stride, padding=own, bias=False, weight_quant=quant
            )
            for n, quant in (
                (outputs, weight_injector(self.weight_quant)),
                (1, weight_injector(BinaryQuant)),
            )
        )
        return AdaLayer(match, total, sign, pad, self.pad_value)
