# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
import time
from dataclasses import replace

import pytest

from flows.config import load_board
from flows.errors import FlowError
from flows.estimate import Area, mvu_area
from flows.fold_layers import folds_of, unit_area
from flows.fold_max import fold_max, pareto
from flows.fold_search import cheapest, links_of, options_of
from flows.folding import (
    Fold,
    Layer,
    bram_price,
    check_fold,
    converter_area,
    divisors,
    excess,
    fastest,
    fold_for_rate,
    intervals,
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
    with pytest.raises(FlowError, match="no PE and SIMD of every unit"):
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


def cnv() -> list[Layer]:
    """CNV: 8-bit pixels into the first layer, valid 3x3 convolutions, three dense layers."""
    convs = ((3, 64, 30), (64, 64, 28), (64, 128, 12), (128, 128, 10), (128, 256, 3), (256, 256, 1))
    layers = [
        Layer(f"conv{i}", 9 * c, rows, vectors=size * size, channels=c)
        for i, (c, rows, size) in enumerate(convs)
    ]
    layers[0] = replace(layers[0], kind="integer", in_w=8)
    dense = ((256, 512), (512, 512), (512, 10))
    return layers + [Layer(f"fc{i}", *shape, raw=i == 2) for i, shape in enumerate(dense)]


FINN_CNV = ((16, 3), (32, 32), (16, 32), (16, 32), (4, 32), (1, 32), (1, 4), (1, 8), (5, 1))


def resnet18() -> list[Layer]:
    """ResNet-18 for CIFAR with a shortcut around every unit, 8-bit first and last layer."""
    layers = [Layer("stem", 27, 64, kind="integer", in_w=8, w_w=8, vectors=1024, channels=3)]
    before, size = "stem", 32
    for stage, rows in enumerate((64, 128, 256, 512)):
        for block in range(4):
            c, around = rows, before
            if stage and block == 0:
                c, size, around = rows // 2, size // 2, f"short{stage}"
                layers.append(Layer(around, c, rows, True, size * size, source=before))
            shape = {"vectors": size * size, "channels": c, "source": before}
            name = f"conv{stage}_{block}"
            layers.append(Layer(name, 9 * c, rows, True, **shape, joins=((around, 16),)))
            before = name
    return [*layers, Layer("fc", 512, 10, kind="integer", in_w=16, w_w=8)]


def test_cnv_at_finns_rate() -> None:
    layers = cnv()
    finn = [Fold(*fold).cycles(x) for fold, x in zip(FINN_CNV, layers, strict=True)]
    assert max(finn) == 32_768
    solution = fold_for_rate(layers, BOARD, 100.0, 3_050)
    assert solution.interval <= 32_768 and solution.area.lut < 13_000
    price = bram_price(BOARD)
    theirs = sum(unit_area(x, Fold(*f), price).lut for x, f in zip(layers, FINN_CNV, strict=True))
    assert solution.area.lut + price * solution.area.bram36 < theirs + price * 140


def test_folds_keep_to_channels_groups_and_limits() -> None:
    layer = Layer("x", 9 * 12, 32, vectors=49, channels=12, groups=4, max_simd=6)
    assert {f.simd for f in folds_of(layer)} == {1, 2, 3, 4, 6}
    assert {f.pe for f in folds_of(layer)} == {1, 2, 4, 8}
    assert Fold(8, 6).cycles(layer) == 49 * 18 * 4
    stride4 = Layer("y", 12, 12, vectors=4, pixels=64, channels=12)
    assert Fold(12, 3).cycles(stride4) == 64 * 4, "its window reads all of the map"
    with pytest.raises(FlowError, match="SIMD=9 does not divide C=12") as caught:
        check_fold(layer, Fold(8, 9), "folding.json")
    assert "MW=108" in caught.value.where
    with pytest.raises(FlowError, match="PE=16 does not divide MH/GROUPS=8"):
        check_fold(layer, Fold(16, 6), "folding.json")


def test_several_taps_and_pixels() -> None:
    """Several pixels per clk only where PE and SIMD can grow no more."""
    layer = Layer("x", 36, 8, vectors=64, pixels=64, channels=4, replay=False)
    layer = replace(layer, taps=(3, 9), several=(2, 4))
    assert {f.simd for f in folds_of(layer)} == {1, 2, 4, 12, 36}
    assert [f for f in folds_of(layer) if f.m > 1] == [Fold(8, 36, 2), Fold(8, 36, 4)]
    assert Fold(8, 4).cycles(layer) == 64 * 9 and Fold(8, 12).cycles(layer) == 64 * 3
    assert Fold(8, 36).cycles(layer) == 64 and Fold(8, 36, 4).cycles(layer) == 16
    assert Fold(8, 36, 4).lanes_in(layer) == 16 and Fold(8, 36, 4).lanes_out == 32
    valid = replace(layer, vectors=36)
    assert Fold(8, 12).cycles(valid) == 64 + 2 * 36, "positions that are no output take a clk"
    found = [smallest([layer], limit, BOARD) for limit in (576, 64, 63, 16)]
    assert [s.folds[0].m for s in found if s is not None] == [1, 1, 2, 4]
    assert smallest([layer], 15, BOARD) is None
    check_fold(layer, Fold(8, 12), "folding.json")
    check_fold(layer, Fold(8, 36, 2), "folding.json")
    with pytest.raises(FlowError, match="M=2 with PE=4 SIMD=36") as caught:
        check_fold(layer, Fold(4, 36, 2), "folding.json")
    assert caught.value.hint == "leave M out, or M of: 2, 4"


def test_what_follows_a_unit_counts() -> None:
    plain = Layer("a", 64, 64)
    dear = replace(plain, extra=lambda fold: Area(1000.0 * fold.pe, 0.5, 10, fold.pe))
    solution = smallest([dear], 256, BOARD)
    assert solution is not None and solution.folds[0].pe == 1, "rows are dear: columns instead"
    own = unit_area(plain, solution.folds[0], solution.prices[0])
    assert solution.area == own + Area(1000, 0.5, 10, 1)


def test_the_cheapest_with_shortcuts() -> None:
    """Against every combination: joins of neighbours are exact, others at least near."""
    layers = [
        Layer("a", 8, 8, source=""),
        Layer("b", 8, 8, joins=(("a", 16),)),
        Layer("c", 8, 8, source="a", joins=(("b", 16),)),
    ]
    links = links_of(layers)
    assert [(k.a, k.b, k.kind) for k in links] == [
        (0, 1, "feeds"),
        (0, 1, "added"),
        (0, 2, "feeds"),
        (1, 2, "added"),
    ]
    for limit in (2, 8, 16):
        options = [options_of(layer, limit, 380.0, 200.0) for layer in layers]
        costs = [
            sum(option.lut for option in chosen)
            + sum(k.area(chosen[k.a], chosen[k.b]).lut for k in links)
            for chosen in itertools.product(*options)
        ]
        found = cheapest(layers, limit, 380.0, 200.0)
        assert found is not None and min(costs) <= found.area.lut <= 1.05 * min(costs)


def test_max_says_what_stops_it() -> None:
    layers, board = resnet18(), load_board("zcu104")
    begin = time.process_time()
    best, why = fold_max(layers, board, 100.0)
    assert time.process_time() - begin < 2
    assert not excess(best.area, board)
    assert why.startswith("LUT: ") and "of 230,400 LUT; conv3_" in why and "grows most, by" in why
    _, why = fold_max([Layer("a", 8, 8)], board, 100.0)
    assert why == "a takes 1 clk per frame and cannot take less: no larger PE or SIMD divides"
    with pytest.raises(FlowError, match=r"not fit pynq-z1 at any rate: .* of 140 BRAM36"):
        fold_max(layers, BOARD, 100.0)


def test_pareto_is_from_small_to_fast() -> None:
    layers = cnv()
    points = pareto(layers, BOARD)
    assert 10 <= len(points) <= 20
    assert [p.interval for p in points] == sorted({p.interval for p in points}, reverse=True)
    assert points[-1].interval == fold_max(layers, BOARD, 100.0)[0].interval
    assert all(p.interval in intervals(layers) for p in points)
    assert points[0].lut < points[-1].lut <= BOARD.budget["lut"]
    assert points[-1].fps == 100e6 / points[-1].interval


def test_no_board_no_points() -> None:
    tiny = replace(BOARD, budget={"lut": 10, "ff": 10, "bram36": 1, "dsp": 1})
    assert pareto(cnv(), tiny) == [] and fastest(cnv(), tiny) is None
