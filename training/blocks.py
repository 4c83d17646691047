# SPDX-License-Identifier: Apache-2.0
"""Elementwise functions of activations block by block, and in the layout that the maps have.

A formula of ten steps over a map of 30 MB reads and writes memory ten times. Over a block that
stays in a core's cache it does so once: on a processor that is what a step of training costs
beside its products. On a GPU there is one block.

Layout counts as much: maps have a pixel's channels side by side in training (`convnets.Pixels`). A
gradient in another order makes batch norms, behind it and in front, several times as slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

BLOCK = 1 << 16  # numbers: 256 KiB in float32, so that five or six of them fit into 2 MiB


def blocks(
    *tensors: Tensor, scratch: int = 0, dtype: torch.dtype | None = None
) -> Iterator[tuple[Tensor, ...]]:
    """The same images of several tensors, few enough to stay in the cache.

    Args:
        tensors: shape (N, ...) each, the first one's size decides; at least one dimension.
        scratch: how many tensors of the first one's layout to lend in addition. Memory asked for
            in each block anew is mapped anew, which costs as much as several passes over it.
        dtype: theirs, the first one's if None.

    Yields:
        Views of shape (n, ...), which may be written to; what is lent holds anything.
    """
    first = tensors[0]
    step = max(1, len(first))
    if first.device.type == "cpu" and first.numel() > BLOCK and not torch.compiler.is_compiling():
        step = max(1, BLOCK * len(first) // first.numel())  # the compiler makes its own
    lent = [torch.empty_like(first[:step], dtype=dtype) for _ in range(scratch)]
    for views in zip(*(torch.split(t, step) for t in tensors), strict=True):
        yield *views, *(room[: len(views[0])] for room in lent)


def into(out: Tensor, function: Callable[..., Any], *args: Any, **more: Any) -> Tensor:
    """`function(*args, **more, out=out)`; while torch.compile looks, the same without the `out=`.

    It takes none that has a pixel's channels side by side.
    """
    if torch.compiler.is_compiling():
        return out.copy_(function(*args, **more))
    made: Tensor = function(*args, **more, out=out)
    return made


def along(x_C: Tensor, like: Tensor) -> Tensor:
    """Numbers per channel in a shape that multiplies maps fast.

    Where a pixel's channels lie side by side a row of pixels is spelled out: an inner loop over 16
    channels is too short to be fast.

    Args:
        x_C: shape (C,).
        like: shape (N, C) or (N, C, ...).

    Returns:
        Shape (C,), (C, 1, ...) or (1, C, 1, columns).
    """
    if like.dim() != 4 or like.is_contiguous():
        return x_C.view(-1, *[1] * (like.dim() - 2))
    row = x_C.view(1, -1, 1, 1).expand(1, -1, 1, like.shape[3])
    return row.contiguous(memory_format=torch.channels_last)


def layout(x: Tensor) -> torch.memory_format:
    """How the maps of x lie in memory, to make others of the same kind."""
    last = not x.is_contiguous() and x.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last else torch.contiguous_format


def channel_sum(x: Tensor) -> Tensor:
    """Sum over everything but the channels of shape (N, C, ...); shape (C,)."""
    return x.sum([d for d in range(x.dim()) if d != 1])


class _MapMean(torch.autograd.Function):
    """Mean over each map, whose gradient is one number per map and never written out."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.shape = x.shape
        return x.mean((2, 3))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        each = dy / (ctx.shape[2] * ctx.shape[3])
        wide: Tensor = each[:, :, None, None].expand(ctx.shape)
        return wide


def map_mean(x: Tensor) -> Tensor:
    """`x.mean((2, 3))` of maps, whose gradient takes the layout of what it meets.

    PyTorch's own writes the gradient out with rows of pixels side by side, whatever x has.
    """
    return _MapMean.apply(x)  # type: ignore[no-any-return, no-untyped-call]


class _PadWith(torch.autograd.Function):
    """Padding with a learned value; the gradient of that is the sum over the border."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, value: Tensor, pad: int) -> Tensor:
        ctx.pad = pad
        rows, columns = x.shape[2] + 2 * pad, x.shape[3] + 2 * pad
        shape = (*x.shape[:2], rows, columns)
        y = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=layout(x))
        for edge in _border(y, pad):
            edge.copy_(value)
        y[:, :, pad:-pad, pad:-pad] = x
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, Tensor, None]:
        pad = ctx.pad
        border = torch.stack([edge.sum() for edge in _border(dy, pad)])
        return dy[:, :, pad:-pad, pad:-pad], border.sum(), None


def _border(y: Tensor, pad: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    between = y[:, :, pad:-pad]
    return y[:, :, :pad], y[:, :, -pad:], between[..., :pad], between[..., -pad:]


def pad_with(x: Tensor, value: Tensor, pad: int) -> Tensor:
    """Maps with `pad` > 0 pixels of a learned value on each side.

    Args:
        x: shape (N, C, rows, columns).
        value: one number, which gets its gradient.
        pad: pixels.
    """
    return _PadWith.apply(x, value, pad)  # type: ignore[no-any-return, no-untyped-call]
