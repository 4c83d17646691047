# SPDX-License-Identifier: Apache-2.0
"""Specification of bnn_requant in NumPy, and its memory words."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.kernels.bnn_border_ref import per_pixel
from hw.kernels.bnn_mvu_ref import field_words

Ints = NDArray[np.int64]


def requant(
    x: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    shift: int,
    lo: int,
    hi: int,
    classes: ArrayLike | None = None,
) -> Ints:
    """One multiply-add per channel, a shift that rounds down, limits.

    Args:
        x: integers, shape (..., C), or (..., H, W, C) with classes.
        a: factors, shape (C,) or a scalar.
        b: summands, shape (C,) or a scalar; shape (K, C) with K classes.
        shift: bits that are dropped.
        lo: smallest result.
        hi: largest result.
        classes: class of every pixel, shape (H, W), 0 .. K - 1; None: one class.

    Returns:
        Codes lo .. hi, shape of x.
    """
    summand = np.asarray(b, np.int64) if np.ndim(b) == 0 else per_pixel(b, classes)
    total = np.asarray(x, np.int64) * np.asarray(a, np.int64) + summand
    codes: Ints = np.clip(total >> shift, lo, hi)
    return codes


def _fields(values: Ints, bits: int, name: str) -> list[int]:
    limit = 1 << (bits - 1)
    if values.min() < -limit or values.max() >= limit:
        raise ValueError(f"{name} {values.min()} .. {values.max()} does not fit {bits} signed bits")
    return [int(v) & ((1 << bits) - 1) for v in values.reshape(-1)]


def param_words(a: ArrayLike, b: ArrayLike, pe: int, coef_w: int, offs_w: int) -> list[str]:
    """Words of PARAMS: per word pe fields {B, A}, A lowest, channel 0 lowest.

    Args:
        a: factors, shape (N,), signed, coef_w bits.
        b: summands, shape (N,) or (K, N) with K classes, signed, offs_w bits.
        pe: channels per clk, divides N.
        coef_w: bits of a factor.
        offs_w: bits of a summand.

    Returns:
        K * N / pe hexadecimal words of pe * (coef_w + offs_w) bits, those of class 0 first.

    Raises:
        ValueError: a value does not fit its width: widen it.
    """
    summands = np.atleast_2d(np.asarray(b, np.int64))
    factors = np.broadcast_to(np.asarray(a, np.int64), summands.shape)
    low, high = _fields(factors, coef_w, "A"), _fields(summands, offs_w, "B")
    fields = [i | (j << coef_w) for i, j in zip(low, high, strict=True)]
    return field_words(fields, coef_w + offs_w, pe)


def signed_bits(values: ArrayLike) -> int:
    """Bits of two's complement that hold all values."""
    v = np.asarray(values)
    low, high = int(v.min()), int(v.max())
    return max((-low - 1).bit_length() if low < 0 else 0, high.bit_length() if high > 0 else 0) + 1
