# SPDX-License-Identifier: Apache-2.0
"""Specification of bnn_pool in NumPy, and its literal."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import ArrayLike, NDArray


def pool(
    x: ArrayLike, kernel: tuple[int, ...], mode: int = 0, and_mask: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Maximum or sum over windows that do not overlap; what is left over at the end is dropped.

    Args:
        x: integers, shape (N, ROWS, COLS, C).
        kernel: rows and columns of a window.
        mode: 0: maximum, 1: sum.
        and_mask: shape (C,), 1: the minimum instead, of bits an AND; mode 0 only.

    Returns:
        Integers, shape (N, ROWS // rows, COLS // columns, C).

    Raises:
        ValueError: a minimum of what is not bits, or in mode 1.
    """
    v = np.asarray(x, np.int64)
    n, rows, cols, c = v.shape
    kr, kc = kernel
    i, j = rows // kr, cols // kc
    windows = v[:, : i * kr, : j * kc].reshape(n, i, kr, j, kc, c)
    total: NDArray[np.int64] = windows.sum((2, 4)) if mode else windows.max((2, 4))
    if and_mask is None or not np.any(and_mask):
        return total
    if mode or v.min() < 0 or v.max() > 1:
        raise ValueError("AND_MASK is for the maximum of bits: only 0 and 1, mode 0")
    return np.where(np.asarray(and_mask) != 0, windows.min((2, 4)), total)


def mask_literal(and_mask: ArrayLike) -> str:
    """AND_MASK as a SystemVerilog literal, channel 0 lowest.

    Args:
        and_mask: 0 or 1, shape (C,).
    """
    bits = [int(m) for m in np.asarray(and_mask)]
    return f"{len(bits)}'h{sum(m << i for i, m in enumerate(bits)):x}"


def merge_clk(m: int, columns: int, in_w: int, mode: int) -> int:
    """Clk that bnn_pool_merge adds: rounds of its tree, of two numbers, or three of a sum, a node.

    Args:
        m: pixels per beat.
        columns: of a window; divides m, or m divides it.
        in_w: bits of x.
        mode: 0: maximum, 1: sum.
    """
    if in_w == 1 and not mode:
        return 0
    left, rounds = min(m, columns), 0
    while left > 1:
        left, rounds = ceil(left / (3 if mode else 2)), rounds + 1
    return rounds
