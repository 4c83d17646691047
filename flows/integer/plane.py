# SPDX-License-Identifier: Apache-2.0
"""Integers a, b, c of which a * p + b * q + c reaches levels exactly where a function does.

With c taken out, what is left to satisfy is gap(a, b) < 0, the largest difference of two bounds of
c. It is convex and linear in pieces, each piece the cut of one pair of steps. So the deepest point
is found from few cuts (Kelley's method): of thousands of steps a plane meets only a handful.
Integers are then looked for among those that keep all cuts, and tried on all steps, exactly.

Source: J. E. Kelley, The Cutting-Plane Method for Solving Convex Programs, J. SIAM 8 (1960).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Ints = NDArray[np.int64]
Numbers = NDArray[Any]  # integers, or floats on the way to them
MAX_SHIFT = 32
FAR = 1 << 60  # further than any bound
WIDEST = 1 << 50  # of a summand: a float64 tensor holds it
#: how close to the deepest point is close enough: less than a bit of shift
NEAR = 0.6
#: steps that planes are tried on first
CLOSE = 4096
#: factors tried on both sides of the deepest point's, nearest first
AROUND = np.array(sorted(range(-16, 17), key=abs), np.int64)


@dataclass(frozen=True)
class Sides:
    """Steps of one channel: a * p1 + b * q + c >= level << shift > a * p0 + b * q + c.

    Attributes:
        p1, p0: shape (groups, n); a group has a c of its own.
        has1, has0: where there is such a p.
        q: shape (n,).
        level: shape (n,).
    """

    p1: Ints
    p0: Ints
    has1: NDArray[np.bool_]
    has0: NDArray[np.bool_]
    q: Ints
    level: Ints


@dataclass(frozen=True)
class Plane:
    """The factors and summands; c has shape (groups,)."""

    a: int
    b: int
    c: Ints
    shift: int

    def scaled(self, shift: int) -> Plane:
        """The same with a larger shift."""
        more = shift - self.shift
        return Plane(self.a << more, self.b << more, self.c << more, shift)


def fit_plane(sides: Sides, slope: int | None = None) -> Plane | None:
    """The plane with the smallest shift, or nearly so; None where no shift up to MAX_SHIFT does.

    Args:
        sides: what it has to part.
        slope: a >> shift, where it is given.
    """
    found = _deepest(sides, slope)
    if found is None:
        return None
    cuts, alpha, beta, bound = found
    both = _nearest(sides, alpha, beta), sides
    shift = 0 if not len(cuts) else max(0, int(np.ceil(-np.log2(-bound))))
    while shift <= MAX_SHIFT:
        a = np.array([slope << shift]) if slope is not None else round(alpha * 2**shift) + AROUND
        plane, cuts = _integers(both, cuts, a, round(beta * 2**shift), shift)
        if plane is not None:
            return plane if np.abs(plane.c).max() < WIDEST else None
        shift += 1
    return None


def _bounds(sides: Sides, a: float, b: float, shift: int) -> tuple[Numbers, Numbers, Ints, Ints]:
    """Per group the smallest c that serves, the smallest too large, and the steps that say so."""
    rest = (sides.level << shift) - b * sides.q
    low = np.where(sides.has1, rest - a * sides.p1, -FAR)
    high = np.where(sides.has0, rest - a * sides.p0, FAR)
    i, k = low.argmax(axis=1), high.argmin(axis=1)
    group = np.arange(len(low))
    return low[group, i], high[group, k], i, k


def _cuts(sides: Sides, i: Ints, k: Ints) -> Ints:
    """(groups, 3) of gap >= level + a * p + b * q; without those of groups bound on one side."""
    group = np.arange(len(i))
    both = sides.has1[group, i] & sides.has0[group, k]
    p = sides.p0[group, k] - sides.p1[group, i]
    cuts = np.stack([sides.level[i] - sides.level[k], p, sides.q[k] - sides.q[i]], axis=1)
    return np.asarray(cuts[both], np.int64)


def _deepest(sides: Sides, slope: int | None) -> tuple[Ints, float, float, float] | None:
    """Cuts, a and b near where the gap is smallest, and a number that no gap is below.

    None where no gap is below -2^-MAX_SHIFT.
    """
    steepest = float(np.ptp(sides.level)) + 2
    free = (-steepest, steepest)
    limits = [free if slope is None else (slope, slope), (-64 * steepest, 64 * steepest)]
    a, b = float(slope or 0), 0.0
    cuts, best = np.zeros((0, 3), np.int64), (np.inf, a, b)
    for _ in range(300):
        low, high, i, k = _bounds(sides, a, b, 0)
        gap = float((low - high).max())
        best = min(best, (gap, a, b))
        new = _cuts(sides, i, k)
        cuts = np.unique(np.concatenate([cuts, new]), axis=0)
        if not len(cuts):
            return cuts, a, b, -np.inf
        rows = np.column_stack([cuts[:, 1:], -np.ones(len(cuts))])
        found = linprog(
            [0, 0, 1],
            rows,
            -cuts[:, 0],
            bounds=[*limits, (-2 * steepest, None)],
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )
        a, b, bound = found.x
        if bound >= -(2.0**-MAX_SHIFT):
            return None
        if best[0] < NEAR * bound:
            return cuts, best[1], best[2], bound
    return None


def _nearest(sides: Sides, a: float, b: float) -> Sides:
    """The steps that are close to a plane."""
    if sides.p1.shape[1] <= CLOSE:
        return sides
    rest = sides.level - b * sides.q
    low = np.where(sides.has1, rest - a * sides.p1, -FAR)
    high = np.where(sides.has0, rest - a * sides.p0, FAR)
    far = np.minimum(low.max(axis=1, keepdims=True) - low, high - high.min(axis=1, keepdims=True))
    at = np.argpartition(far.min(axis=0), CLOSE)[:CLOSE]
    has1, has0 = sides.has1[:, at], sides.has0[:, at]
    return Sides(sides.p1[:, at], sides.p0[:, at], has1, has0, sides.q[at], sides.level[at])


def _integers(
    both: tuple[Sides, Sides], cuts: Ints, a: Ints, b: int, shift: int
) -> tuple[Plane | None, Ints]:
    """A plane of one of the factors a, and the cuts, with those of the planes tried in vain.

    It is tried on the nearest steps first, then on all.
    """
    for _ in range(100):
        level, p, q = cuts.T
        most = -1 - (level << shift) - a[:, None] * p  # b * q is to be at most that
        up, down = q > 0, q < 0
        highest = np.min(most[:, up] // q[up], axis=1, initial=FAR)
        lowest = np.max(-(most[:, down] // -q[down]), axis=1, initial=-FAR)
        good = np.flatnonzero((lowest <= highest) & (most[:, q == 0] >= 0).all(axis=1))
        if not len(good):
            return None, cuts
        left, right = int(lowest[good[0]]), int(highest[good[0]])
        bounded = left > -FAR and right < FAR
        chosen = (left + right) // 2 if bounded else min(max(b, left), right)
        factor = int(a[good[0]])
        for sides in both:
            low, high, i, k = _bounds(sides, factor, chosen, shift)
            if (low >= high).any():
                cuts = np.unique(np.concatenate([cuts, _cuts(sides, i, k)]), axis=0)
                break
        else:
            return Plane(factor, chosen, _summands(low, high - 1), shift), cuts
    return None, cuts


def _summands(smallest: Ints, largest: Ints) -> Ints:
    """The numbers nearest to 0; one for all groups where one serves all."""
    low, high = smallest.max(), largest.min()
    if low <= high:
        smallest, largest = np.full_like(smallest, low), np.full_like(largest, high)
    c: Ints = np.clip(0, smallest, largest)
    return c
