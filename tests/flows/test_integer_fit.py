# SPDX-License-Identifier: Apache-2.0
"""Functions of integers as multiply-adds: equal at every code, or refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from flows.integer.fit import Affine, fit
from flows.integer.table import Function, Levels, NotMonotone, levels
from flows.integer.value import Value
from hw.kernels.bnn_requant_ref import requant

Ints = NDArray[np.int64]


def value(low: int, high: int, channels: int, classes: int = 1) -> Value:
    """A stream without nodes: levels() then bisects."""
    return Value("s", (channels, 1, 1), low, high, offset=np.zeros((classes, 1), np.int64))


def found(function_of: Callable[[int], Function], v: Value) -> Levels:
    return levels(function_of, v)


def norm_then_quant(
    rng: np.random.Generator, channels: int, classes: int, span: float
) -> Callable[[int], Function]:
    """Batch norm with gains of both signs and 0, an offset per class, 4 bits."""
    gain = rng.uniform(-6, 6, channels) / span * 4
    gain[2::5] = 0
    shift = rng.uniform(-3, 3, channels) + rng.uniform(-0.5, 0.5, (classes, 1))
    shift[:, 2::5] = 1.7

    def of_class(k: int) -> Function:
        return lambda x: np.clip(np.rint(gain * x + shift[k]), -8, 7).astype(np.int64)

    return of_class


def check(affine: Affine | None, v: Value, function_of: Callable[[int], Function]) -> None:
    assert affine is not None
    x = np.repeat(np.arange(v.low, v.high + 1)[:, None], v.channels, axis=1)
    for k in range(len(v.offset)):
        want = function_of(k)(x)
        ends = [function_of(i)(x[[0, -1]]) for i in range(len(v.offset))]
        low, high = int(np.min(ends)), int(np.max(ends))
        got = requant(x, affine.a, affine.b[k], affine.shift, low, high)
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("limits", [(0, 1), (0, 27), (-100, 155), (-3000, 2500)])
@pytest.mark.parametrize("seed", range(4))
def test_batch_norms(limits: tuple[int, int], classes: int, seed: int) -> None:
    v = value(*limits, 9, classes)
    function_of = norm_then_quant(np.random.default_rng(seed), 9, classes, limits[1] - limits[0])
    check(fit(found(function_of, v), v.low, v.high), v, function_of)


def test_a_constant_needs_no_factor() -> None:
    v = value(-4, 9, 2)
    affine = fit(found(lambda k: lambda x: np.full_like(x, 3), v), v.low, v.high)
    assert affine is not None
    assert not affine.a.any()
    assert (affine.b == 3).all()
    assert affine.shift == 0


def test_a_shift_of_0_where_one_is_enough() -> None:
    v = value(0, 200, 1)
    affine = fit(found(lambda k: lambda x: 3 * x - 7, v), v.low, v.high)
    assert affine is not None
    assert (affine.a.tolist(), affine.b.tolist(), affine.shift) == ([3], [[-7]], 0)


def test_powers_of_two_cost_a_shift() -> None:
    v = value(-128, 127, 1)
    affine = fit(found(lambda k: lambda x: x >> 3, v), v.low, v.high)
    assert affine is not None
    assert affine.shift <= 3


@pytest.mark.parametrize(
    "curve",
    [
        lambda x: np.where(x < 20, x, 20 + (x - 20) * 5),  # bends
        lambda x: np.round(np.sqrt(np.maximum(x, 0)) * 4).astype(np.int64),
        lambda x: np.rint(x / 36).astype(np.int64) * (x > -999),  # rounds halves to even
    ],
)
def test_a_curve_is_none(curve: Function) -> None:
    v = value(0, 300, 2)
    assert fit(found(lambda k: curve, v), v.low, v.high) is None


def test_classes_that_fall_and_rise_are_refused() -> None:
    with pytest.raises(NotMonotone, match="rises in one class and falls"):
        levels(lambda k: lambda x: x if k else -x, value(0, 9, 2, classes=2))
