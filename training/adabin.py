# SPDX-License-Identifier: Apache-2.0
"""AdaBin: weights and activations take two values of their own, {b1, b2}, instead of -1 and +1.

Source: Tu et al., AdaBin: Improving Binary Neural Networks with Adaptive Binary Sets, ECCV 2022
(arXiv:2208.08084). Two forms of the activation set exist, see `SetSign`.

Training computes with the values themselves. Evaluation computes what hardware does: bits u, s of
-1 and +1, two products that are exact integers, and one affine map per output (adalayers.py). Both
are the same function but for the rounding of one ratio; a test compares them.
"""

from __future__ import annotations

import torch
from brevitas.nn import QuantConv2d, QuantLinear
from torch import Tensor, nn

from training.adalayers import AdaLayer, AdaScores, equalised
from training.irnet import EdeQuant
from training.maxout import Maxout
from training.methods import Method, register
from training.quantizers import BinaryQuant, Quantized, sign, weight_injector
from training.sets import SetSign


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
