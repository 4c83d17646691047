# SPDX-License-Identifier: Apache-2.0
"""Choose PE and SIMD of every layer: the smallest accelerator that reaches the target rate.

Only matrix-vector units have a choice. What follows a unit takes its PE, what comes before the
first one its SIMD: they then never limit the rate and need no converter. The interval of the whole
is exactly the largest cycle count of its nodes (hw/README.md, bnn_mvu, "Interval"; buffers:
flows/schedule.py); the check stage measures it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from flows.config import Board
from flows.errors import FlowError
from flows.estimate import Area
from flows.fold_layers import (
    IN_LUTS,
    Fold,
    Layer,
    Solution,
    converter_area,
    divisors,
    folds_of,
    unit_area,
)
from flows.fold_search import cheapest

PROBES = 16  # intervals that `fastest` looks at before it halves a gap

__all__ = [
    "Fold",
    "Layer",
    "Solution",
    "bram_price",
    "check_fold",
    "converter_area",
    "divisors",
    "dsp_price",
    "excess",
    "fastest",
    "fits",
    "fold_for_rate",
    "intervals",
    "smallest",
]


def smallest(layers: Sequence[Layer], max_interval: int, board: Board) -> Solution | None:
    """The cheapest folding with at most `max_interval` clk per frame; None where there is none.

    Cost: LUTs, and block RAMs and DSPs at the board's exchange rates. Where that asks for more
    block RAM than there is, weights move into LUTs; where it asks for more LUTs, block RAM is taken
    for cheaper.
    """
    first = None
    for cheaper in (1, 2, 4, 8):
        found = cheapest(layers, max_interval, bram_price(board) / cheaper, dsp_price(board))
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
            more = unit_area(layer, fold, IN_LUTS) - unit_area(layer, fold, prices[i])
            if more.bram36 < 0:
                enough = -more.bram36 >= missing
                moves.append((not enough, more.lut if enough else -more.lut / more.bram36, i, more))
        if not moves:
            break
        *_, i, more = min(moves, key=lambda move: move[:3])
        prices[i] = IN_LUTS
        area = area + more
    return replace(solution, area=area, prices=tuple(prices))


def bram_price(board: Board) -> float:
    """LUTs per BRAM36 of a board: its exchange rate between the two."""
    return board.budget["lut"] / board.budget["bram36"]


def dsp_price(board: Board) -> float:
    """LUTs per DSP of a board."""
    return board.budget["lut"] / board.budget["dsp"]


def excess(area: Area, board: Board) -> list[str]:
    """What a part has too little of: "lut", "bram36", "ff", "dsp"."""
    used = {"lut": area.lut, "bram36": area.bram36, "ff": area.ff, "dsp": area.dsp}
    return [what for what, n in used.items() if n > board.budget[what]]


def fits(solution: Solution, board: Board) -> bool:
    """Whether the estimate stays within the part."""
    return not excess(solution.area, board)


def intervals(layers: Sequence[Layer]) -> list[int]:
    """All that the slowest layer may take, rising: no other interval can be realised."""
    cycles = [{fold.cycles(layer) for fold in folds_of(layer)} for layer in layers]
    least = max(min(c) for c in cycles)
    return sorted(n for n in set().union(*cycles) if n >= least)


def fastest(layers: Sequence[Layer], board: Board) -> Solution | None:
    """The folding with the shortest interval that fits the board; None where none does.

    Slow ones need not fit where fast ones do: few words of weights go into LUTs, many only into
    block RAM. So intervals spread over all of them come first, from the shortest on; then the gap
    in front of the first that fits is halved.
    """
    choices = intervals(layers)
    ratio = choices[-1] / choices[0]
    goals = [choices[0] * ratio ** (i / (PROBES - 1)) for i in range(PROBES)]
    places = sorted({max(0, bisect_right(choices, goal) - 1) for goal in goals})
    low = 0
    for high in places:
        found = _that_fits(layers, choices[high], board)
        if found is not None:
            break
        low = high + 1
    else:
        return None
    high -= 1
    while low <= high:
        middle = (low + high) // 2
        solution = _that_fits(layers, choices[middle], board)
        if solution is not None:
            found, high = solution, middle - 1
        else:
            low = middle + 1
    return found


def _that_fits(layers: Sequence[Layer], interval: int, board: Board) -> Solution | None:
    solution = smallest(layers, interval, board)
    return solution if solution is not None and fits(solution, board) else None


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
        f"no PE and SIMD of every unit take {max_interval:,} clk per frame or less"
        if solution is None
        else f"it takes about {solution.area.lut:,.0f} LUT and {solution.area.bram36:g} BRAM36 of "
        f"{board.budget['lut']:,} and {board.budget['bram36']}{_also(solution.area, board)}"
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


def _also(area: Area, board: Board) -> str:
    """Flip-flops and DSPs, where they are what is short."""
    short = [(what, getattr(area, what)) for what in excess(area, board) if what in ("ff", "dsp")]
    return "".join(f", {n:,.0f} {w.upper()} of {board.budget[w]:,}" for w, n in short)


def check_fold(layer: Layer, fold: Fold, where: str) -> None:
    """Refuse a PE or SIMD that does not divide.

    Raises:
        FlowError: fold-divides, with the two nearest that do.
    """
    grouped = layer.groups > 1
    wide = fold.simd in [layer.channels * n for n in layer.taps]
    if fold.m > 1:
        _check_m(layer, fold, where)
    for key, value, size_name, size in (
        ("PE", fold.pe, "MH/GROUPS" if grouped else "MH", layer.mh // layer.groups),
        ("SIMD", fold.simd, "C" if layer.channels else "MW", layer.channels or layer.mw),
    ):
        if (value >= 1 and size % value == 0) or (key == "SIMD" and (wide or fold.m > 1)):
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


def _check_m(layer: Layer, fold: Fold, where: str) -> None:
    """Several pixels per clk: all rows and columns of the matrix, and M that the maps have."""
    if fold in folds_of(layer):
        return
    choices = ", ".join(map(str, layer.several)) or "none"
    raise FlowError(
        "fold-divides",
        f"M={fold.m} with PE={fold.pe} SIMD={fold.simd}: several pixels per clk need "
        f"PE=MH={layer.mh}, SIMD=MW={layer.mw} and an M that divides the rows of the maps",
        f"{where}, {layer.name} M",
        f"leave M out, or M of: {choices}",
        'flows/README.md, "Folding"',
    )
