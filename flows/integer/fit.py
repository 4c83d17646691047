# SPDX-License-Identifier: Apache-2.0
"""A multiply-add and a shift that equal a function at every code it can be given.

clamp((a * x + b) >> shift, low, high) passes level j between two neighbouring codes exactly where
the function does if a * x + b reaches j << shift at the one and not at the other. That bounds b
from both sides; the smallest shift that leaves room for it in every class and channel is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.integer.table import Levels

Ints = NDArray[np.int64]
MAX_SHIFT = 32
FAR = 1 << 60  # further than any bound
NONE = -(1 << 40)  # no bound


@dataclass(frozen=True)
class Affine:
    """y = clamp((a * x + b) >> shift, low, high): a (channels,), b (classes, channels)."""

    a: Ints
    b: Ints
    shift: int


def fit(levels: Levels, x_low: int, x_high: int) -> Affine | None:
    """The multiply-add with the smallest shift, or None where no shift up to MAX_SHIFT does.

    Args:
        levels: of the function.
        x_low: smallest code.
        x_high: largest code.
    """
    n_classes, n_levels, channels = levels.first.shape
    if n_levels == 0:
        zero = np.zeros(channels, np.int64)
        return Affine(zero, np.full((n_classes, channels), levels.low), 0)
    x, least, below = _bounds_of(levels, x_low, x_high)
    widest = max(1, abs(x_low), abs(x_high))
    found = smallest_shift(
        x, least, below, lambda shift: min((n_levels + 1) << shift, FAR // widest)
    )
    return None if found is None else Affine(found[0], found[1].T.copy(), found[2])


def smallest_shift(
    x: Ints, least: Ints, below: Ints, steepest: Callable[[int], int]
) -> tuple[Ints, Ints, int] | None:
    """Integers with least << shift <= a * x + b < below << shift everywhere, in every channel.

    Args:
        x: shape (channels, classes, n).
        least: the same shape; NONE where there is no bound.
        below: the same shape; NONE where there is no bound.
        steepest: the largest |a| for a shift.

    Returns:
        a (channels,), b (channels, classes) and the smallest shift up to MAX_SHIFT that serves all.
    """
    channels, n_classes, _ = x.shape
    a, b = np.zeros(channels, np.int64), np.zeros((channels, n_classes), np.int64)
    left = np.arange(channels)
    for shift in range(MAX_SHIFT + 1):
        a, b = a << 1, b << 1  # serves with one bit more of shift as well
        given = x[left], least[left], below[left]
        a[left], b[left], fits = _search(*given, shift, steepest(shift))
        left = left[~fits]
        if not len(left):
            return a, b, shift
    return None


def _bounds_of(levels: Levels, x_low: int, x_high: int) -> tuple[Ints, Ints, Ints]:
    """Codes x, and what (a * x + b) >> shift must reach and must stay below there.

    Returns:
        Three arrays of shape (channels, classes, 2 * levels); NONE where there is no bound.
    """
    first = levels.first
    last = first - levels.direction  # the code in front of the step
    level = np.broadcast_to(np.arange(levels.low + 1, levels.high + 1)[None, :, None], first.shape)
    parts = []
    for x, reach in ((first, True), (last, False)):
        there = (x >= x_low) & (x <= x_high)
        none = np.full_like(x, NONE)
        bound = np.where(there, level, NONE)
        parts.append((np.where(there, x, 0), *((bound, none) if reach else (none, bound))))
    x, least, below = (np.concatenate(pair, axis=1) for pair in zip(*parts, strict=True))
    return x.transpose(2, 0, 1), least.transpose(2, 0, 1), below.transpose(2, 0, 1)


def _search(
    x: Ints, least: Ints, below: Ints, shift: int, steepest: int
) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """A (C,) and b (C, K) of every channel that one shift can serve, and which it can.

    What is left for b, smallest minus largest, is convex in a and linear in pieces: the two codes
    that bind say which way a must go. So a is found by bisection.
    """
    low = np.where(least == NONE, -FAR, least << shift)
    high = np.where(below == NONE, FAR, (below << shift) - 1)
    left, right = (np.full(len(x), s * steepest) for s in (-1, 1))
    channel = np.arange(len(x))
    while True:
        a = (left + right) >> 1
        product = a[:, None, None] * x
        i, j = (low - product).argmax(-1), (high - product).argmin(-1)
        smallest = np.take_along_axis(low - product, i[..., None], -1)[..., 0]
        largest = np.take_along_axis(high - product, j[..., None], -1)[..., 0]
        slope = np.take_along_axis(x, j[..., None], -1) - np.take_along_axis(x, i[..., None], -1)
        gap = smallest - largest
        worst = gap.argmax(-1)
        fits = gap[channel, worst] <= 0
        way = slope[channel, worst, 0]
        search = ~fits & (left < right) & (way != 0)
        if not search.any():
            return a, np.clip(0, smallest, np.maximum(smallest, largest)), fits
        left, right = (
            np.where(search & (way < 0), a + 1, np.where(search, left, a)),
            np.where(search & (way > 0), np.maximum(a - 1, left), np.where(search, right, a)),
        )
