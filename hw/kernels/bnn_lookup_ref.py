# SPDX-License-Identifier: Apache-2.0
"""Specification of bnn_lookup in NumPy, and its table file."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.kernels.bnn_mvu_ref import field_words


def lookup(x: ArrayLike, table: ArrayLike) -> NDArray[np.int64]:
    """Map every channel through its own table: y[..., c] = table[c, x[..., c]].

    Args:
        x: unsigned integers, shape (..., N), 0 .. DEPTH - 1.
        table: values, shape (N, DEPTH).

    Returns:
        Integers, shape of x.
    """
    index, values = np.asarray(x, np.int64), np.asarray(table, np.int64)
    return values[np.arange(values.shape[0]), index]


def table_words(table: ArrayLike, pe: int, out_w: int) -> list[str]:
    """Words of TABLE: word fold * DEPTH + x holds pe fields, channel fold * pe lowest.

    Args:
        table: values, shape (N, DEPTH), signed or unsigned, that fit out_w bits either way.
        pe: channels per clk, divides N.
        out_w: bits of a value.

    Returns:
        N / pe * DEPTH hexadecimal words of pe * out_w bits, negative values in two's complement.

    Raises:
        ValueError: a value does not fit out_w bits, or pe does not divide N.
    """
    t = np.asarray(table, np.int64)
    n, depth = t.shape
    if n % pe:
        raise ValueError(f"PE={pe} must divide N={n}")
    if t.min() < -(1 << (out_w - 1)) or t.max() >= (1 << out_w):
        raise ValueError(f"table values {t.min()} .. {t.max()} do not fit {out_w} bits")
    order = t.reshape(n // pe, pe, depth).transpose(0, 2, 1).reshape(-1)
    return field_words([int(v) & ((1 << out_w) - 1) for v in order], out_w, pe)
