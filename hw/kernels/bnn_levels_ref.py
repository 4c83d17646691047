# SPDX-License-Identifier: Apache-2.0
"""Specification of bnn_levels in NumPy, and the words of its stages."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.kernels.bnn_mvu_ref import field_words

Ints = NDArray[np.int64]


def count_levels(
    x: ArrayLike, thr: ArrayLike, falling: ArrayLike, lo: int, classes: ArrayLike | None = None
) -> Ints:
    """Count the thresholds that are reached: lo + #(x >= thr), or lo + #(x <= thr) where falling.

    Args:
        x: integers, shape (..., C), or (..., H, W, C) with classes.
        thr: thresholds, shape (classes, levels, C), in the order in which they are reached: not
            falling along the levels of a rising channel, not rising along those of a falling one.
        falling: 0 or 1, shape (C,).
        lo: result where none is reached.
        classes: class of every pixel, shape (H, W); None: one class.

    Returns:
        Codes, shape of x.
    """
    values, limits = np.asarray(x, np.int64), np.asarray(thr, np.int64)
    sign = np.where(np.asarray(falling) != 0, -1, 1)  # x <= t is -x >= -t
    of_pixel = None if classes is None else np.asarray(classes)
    codes = np.empty(values.shape, np.int64)
    for k, of_class in enumerate(limits):
        where = ... if of_pixel is None else (..., of_pixel == k)
        for c in range(values.shape[-1]):
            seen = sign[c] * values[..., c][where]
            codes[..., c][where] = lo + np.searchsorted(sign[c] * of_class[:, c], seen, "right")
        if of_pixel is None:
            break
    return codes


def stage_bits(levels: int) -> tuple[int, int]:
    """K and TOP of a number of thresholds.

    Raises:
        ValueError: it is neither 2^K - 1 nor 2^K: add thresholds that no x reaches.
    """
    k = levels.bit_length() - (levels & (levels - 1) == 0 and levels > 1)
    top = levels - ((1 << k) - 1)
    if top not in (0, 1) or k < 1:
        raise ValueError(f"{levels} thresholds: want 2^K - 1 or 2^K")
    return k, top


def stored(thr: ArrayLike, falling: ArrayLike, in_w: int, signed: bool) -> Ints:
    """Thresholds as the kernel compares them: unsigned, x or its complement at least so much.

    Args:
        thr: see count_levels().
        falling: see count_levels().
        in_w: bits of x.
        signed: x is two's complement.

    Returns:
        0 .. 2^in_w, shape of thr; 2^in_w, which no x reaches, takes BEYOND = 1.
    """
    unsigned = np.asarray(thr, np.int64) + ((1 << (in_w - 1)) if signed else 0)
    most = (1 << in_w) - 1
    turned = np.where(np.asarray(falling) != 0, most - unsigned, unsigned)
    return np.clip(turned, 0, most + 1)


def stage_words(values: ArrayLike, pe: int, thr_w: int) -> list[list[str]]:
    """Words of every stage.

    Args:
        values: what stored() gives, shape (classes, levels, N), 2^K - 1 or 2^K levels.
        pe: channels per clk, divides N.
        thr_w: bits of a threshold, IN_W + BEYOND.

    Returns:
        For stage s, N / pe * classes * 2^s hexadecimal words of pe * thr_w bits; of stage 0 twice
        as wide where there are 2^K levels.

    Raises:
        ValueError: a threshold does not fit thr_w bits, pe does not divide N, or another number of
            levels.
    """
    limits = np.asarray(values, np.int64)
    n_classes, n_levels, n = limits.shape
    k, top = stage_bits(n_levels)
    if n % pe:
        raise ValueError(f"PE={pe} must divide N={n}")
    stages = []
    for s in range(k):
        half = 1 << (k - s - 1)
        wanted = half - 1 + 2 * half * np.arange(1 << s)
        t = limits[:, wanted]  # (classes, 2^s, N)
        order = t.reshape(n_classes, 1 << s, n // pe, pe).transpose(0, 2, 1, 3).reshape(-1)
        if s == 0 and top:
            order = np.stack([order, limits[:, -1].reshape(-1)], axis=1).reshape(-1)
        stages.append(
            field_words([int(v) for v in order], thr_w, pe * (1 + (top if s == 0 else 0)))
        )
    return stages


def stage_literal(stages: list[list[str]], pe: int, thr_w: int, top: int) -> str:
    """THRESHOLDS: a SystemVerilog literal of the first stages' words, stage 0 lowest.

    Args:
        stages: of stage_words(), those in LUTs.
        pe: channels per clk.
        thr_w: bits of a threshold.
        top: 1 where there are 2^K levels: stage 0's words are twice as wide.
    """
    digits, total = [], 0
    for s, words in enumerate(stages):
        bits = pe * thr_w * (1 + (top if s == 0 else 0))
        digits += [f"{int(word, 16):0{bits}b}" for word in words]
        total += bits * len(words)
    return f"{total}'h{int(''.join(reversed(digits)), 2):x}"
