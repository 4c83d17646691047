# SPDX-License-Identifier: Apache-2.0
"""Specification of bnn_affine in NumPy, and its parameter file."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.kernels.bnn_mvu_ref import field_words


def affine(x: ArrayLike, a: ArrayLike, b: ArrayLike, out_w: int = 63) -> NDArray[np.int64]:
    """One multiply-add per channel, exact: A * x + B.

    Args:
        x: unsigned integers, shape (..., N).
        a: factors, shape (N,), signed.
        b: summands, shape (N,), signed.
        out_w: bits of the result, two's complement.

    Returns:
        Integers, shape of x.

    Raises:
        ValueError: a result does not fit out_w bits: widen OUT_W of the kernel.
    """
    y = np.asarray(x, np.int64) * np.asarray(a, np.int64) + np.asarray(b, np.int64)
    limit = 1 << (out_w - 1)
    if y.size and (y.min() < -limit or y.max() >= limit):
        raise ValueError(f"results {y.min()} .. {y.max()} do not fit {out_w} signed bits")
    return y


def _signed_fields(values: ArrayLike, bits: int, name: str) -> list[int]:
    v = [int(i) for i in np.asarray(values)]
    limit = 1 << (bits - 1)
    if any(not -limit <= i < limit for i in v):
        raise ValueError(f"{name} {min(v)} .. {max(v)} does not fit {bits} signed bits")
    return [i & ((1 << bits) - 1) for i in v]


def param_words(a: ArrayLike, b: ArrayLike, pe: int, coef_w: int, offs_w: int) -> list[str]:
    """Words of PARAMS: per word pe fields {B, A}, A lowest, channel 0 lowest.

    Args:
        a: factors, shape (N,), signed, coef_w bits.
        b: summands, shape (N,), signed, offs_w bits.
        pe: channels per clk, divides N.
        coef_w: bits of a factor.
        offs_w: bits of a summand.

    Returns:
        N / pe hexadecimal words of pe * (coef_w + offs_w) bits.

    Raises:
        ValueError: a value does not fit its width: widen it.
    """
    low, high = _signed_fields(a, coef_w, "A"), _signed_fields(b, offs_w, "B")
    fields = [i | (j << coef_w) for i, j in zip(low, high, strict=True)]
    return field_words(fields, coef_w + offs_w, pe)
