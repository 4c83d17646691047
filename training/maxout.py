# SPDX-License-Identifier: Apache-2.0
"""AdaBin's nonlinearity, which ends as a threshold where a sign stands behind it.

Source: Tu et al., AdaBin, ECCV 2022 (arXiv:2208.08084), section 3.4.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from training.blocks import along, blocks, channel_sum, into
from training.methods import per_channel


def maxout(x: Tensor, p: Tensor, n: Tensor) -> Tensor:
    """Maxout of values; slopes shaped to multiply x."""
    above = x.relu()
    return torch.mul(x - above, n).addcmul_(above, p)


class MaxoutFunction(torch.autograd.Function):
    """y = p * x where x > 0, n * x elsewhere; a third of the passes over memory of its parts."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, p: Tensor, n: Tensor) -> Tensor:  # noqa: D102
        ctx.save_for_backward(x, p, n)
        y, p, n = torch.empty_like(x), along(p, x), along(n, x)
        for x_, y_, room in blocks(x, y, scratch=1):
            above = into(room, torch.clamp_min, x_, 0)
            into(y_, torch.sub, x_, above).mul_(n).addcmul_(above, p)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # noqa: D102
        x, p, n = ctx.saved_tensors
        dx, dps, alls = torch.empty_like(x), [], []
        n, more = along(n, x), along(p - n, x)
        for x_, dy_, dx_, above, both in blocks(x, dy, dx, scratch=2, dtype=p.dtype):
            wide = x_.to(p.dtype)
            positive = into(above, torch.ge, wide, 0.0)  # at 0 itself dp and dn are 0 anyway
            into(dx_, torch.addcmul, n, positive, more).mul_(dy_)
            both = into(both, torch.mul, wide, dy_)
            alls.append(channel_sum(both))
            dps.append(channel_sum(positive.mul_(both)))
        dp = torch.stack(dps).sum(0)
        return dx, dp, torch.stack(alls).sum(0) - dp


class Maxout(nn.Module):
    """AdaBin's nonlinearity: y = p * max(x, 0) - n * max(-x, 0), p and n learned per channel.

    With `monotone` n * p >= 0 holds: where a step broke it, n is put back to 0. Without it a
    channel may become a V, whose sign is an interval test and no threshold.

    Gradient: dx = p where x >= 0, n where x < 0; dp = max(x, 0), dn = -max(-x, 0), summed.
    """

    def __init__(self, channels: int, monotone: bool = True) -> None:
        super().__init__()
        self.monotone = monotone
        self.p = nn.Parameter(torch.full((channels,), 1.0))
        self.n = nn.Parameter(torch.full((channels,), 0.25))

    def slopes(self) -> tuple[Tensor, Tensor]:
        """Slopes p and n, each of shape (C,), as they count."""
        if not self.monotone:
            return self.p, self.n
        broken = self.n.detach() * self.p.detach() < 0
        if self.training:
            with torch.no_grad():
                self.n.masked_fill_(broken, 0.0)
            return self.p, self.n
        return self.p, self.n.masked_fill(broken, 0.0)

    def forward(self, x: Tensor) -> Tensor:
        """Values of shape (N, C, ...)."""
        p, n = self.slopes()
        if not self.training:
            return maxout(x, per_channel(p, x), per_channel(n, x))
        y: Tensor = MaxoutFunction.apply(x, p, n)  # type: ignore[no-untyped-call]
        return y

    @torch.no_grad()
    def threshold(self, beta: Tensor) -> tuple[Tensor, Tensor]:
        """Gain and offset with (y >= beta) = (gain * x + offset >= 0); needs `monotone`.

        Args:
            beta: threshold of y, one number.

        Returns:
            gain, -1, 0 or +1, and offset, each of shape (C,).
        """
        p, n = self.slopes()
        falling = (p < 0) | (n < 0)
        slope = torch.where(falling ^ (beta > 0), p, n)  # of the side on which y crosses beta
        flat = slope == 0
        cut = beta / torch.where(flat, 1.0, slope)
        gain = torch.where(falling, -1.0, 1.0)
        constant = torch.where(beta > 0, -1.0, 1.0)  # y never, or always, reaches beta
        return torch.where(flat, 0.0, gain), torch.where(flat, constant, -gain * cut)
