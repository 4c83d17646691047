# SPDX-License-Identifier: Apache-2.0
"""Borders of padded maps, levels of functions, grids."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from onnx import helper
from qonnx.core.modelwrapper import ModelWrapper

from flows.integer.border import Border, Window, every_nth, inside
from flows.integer.table import NotMonotone, _bisect, _search, is_monotone, levels, on_grid
from flows.integer.value import Ints, Value, is_power_of_two
from sim.lib.maps import MapGraph

WINDOWS = [
    Window(6, 5, (3, 3), pads=(1, 1, 1, 1)),
    Window(7, 4, (3, 2), strides=(2, 1), pads=(1, 0, 0, 1)),
    Window(6, 9, (3, 3), dilations=(2, 3), pads=(2, 3, 2, 3)),
    Window(5, 5, (7, 7), pads=(3, 3, 3, 3)),
    Window(8, 8, (4, 4), strides=(2, 3), pads=(1, 2, 3, 0)),
    Window(4, 6, (1, 1), strides=(2, 2)),
    Window(3, 3, (3, 3)),
]


@pytest.mark.parametrize("w", WINDOWS, ids=str)
def test_taps_inside_are_those_of_a_zero_padded_convolution(w: Window) -> None:
    border, taps = inside(w)
    ones = torch.ones(1, 1, w.rows, w.columns, dtype=torch.float64)
    top, left, bottom, right = w.pads
    padded = torch.nn.functional.pad(ones, (left, right, top, bottom))
    rng = np.random.default_rng(1)
    kernel = rng.integers(-9, 10, (3, 1, *w.kernel))
    want = torch.nn.functional.conv2d(
        padded, torch.from_numpy(kernel).double(), stride=w.strides, dilation=w.dilations
    )
    sums = np.einsum("krc,orc->ko", taps, kernel[:, 0])
    assert tuple(want.shape[2:]) == w.output == border.of_pixels().shape
    np.testing.assert_array_equal(sums[border.of_pixels()].transpose(2, 0, 1), want[0].numpy())
    assert len(np.unique(taps.reshape(len(taps), -1), axis=0)) <= len(taps)
    assert len(taps) == border.n_rows * border.n_columns


def test_every_nth_pixel_keeps_its_class() -> None:
    border = Border((0, 1, 1, 2, 3), (0, 1, 1, 2))
    skipped, kept = every_nth(border, (2, 3))
    np.testing.assert_array_equal(kept[skipped.of_pixels()], border.of_pixels()[::2, ::3])


def step_functions(seed: int, count: int, channels: int) -> Ints:
    """Rising tables with steps of any height, some constant."""
    rng = np.random.default_rng(seed)
    table = np.cumsum(rng.integers(0, 3, (count, channels)) * (rng.random((count, 1)) < 0.3), 0)
    table[:, ::4] = 2
    return table


@pytest.mark.parametrize("seed", range(5))
def test_bisection_finds_what_a_search_finds(seed: int) -> None:
    table = step_functions(seed, 50, 7)
    wanted = np.arange(int(table.min()) - 1, int(table.max()) + 2)
    columns = np.arange(7)
    origin, direction = np.full(7, -5), np.ones(7, np.int64)

    def function(x: Ints) -> Ints:
        found: Ints = table[x + 5, columns]
        return found

    both = [find(function, wanted, origin, direction, 50) for find in (_bisect, _search)]
    np.testing.assert_array_equal(*both)


def test_levels_of_rising_falling_and_constant_channels() -> None:
    v = Value("s", (3, 1, 1), -2, 3)
    found = levels(lambda k: lambda x: np.stack([x[:, 0], -x[:, 1], 0 * x[:, 2]], axis=1) // 2, v)
    assert (found.low, found.high) == (-2, 1)
    assert found.direction.tolist() == [1, -1, 1]
    assert found.first[0, :, 0].tolist() == [-2, 0, 2]  # -1, 0 and 1 are reached here, going up,
    assert found.first[0, :, 1].tolist() == [2, 0, -2]  # and here, going down
    assert found.first[0, :, 2].tolist() == [-2, -2, 4]  # 1 is never reached


def test_a_bump_is_not_monotone() -> None:
    v = Value("s", (2, 1, 1), 0, 9, nodes=(helper.make_node("Abs", ["s"], ["y"]),), start="s")
    with pytest.raises(NotMonotone, match="channel 0"):
        levels(lambda k: lambda x: abs(x - 4), v)


@pytest.mark.parametrize(
    ("nodes", "monotone"),
    [
        ([("Mul", "s", "c")], True),
        ([("Neg", "s")], True),
        ([("Div", "s", "c")], True),
        ([("Div", "c", "s")], False),
        ([("Relu", "s"), ("Add", "s", "t0")], False),
        ([("Mul", "s", "s")], False),
        ([("PRelu", "s", "c")], False),
    ],
)
def test_what_is_surely_monotone(nodes: list[tuple[str, ...]], monotone: bool) -> None:
    made = tuple(
        helper.make_node(op, list(inputs), [f"t{i}"]) for i, (op, *inputs) in enumerate(nodes)
    )
    assert is_monotone(Value("s", (1, 1, 1), 0, 9, nodes=made, start="s")) is monotone


@pytest.mark.parametrize(
    ("scale", "mul", "offset", "step"),
    [(0.5, 1, 0, 0.5), (0.5, 4, 2, 1.0), (3.0, 1, 0, 3.0 - 2.0), (0.1, 1, 0, None)],
)
def test_grid(scale: float, mul: int, offset: int, step: float | None) -> None:
    model = ModelWrapper(MapGraph((1, 2, 2), 1).model("x"))
    v = Value("s", (1, 1, 1), -3, 6, scale, mul, np.array([[offset]]))
    assert on_grid(model, v) == step


def test_power_of_two() -> None:
    assert all(is_power_of_two(x) for x in (1, 2, 0.25, 2.0**-30))
    assert not any(is_power_of_two(x) for x in (0, -1, 3, 0.3))
