# SPDX-License-Identifier: Apache-2.0
"""Several levels of A * P + B * Q + C: P a channel's sum, Q one that its pixel's channels share.

For every Q and every level, bisection finds the last P below the level and the first that reaches
it. Integers with (a * p + b * q + c) >> shift past the level exactly between the two, for all of
them, are the function: function and hardware both go one way in p, so that what lies between two
such steps needs no look. Where no plane fits (AdaBin's Maxout bends it), a * p + b * q alone orders
the pairs, and thresholds behind it make the levels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from flows.datatypes import int_type
from flows.errors import FlowError
from flows.integer import pairs
from flows.integer.fallback import tabulate
from flows.integer.lower import MORE, Lowering
from flows.integer.monotone import is_one_way
from flows.integer.plane import Plane, Sides, fit_plane
from flows.integer.sums import Pairs
from flows.integer.sums import pairs as pairs_of
from flows.integer.table import Function, Levels
from flows.integer.value import Ints, Value

#: pairs that are evaluated at a time
AT_ONCE = 1 << 21


@dataclass(frozen=True)
class Steps:
    """Where a function of pairs passes its levels.

    Attributes:
        low, high: smallest and largest result; the levels are low + 1 .. high.
        found: the pairs.
        rises: (channels,) whether results rise with p; the pairs are counted in that direction.
        place: (classes, levels, shares, channels) the first pair that reaches the level; as many as
            there are where none does.
    """

    low: int
    high: int
    found: Pairs
    rises: NDArray[np.bool_]
    place: NDArray[np.int32]

    def sides(self, channel: int, groups: int) -> Sides:
        """The steps of one channel; each class, or each level of each, has a summand."""
        classes, _, n_q, _ = self.place.shape
        place = self.place[..., channel].reshape(groups, -1, n_q)
        first, count = self.found.first[:, channel], self.found.count[:, channel]
        step = self.found.step if self.rises[channel] else -self.found.step
        p1 = step * place + (first if step > 0 else first - step * (count - 1))
        level = np.arange(self.low + 1, self.high + 1) if groups == classes else np.zeros(1, int)
        flat = (groups, -1)
        return Sides(
            p1.reshape(flat),
            (p1 - step).reshape(flat),
            (place < count).reshape(flat),
            (place > 0).reshape(flat),
            np.tile(self.found.q, len(level)),
            np.repeat(level, n_q),
        )


def falls(ctx: Lowering, value: Value, function_of: Callable[[int], Function]) -> NDArray[np.bool_]:
    """Channels whose results fall with what a waiting max-pool compares; raises as pairs.falls."""
    assert value.share is not None
    functions = [function_of(k) for k in range(pairs.classes_of(value))]
    return pairs.falls(ctx, value, functions, pairs_of(value, value.share, ctx.sums))


def requantise(
    ctx: Lowering, value: Value, function_of: Callable[[int], Function], node: NodeProto
) -> Value:
    """Hardware for several levels of two integers.

    Args:
        ctx: the walk.
        value: with a share, without a pool.
        function_of: for a class, the results of codes, shape (n, channels), and shares, (n, 1).
        node: who asks, for messages.

    Raises:
        FlowError: not-monotone, share-fit, no-affine.
    """
    assert value.share is not None
    if not is_one_way(ctx.model, value):
        names = ", ".join(f"{n.name} ({n.op_type})" for n in value.nodes)
        raise FlowError(
            "not-monotone",
            f"the function in front of {node.name} may rise and fall with a channel's sum",
            f"nodes {names}",
            "use monotone nodes there (for AdaBin's Maxout: keep n*p >= 0)",
            MORE,
        )
    steps = steps_of(value, function_of, pairs_of(value, value.share, ctx.sums))
    planes = _planes(steps, len(steps.place))
    if planes is None:
        return _levels(ctx, value, steps, node)
    low, high = steps.low, steps.high
    c = np.stack([plane.c for plane in planes], axis=1)
    stream = _affine(ctx, value, planes, c, (low, high), planes[0].shift)
    return Value(stream, value.shape, low, high)


def steps_of(value: Value, function_of: Callable[[int], Function], found: Pairs) -> Steps:
    """Find them by bisection, all levels at once."""
    functions = [function_of(k) for k in range(pairs.classes_of(value))]
    rises = pairs.rising(value, found, functions)
    way = np.where(rises, found.step, -found.step)
    origin = np.where(rises, found.first, found.first + found.step * (found.count - 1))
    ends = (origin, origin + way * (found.count - 1))
    first, last = (np.stack([f(p, found.q[:, None]) for f in functions]) for p in ends)
    low, high = int(first.min()), int(last.max())
    wanted = np.arange(low + 1, high + 1)
    place = np.empty((len(functions), len(wanted), *origin.shape), np.int32)
    at_once = max(1, AT_ONCE // origin.size)
    for k, function in enumerate(functions):
        for at in range(0, len(wanted), at_once):
            part = slice(at, at + at_once)
            place[k, part] = _bisect(function, wanted[part], found, origin, way)
    return Steps(low, high, found, rises, place)


def _bisect(
    function: Function, wanted: Ints, found: Pairs, origin: Ints, way: Ints
) -> NDArray[np.int32]:
    """Places of the levels, shape (levels, shares, channels)."""
    shape = (len(wanted), *origin.shape)
    q = np.tile(found.q, len(wanted))[:, None]
    below = np.full(shape, -1, np.int32)
    reached = np.broadcast_to(found.count, shape).astype(np.int32)
    while (searching := reached - below > 1).any():
        middle = (below + reached) // 2
        p = origin + way * np.clip(middle, 0, found.count - 1)
        hit = function(p.reshape(-1, shape[2]), q).reshape(shape) >= wanted[:, None, None]
        reached = np.where(searching & hit, middle, reached)
        below = np.where(searching & ~hit, middle, below)
    return reached


def _planes(steps: Steps, groups: int, slopes: Ints | None = None) -> list[Plane] | None:
    """A plane of every channel, all with one shift; None where a channel has none."""
    _, n_levels, _, channels = steps.place.shape
    if not n_levels:
        return [Plane(0, 0, np.full(groups, steps.low), 0)] * channels
    planes = []
    for channel in range(channels):
        slope = None if slopes is None else int(slopes[channel])
        plane = fit_plane(steps.sides(channel, groups), slope)
        if plane is None:
            return None
        planes.append(plane)
    shift = max(plane.shift for plane in planes)
    return [plane.scaled(shift) for plane in planes]


def _affine(
    ctx: Lowering,
    value: Value,
    planes: list[Plane],
    c: Ints,
    limits: tuple[int, int],
    shift: int,
    clamp: int = 1,
) -> str:
    """The stream of (a * p + b * q + c) >> shift, c of shape (classes, channels)."""
    assert value.share is not None
    if (c == c[:1]).all():
        c = c[:1]
    low, high = limits
    return ctx.hw.add(
        "BnnAffine",
        [value.stream, value.share.stream],
        ctx.hw.shapes[value.stream][1:],
        int_type(low, high),
        {"a": np.array([p.a for p in planes]), "b": np.array([p.b for p in planes]), "c": c},
        input1DataType=ctx.hw.types[value.share.stream],
        shift=shift,
        low=low,
        high=high,
        clamp=clamp,
        **value.classes(len(c)),
    )


def _levels(ctx: Lowering, value: Value, steps: Steps, node: NodeProto) -> Value:
    """Thresholds, one for each level, on a * p + b * q with one ratio for all of a channel's.

    Raises:
        FlowError: share-fit; no-affine, where there are too many levels.
    """
    classes, n_levels, _, channels = steps.place.shape
    planes = _planes(steps, classes * n_levels, np.where(steps.rises, 1, -1))
    if planes is None:
        raise pairs.no_fit(value)
    found = steps.found
    a, b = (np.array([getattr(p, name) for p in planes]) for name in "ab")
    last = found.first + found.step * (found.count - 1)
    ends = [a * p + b * found.q[:, None] for p in (found.first, last)]
    low, high = int(np.min(ends)), int(np.max(ends))
    none = np.zeros((1, channels), np.int64)
    stream = _affine(ctx, value, planes, none, (low, high), 0, clamp=0)
    c = np.stack([p.c for p in planes], axis=1).reshape(classes, n_levels, channels)
    first = np.clip(-c, low, high + 1)
    total = Value(stream, value.shape, low, high, border=value.border)
    total = replace(total, offset=np.zeros((classes, 1), np.int64), nodes=value.nodes)

    def function_of(k: int) -> Function:
        return lambda z: steps.low + (z[..., None, :] >= first[k]).sum(axis=-2)

    levels = Levels(steps.low, steps.high, first, np.ones(channels, np.int64))
    return tabulate(ctx, total, function_of, levels, node)
