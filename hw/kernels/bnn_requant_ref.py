# SPDX-License-Identifier: Apache-2.0
"""Specification of bnn_requant in NumPy, its memory words, and the fit of its parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.kernels.bnn_border_ref import per_pixel
from hw.kernels.bnn_mvu_ref import field_words

Ints = NDArray[np.int64]
FAR = np.iinfo(np.int64).max // 4  # stands for "no bound"


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
    """Bits that two's complement needs for all of the values."""
    return max(max(int(v), -int(v) - 1).bit_length() + 1 for v in np.asarray(values).reshape(-1))


@dataclass(frozen=True)
class Requant:
    """Parameters of a bnn_requant.

    Attributes:
        a: factors, shape (C,).
        b: summands, shape (K, C).
        shift: bits that are dropped.
    """

    a: Ints
    b: Ints
    shift: int

    @property
    def coef_w(self) -> int:
        """Bits of a factor."""
        return signed_bits(self.a)

    @property
    def offs_w(self) -> int:
        """Bits of a summand."""
        return signed_bits(self.b)


def _run_ends(column: NDArray[np.integer]) -> tuple[Ints, Ints] | None:
    """First and last x of every run of equal codes, and the codes; None if not monotone."""
    cuts = np.flatnonzero(column[1:] != column[:-1])
    ends = np.concatenate([np.concatenate([[0], cuts + 1]), np.append(cuts, len(column) - 1)])
    codes = column[ends].astype(np.int64)
    steps = np.diff(codes[: len(codes) // 2])
    return None if (steps > 0).any() and (steps < 0).any() else (ends, codes)


def _constraints(table: NDArray[np.integer], x_min: int) -> tuple[Ints, Ints] | None:
    """Values and codes where a monotone table binds, shape (C, K, E), the last one repeated."""
    k, _, c = table.shape
    found = [[_run_ends(table[i, :, j]) for i in range(k)] for j in range(c)]
    rows = [run for runs in found for run in runs if run is not None]
    if len(rows) < k * c:
        return None
    n = max(len(ends) for ends, _ in rows)
    x, code = (np.stack([np.pad(r[i], (0, n - len(r[i])), "edge") for r in rows]) for i in (0, 1))
    return x.reshape(c, k, n) + x_min, code.reshape(c, k, n)


def _bounds(a: Ints, x: Ints, low: Ints, high: Ints) -> tuple[Ints, Ints, Ints]:
    """Smallest and largest B per channel and class, shapes (C, K), and the slope of their gap.

    The gap, smallest minus largest, of a class is a convex function of A, linear in pieces: the x
    of the two entries that bind say which way A must go to make it smaller.
    """
    product = a[:, None, None] * x
    least, most = low - product, high - product
    i, j = least.argmax(-1)[..., None], most.argmin(-1)[..., None]
    smallest, largest = np.take_along_axis(least, i, -1), np.take_along_axis(most, j, -1)
    slope = np.take_along_axis(x, j, -1) - np.take_along_axis(x, i, -1)
    return smallest[..., 0], largest[..., 0], slope[..., 0]


def _search(
    x: Ints, code: Ints, shift: int, lo: int, hi: int
) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """A (C,) and B (C, K) of every channel that an affine map with this shift can serve, and which.

    Bisection for the A at which the widest gap of the classes is not above zero.
    """
    low = np.where(code > lo, code << shift, -FAR)
    high = np.where(code < hi, ((code + 1) << shift) - 1, FAR)
    steepest = (hi - lo + 2) << shift  # more than that from one x to the next one serves nobody
    below, above = (np.full(len(x), s * steepest) for s in (-1, 1))
    channel = np.arange(len(x))
    while True:
        a = (below + above) >> 1
        smallest, largest, slope = _bounds(a, x, low, high)
        gap = smallest - largest
        worst = gap.argmax(-1)
        fits, slope = gap[channel, worst] <= 0, slope[channel, worst]
        search = ~fits & (below < above) & (slope != 0)
        if not search.any():
            return a, np.clip(0, smallest, largest), fits
        above = np.where(search & (slope > 0), np.maximum(a - 1, below), above)
        below = np.where(search & (slope < 0), a + 1, below)
        below, above = (np.where(search, v, a) for v in (below, above))


def fit_requant(
    table: NDArray[np.integer], x_min: int, lo: int, hi: int, max_shift: int = 24
) -> Requant | None:
    """A, B and the smallest SHIFT with which bnn_requant equals a table for every entry.

    For a given SHIFT every entry bounds B: code << SHIFT <= A * x + B where the code is above lo,
    and A * x + B < (code + 1) << SHIFT where it is below hi. Only ends of runs of equal codes bind.

    Args:
        table: wanted codes, shape (K classes, M values of x, C channels).
        x_min: x of the first value; the others follow at distance 1.
        lo: smallest code.
        hi: largest code.
        max_shift: largest SHIFT tried.

    Returns:
        The parameters, or None where no affine map up to max_shift serves all channels: A is the
        same for all classes of a channel, SHIFT for all channels.

    Raises:
        ValueError: a code is outside lo .. hi.
    """
    if table.min() < lo or table.max() > hi:
        raise ValueError(f"codes {table.min()} .. {table.max()} are outside {lo} .. {hi}")
    found = _constraints(table, x_min)
    if found is None:
        return None
    x, code = found
    a, b = np.zeros(len(x), np.int64), np.zeros(x.shape[:2], np.int64)
    left = np.arange(len(x))
    for shift in range(max_shift + 1):
        a, b = a << 1, b << 1  # serves with one bit more of SHIFT as well
        a[left], b[left], fits = _search(x[left], code[left], shift, lo, hi)
        left = left[~fits]
        if not len(left):
            return Requant(a, b.T.copy(), shift)
    return None
