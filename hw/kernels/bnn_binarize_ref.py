# SPDX-License-Identifier: Apache-2.0
"""Specification of bnn_binarize in NumPy, and its threshold file."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.kernels.bnn_mvu_ref import field_words


def binarize(x: ArrayLike, thr: ArrayLike, sense: ArrayLike) -> NDArray[np.uint8]:
    """Compare unsigned integers with thresholds: (x >= thr) ^ sense.

    Args:
        x: integers, shape (..., N), 0 .. 2 ** in_w - 1.
        thr: thresholds, shape (N,) or a scalar, 0 .. 2 ** in_w.
        sense: 1 inverts the result, same shape as thr.

    Returns:
        Bits, shape of x.
    """
    reached: NDArray[np.bool_] = np.asarray(x, np.int64) >= np.asarray(thr, np.int64)
    inverted: NDArray[np.bool_] = np.asarray(sense) != 0
    return np.bitwise_xor(reached, inverted).astype(np.uint8)


def threshold_words(thr: ArrayLike, sense: ArrayLike, pe: int, in_w: int = 8) -> list[str]:
    """Words of THRESHOLDS: per word pe fields {sense, thr}, element 0 lowest.

    Args:
        thr: thresholds, shape (N,), 0 .. 2 ** in_w.
        sense: 0 or 1, shape (N,).
        pe: elements per clk, divides N.
        in_w: bits of an element.

    Returns:
        N / pe hexadecimal words of pe * (in_w + 2) bits.

    Raises:
        ValueError: a threshold is outside 0 .. 2 ** in_w: clip it, the result is the same.
    """
    values = [int(t) for t in np.asarray(thr)]
    if any(not 0 <= t <= 1 << in_w for t in values):
        raise ValueError(f"thresholds must be 0 .. {1 << in_w}, got {min(values)} .. {max(values)}")
    signs = [int(s) << (in_w + 1) for s in np.asarray(sense)]
    return field_words([t | s for t, s in zip(values, signs, strict=True)], in_w + 2, pe)
