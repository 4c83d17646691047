# SPDX-License-Identifier: Apache-2.0
"""Choose PE and SIMD of every layer: the smallest accelerator that reaches the target rate.

Only matrix-vector units have a choice. The binariser in front takes the first unit's SIMD, score
map, fork and argmax the last unit's PE: they then never limit the rate and need no converter.
The interval of the whole is exactly the largest cycle count of its nodes (hw/README.md, bnn_mvu,
"Interval"); the check stage measures it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flows.config import Board
from flows.errors import FlowError
from flows.estimate import Area, dwc_area, mvu_area

#: price of a BRAM36 that no weights are worth
IN_LUTS = 1e9


@dataclass(frozen=True)
class Layer:
    """A matrix-vector unit to fold: MW inputs, MH outputs, thresholded unless raw."""

    name: str
    mw: int
    mh: int
    raw: bool = False


@dataclass(frozen=True)
class Fold:
    """PE rows and SIMD columns per clk."""

    pe: int
    simd: int

    def cycles(self, layer: Layer) -> int:
        """Clk per frame."""
        return (layer.mw // self.simd) * (layer.mh // self.pe)


@dataclass(frozen=True)
class Solution:
    """Folds of all layers, their area, the interval in clk.

    prices: what a BRAM36 is worth in LUTs for each layer; says where its weights go.
    """

    folds: tuple[Fold, ...]
    area: Area
    interval: int
    prices: tuple[float, ...]


def divisors(n: int) -> list[int]:
    """All divisors of n, rising."""
    small = [d for d in range(1, int(n**0.5) + 1) if n % d == 0]
    return sorted({*small, *(n // d for d in small)})


def converter_area(pe: int, simd: int) -> Area:
    """Width conversion between two units: through the least common multiple where it is uneven."""
    if pe % simd == 0 or simd % pe == 0:
        return dwc_area(pe, simd)
    common = math.lcm(pe, simd)
    return dwc_area(pe, common) + dwc_area(common, simd)


def smallest(layers: Sequence[Layer], max_interval: int, board: Board) -> Solution | None:
    """The cheapest folding with at most `max_interval` clk per frame; None where there is none.

    Dynamic programming along the chain; the state is the PE of the layer before, because a width
    converter is paid for where it differs from the next SIMD. Cost: LUTs, and block RAMs at the
    board's exchange rate. Where that asks for more block RAM than there is, weights move into LUTs;
    where it asks for more LUTs, block RAM is taken for cheaper.
    """
    first = None
    for cheaper in (1, 2, 4, 8):
        found = _cheapest(layers, max_interval, bram_price(board) / cheaper)
        if found is None:
            return None
        solution = _within(found, layers, board.budget["bram36"])
        first = first or solution
        if fits(solution, board):
            return solution
    return first


def _within(solution: Solution, layers: Sequence[Layer], budget: float) -> Solution:
    """Move weights into LUTs until the block RAM suffices or none can be moved any more.

    Of the layers that free enough the one that takes the fewest LUTs is moved; where none does,
    the one with the fewest LUTs per block RAM.
    """
    prices, area = list(solution.prices), solution.area
    while (missing := area.bram36 - budget) > 0:
        moves = []
        for i, (layer, fold) in enumerate(zip(layers, solution.folds, strict=True)):
            shape = (layer.mw, layer.mh, fold.pe, fold.simd)
            before = mvu_area(*shape, prices[i], layer.raw)
            after = mvu_area(*shape, IN_LUTS, layer.raw)
            freed, taken = before.bram36 - after.bram36, after.lut - before.lut
            if freed > 0:
                enough = freed >= missing
                moves.append((not enough, taken if enough else taken / freed, i, taken, freed))
        if not moves:
            break
        *_, i, taken, freed = min(moves)
        prices[i] = IN_LUTS
        area = Area(area.lut + taken, area.bram36 - freed)
    return replace(solution, area=area, prices=tuple(prices))


def bram_price(board: Board) -> float:
    """LUTs per BRAM36 of a board: its exchange rate between the two."""
    return board.budget["lut"] / board.budget["bram36"]


def _cheapest(layers: Sequence[Layer], max_interval: int, price: float) -> Solution | None:
    best: dict[int, tuple[float, Area, tuple[Fold, ...]]] = {0: (0.0, Area(0, 0), ())}
    for i, layer in enumerate(layers):
        options = [
            (fold, mvu_area(layer.mw, layer.mh, fold.pe, fold.simd, price, layer.raw))
            for pe in divisors(layer.mh)
            for simd in divisors(layer.mw)
            if (fold := Fold(pe, simd)).cycles(layer) <= max_interval
        ]
        after: dict[int, tuple[float, Area, tuple[Fold, ...]]] = {}
        for pe_before, (cost, area, folds) in best.items():
            for fold, own in options:
                total = own if i == 0 else own + converter_area(pe_before, fold.simd)
                new = (cost + total.lut + price * total.bram36, area + total, (*folds, fold))
                if fold.pe not in after or new[0] < after[fold.pe][0]:
                    after[fold.pe] = new
        best = after
    if not best:
        return None
    _, area, folds = min(best.values(), key=lambda entry: entry[0])
    interval = max(f.cycles(layer) for f, layer in zip(folds, layers, strict=True))
    return Solution(folds, area, interval, (price,) * len(layers))


def fits(solution: Solution, board: Board) -> bool:
    """Whether the estimate stays within the part."""
    return (
        solution.area.lut <= board.budget["lut"] and solution.area.bram36 <= board.budget["bram36"]
    )


def fastest(layers: Sequence[Layer], board: Board) -> Solution | None:
    """The folding with the shortest interval that fits the board; None where none does."""
    low, high = 1, max(layer.mw * layer.mh for layer in layers)
    found = None
    while low <= high:
        middle = (low + high) // 2
        solution = smallest(layers, middle, board)
        if solution is not None and fits(solution, board):
            found, high = solution, middle - 1
        else:
            low = middle + 1
    return found


def fold_for_rate(
    layers: Sequence[Layer], board: Board, clk_mhz: float, target_fps: float
) -> Solution:
    """The smallest folding that reaches a rate.

    Args:
        layers: in stream order.
        board: its budget bounds the area.
        clk_mhz: clock of the accelerator.
        target_fps: frames per second, > 0.

    Raises:
        FlowError: rate-unreachable, with the best reachable rate.
    """
    if not target_fps > 0:
        raise FlowError(
            "rate-unreachable",
            f"a target of {target_fps:g} frames/s is no rate",
            "--target-fps",
            "give a positive number, e.g. --target-fps 100000",
        )
    max_interval = int(clk_mhz * 1e6 / target_fps)
    solution = smallest(layers, max_interval, board) if max_interval >= 1 else None
    if solution is not None and fits(solution, board):
        return solution
    why = (
        f"even one frame per clk is {clk_mhz * 1e6:,.0f} frames/s"
        if solution is None
        else f"it takes about {solution.area.lut:,.0f} LUT and {solution.area.bram36:g} BRAM36 of "
        f"{board.budget['lut']:,} and {board.budget['bram36']}"
    )
    best = fastest(layers, board)
    if best is None:
        hint = "use a smaller network or a larger board: this one does not fit at any rate"
    else:
        fps = int(clk_mhz * 1e6 / best.interval)
        hint = (
            f"--target-fps {fps}: the best reachable ({best.interval} clk per frame, about "
            f"{best.area.lut:,.0f} LUT and {best.area.bram36:g} BRAM36)"
        )
    raise FlowError(
        "rate-unreachable",
        f"{target_fps:,.0f} frames/s at {clk_mhz:g} MHz is out of reach on {board.name}: {why}",
        f"--target-fps {target_fps:g}, --board {board.name}",
        hint,
        'flows/README.md, "Folding"',
    )


def check_fold(layer: Layer, fold: Fold, where: str) -> None:
    """Refuse a PE or SIMD that does not divide.

    Raises:
        FlowError: fold-divides, with the two nearest that do.
    """
    for key, value, size_name, size in (
        ("PE", fold.pe, "MH", layer.mh),
        ("SIMD", fold.simd, "MW", layer.mw),
    ):
        if value >= 1 and size % value == 0:
            continue
        near = sorted(divisors(size), key=lambda d: abs(d - value))[:2]
        choices = ", or ".join(f"{key}={d}" for d in sorted(near))
        raise FlowError(
            "fold-divides",
            f"{key}={value} does not divide {size_name}={size}",
            f"{where}, {layer.name} {key}   ({layer.name}: MW={layer.mw}, MH={layer.mh})",
            choices,
            'flows/README.md, "Folding"',
        )
