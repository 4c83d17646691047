# SPDX-License-Identifier: Apache-2.0
"""AdaBin's activation set as an autograd function: alone, and with Maxout in front of it.

Source: Tu et al., AdaBin, ECCV 2022 (arXiv:2208.08084), sections 3.3 and 3.4. Both are computed
block by block (blocks.py), in the type of the parameters where the activations' is narrower.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from training.blocks import along, blocks, channel_sum, into
from training.maxout import maxout
from training.quantizers import at_least


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
        dx, per_half, sums = torch.empty_like(x), 2 / alpha, []
        for x_, dy_, dx_ in blocks(x, dy, dx):
            z2 = (x_.to(alpha.dtype) - beta).mul_(per_half)
            g, found = _through(z2, dy_.to(alpha.dtype))
            dx_.copy_(g)
            sums.append(found)
        return dx, *_set_gradients(sums, alpha, beta, ctx.code), None


class MaxoutSetFunction(torch.autograd.Function):
    """`SetFunction` of Maxout, m = p * x where x > 0, n * x elsewhere: values and all gradients.

    dm = dy * f'; dx = dm * p where x >= 0, dm * n elsewhere; dp = dm * max(x, 0) and
    dn = dm * min(x, 0), summed per channel. m is computed again, not kept.
    """

    @staticmethod
    def forward(  # noqa: D102
        ctx: Any, x: Tensor, p: Tensor, n: Tensor, alpha: Tensor, beta: Tensor, code: bool
    ) -> Tensor:
        ctx.save_for_backward(x, p, n, alpha, beta)
        ctx.code = code
        y, (width, low) = torch.empty_like(x), _values(alpha, beta, code)
        p, n = along(p, x), along(n, x)
        for x_, y_ in blocks(x, y):
            m, _, _ = maxout(x_.to(p.dtype), p, n)
            into(y_, torch.ge, m, beta).mul_(width).add_(low)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:  # noqa: D102
        x, p, n, alpha, beta = ctx.saved_tensors
        dx, per_half, sums, dps, dns = torch.empty_like(x), 2 / alpha, [], [], []
        p, n, more = along(p, x), along(n, x), along(p - n, x)
        for x_, dy_, dx_ in blocks(x, dy, dx):
            m, above, below = maxout(x_.to(p.dtype), p, n)
            g, found = _through(m.sub_(beta).mul_(per_half), dy_.to(p.dtype))
            sums.append(found)
            dps.append(channel_sum(above.mul_(g)))
            dns.append(channel_sum(below.mul_(g)))
            slope = torch.addcmul(n, at_least(x_, 0.0).to(p.dtype), more)
            into(dx_, torch.mul, slope, g)
        dp, dn = torch.stack(dps).sum(0), torch.stack(dns).sum(0)
        return dx, dp, dn, *_set_gradients(sums, alpha, beta, ctx.code), None


def _values(alpha: Tensor, beta: Tensor, code: bool) -> tuple[Tensor, Tensor]:
    """How far apart the two values of a set are, and the lower one."""
    return 2 * alpha, (alpha * beta if code else beta) - alpha


def _through(z2: Tensor, dy: Tensor) -> tuple[Tensor, Tensor]:
    """A block's way back through the set.

    Args:
        z2: 2 * z, overwritten.
        dy: gradient of the values.

    Returns:
        g = dy * f', and four sums: of dy where f is +1, of dy, of g, of 2 * z * g.
    """
    up = at_least(z2, 0.0).mul_(dy).sum()
    g = torch.rsub(z2.abs(), 2).clamp_min_(0).mul_(dy)
    return g, torch.stack([up, dy.sum(), g.sum(), z2.mul_(g).sum()])


def _set_gradients(
    sums: list[Tensor], alpha: Tensor, beta: Tensor, code: bool
) -> tuple[Tensor, Tensor]:
    """Gradients of alpha and beta from `_through`'s sums of all blocks."""
    up, down, slope, moment2 = torch.stack(sums).sum(0)
    d_alpha = 2 * up - down - 0.5 * moment2  # sum of dy * f is 2 * up - down
    if code:
        return d_alpha + beta * down, alpha * down - slope
    return d_alpha, down - slope
