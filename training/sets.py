# SPDX-License-Identifier: Apache-2.0
"""AdaBin's activation set: a module, and its functions, alone and with Maxout in front of it.

Source: Tu et al., AdaBin, ECCV 2022 (arXiv:2208.08084), sections 3.3 and 3.4. Both are computed
block by block (blocks.py), in the type of the parameters where the activations' is narrower.
"""

from __future__ import annotations

from typing import Any

import torch
from brevitas.nn import QuantIdentity
from torch import Tensor, nn

from training.blocks import along, blocks, channel_sum, into
from training.maxout import Maxout
from training.methods import per_channel
from training.quantizers import BinaryQuant, activation_injector

ALPHA_MIN = 1e-4  # an activation set keeps two values


class SetFunction(torch.autograd.Function):
    """The activation set, with z = (x - beta) / alpha, f = sign(z), f' = max(2 - 2 |z|, 0).

    Paper form: y = alpha * f + beta. dx = f', dbeta = 1 - f', dalpha = f - z * f'.
    Code form:  y = alpha * (f + beta). dx = f', dbeta = alpha - f', dalpha = f + beta - z * f'.
    Each times dy; alpha and beta are one number per layer, so theirs are summed.
    """

    @staticmethod
    def forward(  # noqa: D102
        ctx: Any, x: Tensor, alpha: Tensor, beta: Tensor, code: bool
    ) -> Tensor:
        ctx.save_for_backward(x, alpha, beta)
        ctx.code = code
        y, (width, low) = torch.empty_like(x), _values(alpha, beta, code)
        for x_, y_ in blocks(x, y):
            into(y_, torch.ge, x_, beta).mul_(width).add_(low)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:  # noqa: D102
        x, alpha, beta = ctx.saved_tensors
        dx, per, sums, products = torch.empty_like(x), 1 / alpha, [], []
        for x_, dy_, dx_, z, room in blocks(x, dy, dx, scratch=2, dtype=alpha.dtype):
            wide = x_.to(alpha.dtype)
            z = into(z, torch.sub, wide, beta).mul_(per)
            g, found = _through(z, dy_.to(alpha.dtype), room)
            into(dx_, torch.mul, g, 2)
            sums.append(found)
            products.append(g.mul_(wide).sum())
        product = torch.stack(products).sum()
        return dx, *_set_gradients(sums, product, alpha, beta, ctx.code), None


class MaxoutSetFunction(torch.autograd.Function):
    """`SetFunction` of Maxout, m = p * x where x > 0, n * x elsewhere: values and all gradients.

    dm = dy * f'; dx = dm * p where x >= 0, dm * n elsewhere; dp = dm * max(x, 0) and
    dn = dm * min(x, 0), summed per channel. The sum of m * dm, which alpha's gradient needs, is
    that of p * dp + n * dn. z is computed again, not kept.
    """

    @staticmethod
    def forward(  # noqa: D102
        ctx: Any, x: Tensor, p: Tensor, n: Tensor, alpha: Tensor, beta: Tensor, code: bool
    ) -> Tensor:
        ctx.save_for_backward(x, p, n, alpha, beta)
        ctx.code = code
        y, bends = torch.empty_like(x), _bends(x, p, n, alpha, beta)
        width, low = (along(value.expand_as(p), x) for value in _values(alpha, beta, code))
        for x_, y_, z, room in blocks(x, y, scratch=2, dtype=p.dtype):
            above = _bent(x_.to(p.dtype), *bends, z, room).ge_(0.0)
            into(y_, torch.addcmul, low, above, width)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:  # noqa: D102
        x, p, n, alpha, beta = ctx.saved_tensors
        dx, bends, sums, dps, alls = torch.empty_like(x), _bends(x, p, n, alpha, beta), [], [], []
        below, more = along(2 * n, x), along(2 * (p - n), x)
        for x_, dy_, dx_, z, room, third in blocks(x, dy, dx, scratch=3, dtype=p.dtype):
            wide = x_.to(p.dtype)
            g, found = _through(_bent(wide, *bends, z, room), dy_.to(p.dtype), room)
            sums.append(found)
            g_above = into(room, torch.ge, wide, 0.0).mul_(g)
            into(dx_, torch.addcmul, into(third, torch.mul, g, below), g_above, more)
            alls.append(channel_sum(g.mul_(wide)))
            dps.append(channel_sum(g_above.mul_(wide)))
        dp = torch.stack(dps).sum(0)
        dn = torch.stack(alls).sum(0) - dp
        product = (p * dp + n * dn).sum()
        both = _set_gradients(sums, product, alpha, beta, ctx.code)
        return dx, 2 * dp, 2 * dn, *both, None


def _values(alpha: Tensor, beta: Tensor, code: bool) -> tuple[Tensor, Tensor]:
    """How far apart the two values of a set are, and the lower one."""
    return 2 * alpha, (alpha * beta if code else beta) - alpha


def _bends(
    x: Tensor, p: Tensor, n: Tensor, alpha: Tensor, beta: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Numbers per channel of `_bent`, shaped to multiply x."""
    half = 0.5 / alpha
    start = (-beta / alpha).expand_as(p)
    return along(start, x), along((p + n) * half, x), along((p - n) * half, x)


def _bent(x: Tensor, start: Tensor, slope: Tensor, bend: Tensor, z: Tensor, room: Tensor) -> Tensor:
    """Maxout's z: start + slope * x + bend * |x|; `room` is overwritten, too."""
    size = into(room, torch.abs, x)
    return into(z, torch.addcmul, start, x, slope).addcmul_(size, bend)


def _through(z: Tensor, dy: Tensor, room: Tensor) -> tuple[Tensor, Tensor]:
    """A block's way back through the set.

    Args:
        z: overwritten.
        dy: gradient of the values.
        room: overwritten.

    Returns:
        g = dy * f' / 2, in place of z, and three sums: of dy where f is +1, of dy, of g.
    """
    up = into(room, torch.ge, z, 0.0).mul_(dy).sum()
    g = into(z, torch.addcmul, dy, dy, z.clamp_(-1, 1).abs_(), value=-1)
    return g, torch.stack([up, dy.sum(), g.sum()])


def _set_gradients(
    sums: list[Tensor], product: Tensor, alpha: Tensor, beta: Tensor, code: bool
) -> tuple[Tensor, Tensor]:
    """Gradients of alpha and beta from `_through`'s sums of all blocks.

    Args:
        sums: of each block.
        product: sum of x * g, or of m * g.
        alpha: half width of the set.
        beta: its threshold.
        code: form of the set.
    """
    up, down, half_slope = torch.stack(sums).sum(0)
    slope, moment = 2 * half_slope, 2 * (product - beta * half_slope) / alpha  # of f', of z * f'
    d_alpha = 2 * up - down - moment  # sum of dy * f is 2 * up - down
    if code:
        return d_alpha + beta * down, alpha * down - slope
    return d_alpha, down - slope


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
