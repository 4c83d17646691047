# SPDX-License-Identifier: Apache-2.0
"""The report's drawings: training curve, confusion matrix, cycles, area, use of the part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from .load import Run, Table
from .svg import ALARM, FIRST, INK, MUTED, SECOND, STYLE, THIRD, Chart, to_chart
from .tables import RESOURCES, number, percent, share

__all__ = ["Chart", "charts"]

WIDTH = 9.0  # inches: as wide as the page's column
ROW = 0.3  # inches per bar
LONGEST_NAME = 30


def charts(run: Run) -> list[Chart]:
    """Every drawing for which the run has the numbers."""
    with rc_context(STYLE):
        made = [draw(run) for draw in (_training, _confusion, _cycles, _area, _utilisation)]
    return [chart for chart in made if chart is not None]


def _training(run: Run) -> Chart | None:
    curve = (run.metrics or {}).get("curve") or []
    if not curve:
        return None
    figure = Figure((WIDTH, 3.1), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [row.get("epoch", i + 1) for i, row in enumerate(curve)]
    for keys, label, colour in (
        (("train_accuracy", "train_acc"), "training images", FIRST),
        (("val_accuracy", "val_acc"), "validation images", SECOND),
    ):
        _line(left, epochs, _column(curve, keys), label, colour)
    assert run.metrics is not None
    final = run.metrics["accuracy_top1"]
    left.axhline(final, color=THIRD, linestyle="--", linewidth=1.2, label=f"test {percent(final)}")
    left.set(title="Accuracy", xlabel="epoch")
    left.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    left.legend(loc="lower right", labelcolor=INK)
    _line(right, epochs, _column(curve, ("train_loss",)), "training", FIRST)
    _line(right, epochs, _column(curve, ("val_loss",)), "validation", SECOND)
    right.set(title="Training loss", xlabel="epoch")
    for axes in (left, right):
        axes.grid(axis="y")
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
        axes.tick_params(axis="y", labelcolor=MUTED)
    alt = f"Accuracy and loss over {len(curve)} epochs; {percent(final)} in the test"
    return to_chart("training", alt, figure)


def _column(curve: list[Table], keys: tuple[str, ...]) -> list[float | None]:
    return [next((row[k] for k in keys if row.get(k) is not None), None) for row in curve]


def _line(
    axes: Axes, epochs: list[int], values: list[float | None], label: str, colour: str
) -> None:
    points = [(e, v) for e, v in zip(epochs, values, strict=True) if v is not None]
    if points:
        marker = "o" if len(points) < 3 else ""
        x, y = zip(*points, strict=True)
        axes.plot(x, y, color=colour, linewidth=1.8, marker=marker, label=label)


def _confusion(run: Run) -> Chart | None:
    matrix = (run.metrics or {}).get("confusion") or []
    n = len(matrix)
    if n == 0:
        return None
    side = min(max(0.5 * n + 1.0, 3.5), 6.5)
    figure = Figure((side + 0.6, side), layout="constrained")
    axes = figure.subplots()
    worst = max((c for i, row in enumerate(matrix) for j, c in enumerate(row) if i != j), default=1)
    for i, row in enumerate(matrix):
        total = sum(row) or 1
        for j, count in enumerate(row):
            if count == 0:
                continue
            colour, depth = (FIRST, count / total) if i == j else (SECOND, count / worst)
            box = Rectangle((j - 0.5, i - 0.5), 1, 1, color=colour, alpha=0.7 * depth, linewidth=0)
            axes.add_patch(box)
            if n <= 20:
                axes.text(j, i, f"{count}", ha="center", va="center", fontsize=8.5, color=INK)
    axes.set(xlim=(-0.5, n - 0.5), ylim=(n - 0.5, -0.5), aspect="equal")
    axes.set(xlabel="predicted class", ylabel="true class")
    axes.xaxis.set_major_locator(MaxNLocator(min(n, 20), integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(min(n, 20), integer=True))
    axes.tick_params(length=0, labelcolor=MUTED)
    right = sum(matrix[i][i] for i in range(n))
    alt = f"Confusion matrix of {n} classes; {right} images are on the diagonal"
    return to_chart("confusion", alt, figure)


def _cycles(run: Run) -> Chart | None:
    if not run.nodes:
        return None
    assert run.folding is not None
    interval = run.folding["interval"]
    figure, axes = _rows([node["name"] for node in run.nodes], 1)
    values = [node["cycles"] for node in run.nodes]
    colours = [ALARM if v >= interval else FIRST for v in values]
    axes[0].barh(range(len(values)), values, height=0.62, color=colours)
    longest = max(*values, interval)
    for i, value in enumerate(values):  # in a column of their own, clear of the interval's line
        axes[0].text(1.015 * longest, i, number(value), va="center", fontsize=8.5, color=INK)
    axes[0].axvline(interval, color=ALARM, linestyle="--", linewidth=1.2)
    axes[0].set_xlim(0, longest * 1.12)
    axes[0].set_title(f"Clock cycles per frame (dashed: predicted interval, {number(interval)})")
    _thousands(axes[0])
    alt = f"Cycles per frame of {len(values)} nodes against the predicted interval of {interval}"
    return to_chart("cycles", alt, figure)


def _area(run: Run) -> Chart | None:
    cells = run.cells
    if not cells:
        return None
    figure, axes = _rows([cell["name"] for cell in cells], 2)
    memory = [cell.get("lutram") or 0 for cell in cells]
    logic = [(cell.get("lut") or 0) - m for cell, m in zip(cells, memory, strict=True)]
    rows = range(len(cells))
    axes[0].barh(rows, logic, height=0.62, color=FIRST, label="logic")
    if any(memory):
        axes[0].barh(rows, memory, left=logic, height=0.62, color=SECOND, label="memory")
        figure.legend(loc="outside lower center", ncols=2, labelcolor=INK)
    flops = [cell.get("ff") or 0 for cell in cells]
    axes[1].barh(rows, flops, height=0.62, color=THIRD)
    whole = [lut + m for lut, m in zip(logic, memory, strict=True)]
    for ax, values, title in ((axes[0], whole, "LUT"), (axes[1], flops, "Flip-flops")):
        for i, value in enumerate(values):
            at = (value + 0.012 * max(values), i)
            ax.text(*at, number(value), va="center", fontsize=8.5, color=INK)
        ax.set_xlim(0, (max(values) or 1) * 1.2)
        ax.set_title(title)
        _thousands(ax)
    return to_chart("area", f"LUT and flip-flops of {len(cells)} nodes", figure)


def _utilisation(run: Run) -> Chart | None:
    if run.synth is None:
        return None
    total, budget = run.synth["total"], run.synth["budget"]
    kinds = [(k, label) for k, label in RESOURCES if budget.get(k)]
    if not kinds:
        return None
    figure, axes = _rows([label for _, label in kinds], 1)
    for i, (key, _) in enumerate(kinds):
        used, room = total.get(key) or 0, budget[key]
        axes[0].barh(i, 1, height=0.5, color=MUTED, alpha=0.18)
        axes[0].barh(i, min(used / room, 1), height=0.5, color=ALARM if used > room else FIRST)
        words = f"{number(used)} of {number(room)}  ({share(used, room)})"
        axes[0].text(1.02, i, words, va="center", fontsize=9, color=INK)
    axes[0].set_xlim(0, 1.4)
    axes[0].set_title(f"Use of {run.synth.get('part', 'the part')}")
    axes[0].xaxis.set_visible(False)
    axes[0].spines["bottom"].set_visible(False)
    axes[0].grid(False)
    return to_chart("utilisation", "Share of the part's LUT, FF, BRAM and DSP in use", figure)


def _rows(names: list[str], panels: int) -> tuple[Figure, list[Axes]]:
    """A figure of horizontal bars, one row per name from the top, in `panels` side by side."""
    figure = Figure((WIDTH, ROW * len(names) + 1.0), layout="constrained")
    grid: Any = figure.subplots(1, panels, sharey=True, squeeze=False)[0]
    axes: list[Axes] = list(grid)
    axes[0].set_yticks(range(len(names)), [_short(name) for name in names])
    axes[0].set_ylim(len(names) - 0.4, -0.6)
    for ax in axes:
        ax.grid(axis="x")
        ax.tick_params(length=0)
        ax.spines["left"].set_visible(False)
    return figure, axes


def _short(name: str) -> str:
    half = LONGEST_NAME // 2 - 1
    return name if len(name) <= LONGEST_NAME else f"{name[:half]}…{name[-half:]}"


def _thousands(axes: Axes) -> None:
    form: Callable[[float, int], str] = lambda value, _: number(value)  # noqa: E731
    axes.xaxis.set_major_formatter(FuncFormatter(form))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
