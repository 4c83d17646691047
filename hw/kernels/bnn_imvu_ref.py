# SPDX-License-Identifier: Apache-2.0
"""Specification of bnn_imvu in NumPy, fast enough for whole test sets, and its memory files."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.kernels.bnn_mvu_ref import field_words, hex_word

_CHUNK_BYTES = 1 << 24  # of x and of the products, as floating point numbers


def integer_dot(x: ArrayLike, w: ArrayLike, bits: bool = False) -> NDArray[np.int64]:
    """Sums of a matrix-vector unit for integers, exact.

    Args:
        x: integers, shape (N, MW).
        w: weights, shape (MH, MW).
        bits: the weights are bits: x counts where a weight is 1, and -1 - x where it is 0.

    Returns:
        Sums, shape (N, MH). With bits: the dot product with +-1, less the zeros of the row.

    Raises:
        ValueError: the two widths differ: pass both with the same MW.
    """
    given, weights = np.asarray(x), np.asarray(w)
    if given.ndim != 2 or weights.ndim != 2 or given.shape[1] != weights.shape[1]:
        raise ValueError(f"want x (N, MW) and w (MH, MW), got {given.shape} and {weights.shape}")
    weights = weights.astype(np.int64)
    offset = np.zeros(len(weights), np.int64)
    if bits:
        offset -= (weights == 0).sum(axis=1)
        weights = 2 * weights - 1
    sums = np.empty((len(given), len(weights)), np.int64)
    kind = _exact_type(given, weights)
    factors = np.ascontiguousarray(weights.T.astype(kind))
    row_bytes = np.dtype(kind).itemsize * (given.shape[1] + len(weights))
    step = max(1, _CHUNK_BYTES // max(1, row_bytes))
    for start in range(0, len(given), step):
        products = given[start : start + step].astype(kind) @ factors
        sums[start : start + step] = products
    sums += offset
    return sums


def _exact_type(x: NDArray[Any], w: NDArray[np.int64]) -> type[np.generic]:
    """The fastest type in which no partial sum is rounded: BLAS adds in any order."""
    if not x.size or not w.size:
        return np.int64
    largest = max(-int(x.min()), int(x.max())) * int(np.abs(w).sum(axis=1).max())
    if largest < 1 << 24:
        return np.float32
    return np.float64 if largest < 1 << 53 else np.int64


def sum_bits(w: ArrayLike, in_w: int, in_signed: bool, bits: bool = False) -> int:
    """Signed bits that hold every sum these weights can make: OUT_W of the kernel.

    Args:
        w: weights, shape (MH, MW).
        in_w: bits of x.
        in_signed: x is two's complement.
        bits: see integer_dot().
    """
    weights = np.asarray(w, np.int64)
    low, high = (-1 << (in_w - 1), (1 << (in_w - 1)) - 1) if in_signed else (0, (1 << in_w) - 1)
    if bits:
        ones = weights.sum(axis=1)
        zeros = weights.shape[1] - ones
        least, most = low * ones + ~high * zeros, high * ones + ~low * zeros
    else:
        up, down = np.maximum(weights, 0).sum(axis=1), np.minimum(weights, 0).sum(axis=1)
        least, most = low * up + high * down, high * up + low * down
    return max(int(~least.min()).bit_length(), int(most.max()).bit_length()) + 1


def weight_words(w: ArrayLike, pe: int, simd: int, weight_bits: int) -> list[str]:
    """Words of the weights: word fold_r * FOLD_C + fold_c holds w[pe][simd], simd fastest.

    Args:
        w: weights, shape (MH, MW): bits where weight_bits is 1, else signed.
        pe: rows per clk, divides MH.
        simd: columns per clk, divides MW.
        weight_bits: bits of a weight, W_W of the kernel.

    Returns:
        MH / pe * MW / simd hexadecimal words of pe * simd * weight_bits bits.

    Raises:
        ValueError: pe or simd does not divide, or a weight does not fit weight_bits.
    """
    weights = np.asarray(w, np.int64)
    mh, mw = weights.shape
    if mh % pe or mw % simd:
        raise ValueError(f"PE={pe} must divide MH={mh} and SIMD={simd} must divide MW={mw}")
    low = 0 if weight_bits == 1 else -1 << (weight_bits - 1)
    if weights.min() < low or weights.max() >= low + (1 << weight_bits):
        raise ValueError(
            f"weights {weights.min()} .. {weights.max()} do not fit {weight_bits} bits:"
            f" {low} .. {low + (1 << weight_bits) - 1}"
        )
    folded = weights.reshape(mh // pe, pe, mw // simd, simd).transpose(0, 2, 1, 3)
    fields = folded.reshape(-1, pe * simd)
    if weight_bits == 1:
        return [hex_word(word) for word in fields.astype(np.uint8)]
    values = [int(v) & ((1 << weight_bits) - 1) for v in fields.reshape(-1)]
    return field_words(values, weight_bits, pe * simd)
