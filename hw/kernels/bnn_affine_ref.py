# SPDX-License-Identifier: Apache-2.0
"""Specification of bnn_affine in NumPy, and its memory words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.kernels.bnn_border_ref import per_pixel
from hw.kernels.bnn_mvu_ref import field_words

Ints = NDArray[np.int64]


def affine(
    x: ArrayLike,
    q: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    c: ArrayLike,
    shift: int,
    lo: int,
    hi: int,
    classes: ArrayLike | None = None,
) -> Ints:
    """Two multiply-adds per channel, a shift that rounds down, limits.

    Args:
        x: integers, shape (..., C), or (..., H, W, C) with classes.
        q: one integer per pixel, the shape of x without its last axis.
        a: factors of x, shape (C,).
        b: factors of q, shape (C,).
        c: summands, shape (C,); shape (K, C) with K classes.
        shift: bits that are dropped.
        lo: smallest result.
        hi: largest result.
        classes: class of every pixel, shape (H, W), 0 .. K - 1; None: one class.

    Returns:
        Codes lo .. hi, shape of x.

    Source:
        Tu et al., AdaBin (ECCV 2022, arXiv:2208.08084): the matrix product of two-valued sets is
        A * matches + B * ones + C, the number of ones shared by all output channels.
    """
    share = np.asarray(q, np.int64)[..., None] * np.asarray(b, np.int64)
    total = np.asarray(x, np.int64) * np.asarray(a, np.int64) + share + per_pixel(c, classes)
    codes: Ints = np.clip(total >> shift, lo, hi)
    return codes


def _fields(values: Ints, bits: int, name: str) -> list[int]:
    limit = 1 << (bits - 1)
    if values.min() < -limit or values.max() >= limit:
        raise ValueError(f"{name} {values.min()} .. {values.max()} does not fit {bits} signed bits")
    return [int(v) & ((1 << bits) - 1) for v in values.reshape(-1)]


def param_words(
    a: ArrayLike,
    b: ArrayLike,
    c: ArrayLike,
    pe: int,
    coef_w: int,
    share_w: int,
    offs_w: int,
    unit_shift: int | None = None,
) -> list[str]:
    """Words of PARAMS: per word pe fields {C, B, A}, A lowest, channel 0 lowest.

    Args:
        a: factors of x, shape (N,), signed, coef_w bits; -2**unit_shift or 2**unit_shift if given.
        b: factors of q, shape (N,), signed, share_w bits.
        c: summands, shape (N,) or (K, N) with K classes, signed, offs_w bits.
        pe: channels per clk, divides N.
        coef_w: bits of a factor of x; not read with unit_shift.
        share_w: bits of a factor of q.
        offs_w: bits of a summand.
        unit_shift: UNIT_SHIFT where UNIT = 1: the field A is one bit, 1 for negative.

    Returns:
        K * N / pe hexadecimal words of pe * (coef_w or 1 + share_w + offs_w) bits, class 0 first.

    Raises:
        ValueError: a value does not fit its width, or is no +-2**unit_shift.
    """
    summands = np.atleast_2d(np.asarray(c, np.int64))
    factors = np.broadcast_to(np.asarray(a, np.int64), summands.shape)
    shares = np.broadcast_to(np.asarray(b, np.int64), summands.shape)
    if unit_shift is None:
        low = _fields(factors, coef_w, "A")
    else:
        coef_w = 1
        if (np.abs(factors) != 1 << unit_shift).any():
            raise ValueError(f"A must be -{1 << unit_shift} or {1 << unit_shift}")
        low = [int(v < 0) for v in factors.reshape(-1)]
    middle, high = _fields(shares, share_w, "B"), _fields(summands, offs_w, "C")
    fields = [
        i | (j << coef_w) | (k << (coef_w + share_w))
        for i, j, k in zip(low, middle, high, strict=True)
    ]
    return field_words(fields, coef_w + share_w + offs_w, pe)


def _levels(n: int) -> int:
    """Levels of adders of three in bnn_affine_sum, for n numbers."""
    count = 0
    while n > 1:
        n, count = 1 if n == 2 else n // 3 + n % 3, count + 1
    return count


def numbers(p: Mapping[str, int]) -> tuple[int, int, int]:
    """Numbers that a bnn_affine with DSP = 0 adds up per lane: of A * x, of B * q, of C alone.

    Args:
        p: parameters of bnn_affine: COEF_W unless UNIT, SHARE_W, and DSP and UNIT where they differ
            from their defaults.
    """
    unit = p.get("UNIT", 0)
    return 1 if unit else -(-p["COEF_W"] // 2), -(-p["SHARE_W"] // 2), 1


def latency_clk(p: Mapping[str, int]) -> int:
    """Clk from a beat of x to its beat of y in an idle bnn_affine.

    Args:
        p: see numbers().
    """
    if p.get("DSP", 1):
        return 4 if p.get("UNIT", 0) else 5
    return 3 + _levels(sum(numbers(p)))
