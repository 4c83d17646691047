# SPDX-License-Identifier: Apache-2.0
"""What a convolution padded with 0 adds up at every pixel, of a number per tap."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class BorderMap(torch.autograd.Function):
    """The sum, at every pixel of a convolution's output, over the taps that lie in its input.

    Pixels with the same taps get the very same number. It leaves as one constant.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, per_tap: Tensor, conv: nn.Conv2d) -> Tensor:
        """Maps x, numbers per tap (out, rows, columns) -> (1, out, rows', columns')."""
        assert not isinstance(conv.padding, str)
        classes = []  # per axis: which taps count, and which of these cases every pixel is
        for size, kernel, stride, pad in zip(
            x.shape[2:], conv.kernel_size, conv.stride, conv.padding, strict=True
        ):
            at = torch.arange(size + 2 * pad, device=x.device)
            first = at[: size + 2 * pad - kernel + 1 : stride] - pad
            taps = first[:, None] + at[:kernel]
            inside = ((taps >= 0) & (taps < size)).to(per_tap)
            classes.append(inside.unique(dim=0, return_inverse=True))  # type: ignore[no-untyped-call]
        (rows, row), (columns, column) = classes
        cases = per_tap[:, None, None] * rows[:, None, :, None] * columns[None, :, None, :]
        conv.border = cases.sum((-2, -1))[:, row][:, :, column][None]
        return conv.border  # type: ignore[return-value]

    @staticmethod
    def symbolic(g: Any, x: Any, per_tap: Any, conv: nn.Conv2d) -> Any:
        """What forward found when the graph was traced."""
        return g.op("Constant", value_t=conv.border)
