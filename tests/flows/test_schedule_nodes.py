# SPDX-License-Identifier: Apache-2.0
"""Which input beats every node waits for, and frees."""

from __future__ import annotations

from itertools import product

import pytest

from flows.schedule_kinds import MatVec, Pixelwise, Window
from flows.schedule_nodes import converter, matvec, pad_channels, pool, window


def test_nodes() -> None:
    assert converter("c", "a", "b", 6, 2).emit.tolist() == [False, False, True] * 2
    assert converter("c", "a", "b", 2, 6).need.tolist() == [1, 1, 1, 2, 2, 2]
    assert pad_channels("p", "a", "b", 2, 1, 3).need.tolist() == [1, 1, 1, 2, 2, 2]
    assert pad_channels("p", "a", "b", 2, 2, 3).need.tolist() == [1, 2, 2, 3, 4, 4]
    assert pool("p", "a", "b", (3, 3, 1), (2, 2)).emit.nonzero()[0].tolist() == [4]
    assert isinstance(matvec("m", "a", "b", 2, 3, 1), Pixelwise)
    assert isinstance(matvec("m", "a", "b", 2, 3, 2), MatVec)


WINDOWS = [
    (kernel, stride, dilation, pad)
    for kernel, stride, dilation, pad in product((1, 2, 3), (1, 2, 3), (1, 2), (0, 1, 2))
    if pad <= (kernel - 1) * dilation
]


@pytest.mark.parametrize(("kernel", "stride", "dilation", "pad"), WINDOWS)
def test_windows_keep_what_is_read(kernel: int, stride: int, dilation: int, pad: int) -> None:
    """Every pixel finds its words there: arrived, and freed by no earlier pixel."""
    rows, cols, folds = 6, 7, 2
    step, edge, spread = (stride, stride), (pad,) * 4, (dilation, dilation)
    node: Window = window("w", "a", "b", (rows, cols, folds), (kernel, kernel), step, edge, spread)
    pixel, freed = 0, 0
    reach = (kernel - 1) * dilation
    for top in range(-pad, rows + pad - reach, stride):
        for left in range(-pad, cols + pad - reach, stride):
            for r in range(top, top + reach + 1, dilation):
                for c in range(left, left + reach + 1, dilation):
                    if 0 <= r < rows and 0 <= c < cols:
                        assert freed <= (r * cols + c) * folds
                        assert (r * cols + c + 1) * folds <= node.needs[pixel]
            freed, pixel = node.frees[pixel], pixel + 1
    assert pixel == node.events and freed == rows * cols * folds
