# SPDX-License-Identifier: Apache-2.0
"""What the ranks of a distributed run share. In a run of one process all of it is the identity."""

from __future__ import annotations

import os
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


def world() -> int:
    """How many ranks there are."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """The number of this one, from 0."""
    return dist.get_rank() if world() > 1 else 0


def first() -> bool:
    """Whether this process writes the files; known before the ranks have met, too."""
    return int(os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0"))) == 0


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        parts = [torch.empty_like(x) for _ in range(world())]
        dist.all_gather(parts, x.contiguous())
        ctx.count = len(x)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        dy = dy.contiguous()
        dist.all_reduce(dy)
        return dy[rank() * ctx.count : (rank() + 1) * ctx.count]


def gather(x: Tensor) -> Tensor:
    """Rows of all ranks, rank 0 first; every rank has to have as many.

    Gradient: the sum over ranks of what reaches a row, sent back to the rank it came from. With a
    loss that each rank takes over its own rows against all rows, and the mean over ranks that DDP
    takes of gradients, that is the gradient of the mean over the whole batch.

    Args:
        x: shape (n, ...).

    Returns:
        Shape (ranks * n, ...).
    """
    if world() == 1:
        return x
    return _Gather.apply(x)  # type: ignore[no-any-return, no-untyped-call]


def total(x: Tensor) -> Tensor:
    """Sum over ranks, without gradient."""
    out = x.detach().clone()
    if world() > 1:
        dist.all_reduce(out)
    return out


def own_rows(count: int) -> slice:
    """Which of `count` rows of a whole batch belong to this rank; `count` is divisible."""
    share = count // world()
    return slice(rank() * share, (rank() + 1) * share)
