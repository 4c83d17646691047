# SPDX-License-Identifier: Apache-2.0
"""How fast a network can be on a board, what stops it there, and what lower rates cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.config import Board
from flows.errors import FlowError
from flows.fold_layers import Layer, Solution, unit_area
from flows.folding import excess, fastest, fits, intervals, smallest

#: how the resources are called in sentences
NAMES = {"lut": "LUT", "bram36": "BRAM36", "ff": "FF", "dsp": "DSP"}
ROWS = 18  # of a Pareto table, before those that are dominated go


@dataclass(frozen=True)
class Point:
    """A row of the Pareto table: clk per frame, frames/s, estimated area."""

    interval: int
    fps: float
    lut: int
    ff: int
    bram36: float
    dsp: int


def fold_max(layers: Sequence[Layer], board: Board, clk_mhz: float) -> tuple[Solution, str]:
    """The fastest folding that fits a board, and what stops it from being faster.

    Args:
        layers: in stream order.
        board: its budget bounds the area.
        clk_mhz: clock of the accelerator.

    Returns:
        The folding, and a sentence: the resource that is short, and the layer that would grow.

    Raises:
        FlowError: board-too-small, where not even the smallest folding fits.
    """
    best = fastest(layers, board)
    if best is None:
        least = smallest(layers, intervals(layers)[-1], board)
        assert least is not None, "every layer may have PE = SIMD = 1"
        raise FlowError(
            "board-too-small",
            f"the network does not fit {board.name} at any rate: {_short(least, board)}",
            f"--board {board.name}",
            "use a smaller network or a larger board",
            'flows/README.md, "Folding"',
        )
    return best, _why(layers, best, board, clk_mhz)


def _short(solution: Solution, board: Board) -> str:
    """What does not fit, e.g. "60,000 of 53,200 LUT"."""
    area = solution.area
    return ", ".join(
        f"{getattr(area, what):,.0f} of {board.budget[what]:,} {NAMES[what]}"
        for what in excess(area, board)
    )


def _why(layers: Sequence[Layer], best: Solution, board: Board, clk_mhz: float) -> str:
    """Which layers hold the rate, and what one step more would take."""
    units = list(zip(layers, best.folds, best.prices, strict=True))
    slow = [layer.name for layer, fold, _ in units if fold.cycles(layer) == best.interval]
    held = f"{', '.join(slow[:3])}{f' and {len(slow) - 3} more' if len(slow) > 3 else ''}"
    held += f" {'take' if len(slow) > 1 else 'takes'} {best.interval:,} clk per frame"
    faster = [n for n in intervals(layers) if n < best.interval]
    if not faster:
        return f"{held} and cannot take less: no larger PE or SIMD divides"
    step = smallest(layers, faster[-1], board)
    assert step is not None, "intervals() are those that can be realised"
    what = (excess(step.area, board) or ["lut"])[0]
    grown = [
        (getattr(unit_area(layer, to, then) - unit_area(layer, fold, price), what), layer, fold, to)
        for (layer, fold, price), to, then in zip(units, step.folds, step.prices, strict=True)
    ]
    more, layer, fold, to = max(grown, key=lambda entry: entry[0])
    return (
        f"{NAMES[what]}: {clk_mhz * 1e6 / step.interval:,.0f} frames/s would take "
        f"{_short(step, board) or 'more'}; {layer.name} grows most, by {more:,.0f} {NAMES[what]}, "
        f"from PE={fold.pe} SIMD={fold.simd} to PE={to.pe} SIMD={to.simd}; {held}"
    )


def pareto(layers: Sequence[Layer], board: Board, clk_mhz: float | None = None) -> list[Point]:
    """Rate against area, from the smallest accelerator to the fastest that fits.

    Args:
        layers: in stream order.
        board: its budget bounds the area.
        clk_mhz: clock; the board's where None.

    Returns:
        Rows of which none is beaten by another one in rate and in every resource. Empty where
        nothing fits.
    """
    best = fastest(layers, board)
    if best is None:
        return []
    mhz = board.clk_mhz if clk_mhz is None else clk_mhz
    choices = [n for n in intervals(layers) if n >= best.interval]
    ratio = choices[-1] / best.interval
    found = {best.interval: best}
    for i in range(ROWS):
        goal = best.interval * ratio ** (i / (ROWS - 1))
        limit = max(n for n in choices if n <= goal * (1 + 1e-9))
        solution = smallest(layers, limit, board)
        if solution is not None and fits(solution, board):
            found.setdefault(solution.interval, solution)
    points = [
        Point(
            s.interval,
            mhz * 1e6 / s.interval,
            round(s.area.lut),
            round(s.area.ff),
            s.area.bram36,
            round(s.area.dsp),
        )
        for s in found.values()
    ]
    points.sort(key=lambda point: -point.interval)
    return [p for p in points if not any(_beats(q, p) for q in points)]


def _beats(q: Point, p: Point) -> bool:
    """Whether q is as good as p in all, and better in something."""
    ours, theirs = ((x.interval, x.lut, x.ff, x.bram36, x.dsp) for x in (q, p))
    return ours != theirs and all(a <= b for a, b in zip(ours, theirs, strict=True))
