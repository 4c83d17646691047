# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools

import pytest

from flows.config import load_board
from flows.errors import FlowError
from flows.estimate import mvu_area
from flows.folding import (
    Fold,
    Layer,
    bram_price,
    check_fold,
    converter_area,
    divisors,
    fastest,
    fold_for_rate,
    smallest,
)

BOARD = load_board("pynq-z1")
TFC = [Layer("a", 784, 64), Layer("b", 64, 64), Layer("c", 64, 64), Layer("d", 64, 10)]


def test_divisors() -> None:
    assert divisors(12) == [1, 2, 3, 4, 6, 12]
    assert divisors(1) == [1]


@pytest.mark.parametrize("fps", [1e3, 1e5, 1e6, 7e6])
def test_folds_divide_and_reach_the_rate(fps: float) -> None:
    solution = fold_for_rate(TFC, BOARD, 100.0, fps)
    assert 100e6 / solution.interval >= fps
    for layer, fold in zip(TFC, solution.folds, strict=True):
        assert layer.mw % fold.simd == 0 and layer.mh % fold.pe == 0
        assert fold.cycles(layer) <= solution.interval


def test_the_smallest_is_the_smallest_of_all() -> None:
    layers = [Layer("a", 6, 4), Layer("b", 4, 3)]
    options = [[Fold(pe, simd) for pe in divisors(x.mh) for simd in divisors(x.mw)] for x in layers]
    for limit in (1, 2, 5, 12, 24):
        costs = []
        for folds in itertools.product(*options):
            if all(f.cycles(x) <= limit for f, x in zip(folds, layers, strict=True)):
                area = mvu_area(6, 4, folds[0].pe, folds[0].simd, bram_price(BOARD))
                area = area + mvu_area(4, 3, folds[1].pe, folds[1].simd, bram_price(BOARD))
                costs.append((area + converter_area(folds[0].pe, folds[1].simd)).lut)
        solution = smallest(layers, limit, BOARD)
        assert solution is not None
        assert solution.area.lut == pytest.approx(min(costs))


def test_out_of_reach_says_the_best_reachable_rate() -> None:
    layers = [Layer("a", 1024, 1024), Layer("b", 1024, 10)]
    with pytest.raises(FlowError, match="rate-unreachable") as caught:
        fold_for_rate(layers, BOARD, 100.0, 50e6)
    best = fastest(layers, BOARD)
    assert best is not None
    assert f"--target-fps {int(100e6 / best.interval)}" in caught.value.hint
    again = fold_for_rate(layers, BOARD, 100.0, int(100e6 / best.interval))
    assert again.interval == best.interval


@pytest.mark.parametrize("fps", [0, -5, float("nan")])
def test_no_rate_is_refused(fps: float) -> None:
    with pytest.raises(FlowError, match="rate-unreachable"):
        fold_for_rate(TFC, BOARD, 100.0, fps)


def test_faster_than_the_clock_is_refused() -> None:
    with pytest.raises(FlowError, match="one frame per clk"):
        fold_for_rate(TFC, BOARD, 100.0, 2e8)


def test_a_fold_that_does_not_divide_names_those_that_do() -> None:
    with pytest.raises(FlowError, match="PE=24 does not divide MH=64") as caught:
        check_fold(Layer("conv1", 576, 64), Fold(24, 32), "folding.json")
    assert caught.value.hint == "PE=16, or PE=32"
    check_fold(Layer("conv1", 576, 64), Fold(32, 32), "folding.json")


def test_weights_are_shared_out_between_luts_and_block_ram() -> None:
    """LFC at 256 clk: all in block RAM are 158 of 140 BRAM36, all in LUTs 57,000 of 53,200."""
    sizes = ((784, 1024), (1024, 1024), (1024, 1024), (1024, 10))
    layers = [Layer(str(i), *size, raw=i == 3) for i, size in enumerate(sizes)]
    solution = fold_for_rate(layers, BOARD, 100.0, 390_625)
    assert 0 < solution.area.bram36 <= BOARD.budget["bram36"]
    assert solution.area.lut <= BOARD.budget["lut"]
    assert len(set(solution.prices)) == 2
