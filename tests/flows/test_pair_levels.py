# SPDX-License-Identifier: Apache-2.0
"""Levels of two sums: planes that part their steps, and which way nodes go."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper

from flows.integer.monotone import is_one_way
from flows.integer.pair_levels import Steps, steps_of
from flows.integer.plane import fit_plane
from flows.integer.sums import Pairs
from flows.integer.table import Function
from flows.integer.value import Value
from sim.lib.maps import MapGraph

Ints = NDArray[np.int64]
CHANNELS = 5


def pairs_of_taps(taps: int, ones: Ints) -> Pairs:
    """Counts of matches and of bits that are 1, for channels with so many weights of +1."""
    q = np.arange(taps + 1)
    column, others = q[:, None], taps - ones
    least, most = np.maximum(0, column - others), np.minimum(ones, column)
    return Pairs(q, 2 * least - column + others, 2, most - least + 1)


def all_pairs(found: Pairs) -> tuple[Ints, Ints]:
    """Every pair, some more than once: p (n, channels), q (n, 1)."""
    at = np.minimum(np.arange(found.count.max())[:, None, None], found.count - 1)
    p = (found.first + found.step * at).reshape(-1, found.first.shape[1])
    return p, np.tile(found.q, len(at))[:, None]


def rounded(seed: int, taps: int, classes: int, bits: int, bend: float = 1.0) -> list[Function]:
    """Batch norms of A * P + B * Q + C in float32, gains of both signs and 0; a second slope."""
    rng = np.random.default_rng(seed)
    gain = rng.uniform(0.5, 2, CHANNELS) * rng.choice([-1, 1], CHANNELS) * 2 ** (bits - 3)
    gain[-1] = 0
    a = (gain / np.sqrt(taps)).astype(np.float32)
    b = (a * rng.normal(0, 0.3, CHANNELS)).astype(np.float32)
    centre = -(a + b) * taps / 2
    c = (centre + rng.normal(0, 1, (classes, CHANNELS))).astype(np.float32)

    def of_class(k: int) -> Function:
        def function(p: Ints, q: Ints) -> Ints:
            y = a * p.astype(np.float32) + (b * q.astype(np.float32) + c[k])
            y = np.where(y > 0, y, np.float32(bend) * y)
            return np.clip(np.rint(y), -(1 << bits - 1), (1 << bits - 1) - 1).astype(np.int64)

        return function

    return [of_class(k) for k in range(classes)]


def steps(functions: list[Function], found: Pairs) -> Steps:
    offset = np.zeros((len(functions), 1), np.int64)
    low, high = int(found.first.min()), int((found.first + 2 * (found.count - 1)).max())
    share = Value("q", (1, 1, 1), 0, int(found.q[-1]))
    value = Value("p", (CHANNELS, 1, 1), low, high, offset=offset, share=share)
    return steps_of(value, lambda k: functions[k], found)


@pytest.mark.parametrize(("taps", "bits"), [(9, 2), (36, 4), (50, 8), (90, 6)])
@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_a_plane_equals_the_function_at_every_pair(
    taps: int, bits: int, classes: int, seed: int
) -> None:
    ones = np.random.default_rng(seed).integers(0, taps + 1, CHANNELS)
    ones[:2] = 0, taps  # P and Q are then one number
    found = pairs_of_taps(taps, ones)
    functions = rounded(seed, taps, classes, bits)
    made = steps(functions, found)
    p, q = all_pairs(found)
    for channel in range(CHANNELS):
        plane = fit_plane(made.sides(channel, classes))
        assert plane is not None and abs(plane.a) < 1 << 24 and abs(plane.b) < 1 << 24
        for k, function in enumerate(functions):
            total = plane.a * p[:, channel] + plane.b * q[:, 0] + plane.c[k]
            got = np.clip(total >> plane.shift, made.low, made.high)
            np.testing.assert_array_equal(got, function(p, q)[:, channel])


@pytest.mark.parametrize("seed", range(3))
def test_two_slopes_are_no_plane_but_thresholds_on_one(seed: int) -> None:
    ones = np.random.default_rng(seed).integers(12, 24, CHANNELS)
    found = pairs_of_taps(36, ones)
    (function,) = rounded(seed, 36, 1, 5, bend=0.25)
    made = steps([function], found)
    p, q = all_pairs(found)
    assert fit_plane(made.sides(0, 1)) is None
    for channel in range(CHANNELS):
        plane = fit_plane(
            made.sides(channel, made.high - made.low), 1 if made.rises[channel] else -1
        )
        assert plane is not None and abs(plane.a) == 1 << plane.shift
        total = plane.a * p[:, channel] + plane.b * q[:, 0]
        assert (np.diff(plane.c) <= 0).all()
        got = made.low + (total[:, None] + plane.c >= 0).sum(axis=1)
        np.testing.assert_array_equal(got, function(p, q)[:, channel])


def test_small_factors_where_they_are_exact() -> None:
    found = pairs_of_taps(40, np.full(CHANNELS, 17))
    made = steps([lambda p, q: (3 * p - 2 * q + 1) >> 2], found)
    plane = fit_plane(made.sides(0, 1))
    assert plane is not None and plane.shift <= 2
    p, q = all_pairs(found)
    got = (plane.a * p[:, 0] + plane.b * q[:, 0] + plane.c[0]) >> plane.shift
    np.testing.assert_array_equal(got, (3 * p[:, 0] - 2 * q[:, 0] + 1) >> 2)


def chain(g: MapGraph, kind: str) -> str:
    x = g.node("Mul", [g.source, g.const(np.array([0.5, -2.0]).reshape(1, 2, 1, 1))])
    above = g.node("Relu", [x])
    if kind == "abs":
        return g.node("Abs", [x])
    if kind == "both signs":
        return g.node("Mul", [x, g.const(np.array([1.0, -1.0, 1.0]).reshape(1, 1, 1, 3))])
    slopes = {"maxout": (0.25, 2.0), "falling": (-0.25, -2.0), "V": (-0.25, 2.0)}
    if kind in slopes:
        below, over = slopes[kind]
        low = g.node("Mul", [g.node("Sub", [x, above]), g.const(below)])
        return g.node("Add", [low, g.node("Mul", [above, g.const(over)])])
    if kind == "against":
        return g.node("Sub", [x, g.node("Mul", [above, g.const(2)])])
    if kind == "divisor":
        return g.node("Div", [g.const(1.0), x])
    assert kind == "plain"
    return g.node("Neg", [g.node("Sub", [g.const(1.0), g.clip(g.norm(x), -1, 1)])])


@pytest.mark.parametrize("kind", ["plain", "maxout", "falling"])
def test_one_way(kind: str, tmp_path: Path) -> None:
    assert one_way(kind, tmp_path)


@pytest.mark.parametrize("kind", ["abs", "both signs", "V", "against", "divisor"])
def test_perhaps_not_one_way(kind: str, tmp_path: Path) -> None:
    assert not one_way(kind, tmp_path)


def one_way(kind: str, folder: Path) -> bool:
    g = MapGraph((2, 1, 3), 1)
    path = g.write(folder / "n.onnx", chain(g, kind))
    model = ModelWrapper(str(path))
    return is_one_way(model, Value("s", (2, 1, 3), 0, 9, nodes=tuple(model.graph.node), start="x"))
