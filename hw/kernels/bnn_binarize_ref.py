# SPDX-License-Identifier: Apache-2.0
"""Specification of bnn_binarize in NumPy, and its threshold file."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.kernels.bnn_border_ref import per_pixel
from hw.kernels.bnn_mvu_ref import field_words


def binarize(
    x: ArrayLike, thr: ArrayLike, sense: ArrayLike, classes: ArrayLike | None = None
) -> NDArray[np.uint8]:
    """Compare integers with thresholds: (x >= thr) ^ sense.

    Args:
        x: integers, shape (..., N), or (..., H, W, N) with classes.
        thr: thresholds, shape (N,) or a scalar; shape (K, N) with K classes.
        sense: 1 inverts the result, same shape as thr.
        classes: class of every pixel, shape (H, W), 0 .. K - 1; None: one class.

    Returns:
        Bits, shape of x.
    """
    if classes is not None:
        thr, sense = per_pixel(thr, classes), per_pixel(sense, classes)
    reached: NDArray[np.bool_] = np.asarray(x, np.int64) >= np.asarray(thr, np.int64)
    inverted: NDArray[np.bool_] = np.asarray(sense) != 0
    return np.bitwise_xor(reached, inverted).astype(np.uint8)


def threshold_words(
    thr: ArrayLike, sense: ArrayLike, pe: int, in_w: int = 8, signed: bool = False
) -> list[str]:
    """Words of THRESHOLDS: per word pe fields {sense, thr}, element 0 lowest.

    Args:
        thr: thresholds, shape (N,) or (K, N) with K classes: 0 .. 2 ** in_w, or signed
            -(2 ** (in_w - 1)) .. 2 ** (in_w - 1).
        sense: 0 or 1, same shape.
        pe: elements per clk, divides N.
        in_w: bits of an element.
        signed: elements are two's complement.

    Returns:
        K * N / pe hexadecimal words of pe * (in_w + 2) bits, those of class 0 first.

    Raises:
        ValueError: a threshold is outside its range: clip it, the result is the same.
    """
    values = [int(t) for t in np.asarray(thr).reshape(-1)]
    least = -(1 << (in_w - 1)) if signed else 0
    most = least + (1 << in_w)
    if any(not least <= t <= most for t in values):
        raise ValueError(
            f"thresholds must be {least} .. {most}, got {min(values)} .. {max(values)}"
        )
    low = [t & ((2 << in_w) - 1) for t in values]
    signs = [int(s) << (in_w + 1) for s in np.asarray(sense).reshape(-1)]
    return field_words([t | s for t, s in zip(low, signs, strict=True)], in_w + 2, pe)
