# SPDX-License-Identifier: Apache-2.0
"""The figures the kernels are held to: what is wanted, what was measured, and by what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

XC7Z020_LUT = 53_200  # AMD DS190
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Figure:
    """A line of the table.

    Attributes:
        name: what is measured.
        anchor: what others reach (FINN+ post-route, BNN-PYNQ; shared as published figures).
        must: what has to be reached, in words.
        ours: measured with the 7-series cells (PRIM = 1).
        plain: measured with the plain RTL (PRIM = 0), or "".
        met: whether `must` holds; None where nothing was measured.
        aim: whether the more ambitious figure is reached, too; None where there is none.
    """

    name: str
    anchor: str
    must: str
    ours: str
    plain: str
    met: bool | None
    aim: bool | None = None


def _pick(rows: Iterable[dict[str, Any]], group: str, prim: int) -> Rows:
    return [row for row in rows if row["group"] == group and row["prim"] == prim]


def _per_lane(rows: Rows, kind: str, label: str) -> str:
    return ", ".join(f"{row[kind] / row['lanes']:.2f} ({_label(row, label)})" for row in rows)


def _label(row: dict[str, Any], label: str) -> str:
    p = row["params"]
    if label == "depth":
        return f"{p['MW'] * p['MH'] // row['lanes']} words"
    return f"SIMD {p['SIMD']}"


def _below(rows: Rows, kind: str, limit: float) -> bool | None:
    return all(row[kind] <= limit * row["lanes"] for row in rows) if rows else None


def figures(units: Rows, tops: Rows) -> list[Figure]:
    """The table's lines.

    Args:
        units: contents of units.json.
        tops: contents of tops.json, or nothing.
    """
    mac, layer = _pick(units, "mac", 1), _pick(units, "layer", 1)
    mac_plain, layer_plain = _pick(units, "mac", 0), _pick(units, "layer", 0)
    deep = [r for r in units if r["prim"] == 1 and r["group"] in ("mac", "layer", "unit", "unseen")]
    worst = max((row["levels"] for row in deep), default=None)
    found = [
        Figure(
            "LUT per lane: XNOR, popcount, accumulate; weights as inputs", "2.09 to 2.9", "1.15",
            _per_lane(mac, "sites", "simd"), _per_lane(mac_plain, "sites", "simd"),
            _below(mac, "sites", 1.15), _below(mac, "sites", 0.95),
        ),
        Figure(
            "LUT per lane all in, 3,584 lanes (PE 32, SIMD 112)", "2.96 and 50 BRAM36", "1.8",
            _per_lane(layer, "sites", "depth"), _per_lane(layer_plain, "sites", "depth"),
            _below(layer, "sites", 1.8),
            None if not layer else bool(_below(layer, "sites", 1.2))
            and not any(row["bram36"] for row in layer),
        ),
        Figure(
            "FF per lane, same", "5.4", "2",
            _per_lane(layer, "ff", "depth"), _per_lane(layer_plain, "ff", "depth"),
            _below(layer, "ff", 2), _below(layer, "ff", 1),
        ),
        Figure(
            "LUT levels between registers, all units", "", "6",
            f"{worst}", "", None if worst is None else worst <= 6,
            None if worst is None else worst <= 4,
        ),
    ]  # fmt: skip
    return [*found, *_tops({row["name"]: row for row in tops})]


def _tops(tops: dict[str, dict[str, Any]]) -> list[Figure]:
    def line(
        name: str, what: str, anchor: str, must: str, lut: float, bram: float, aim: float
    ) -> Figure:
        row = tops.get(name)
        if row is None:
            return Figure(what, anchor, must, "not run", "", None)
        on_time = row["interval_measured"] == row["interval_predicted"]
        ours = f"{row['lut']:,} LUT, {row['ff']:,} FF, {row['bram36']:g} BRAM36;"
        ours += f" {row['interval_measured']} clk measured"
        met = row["lut"] <= lut and row["bram36"] <= bram and on_time
        return Figure(what, anchor, must, ours, "", met, row["lut"] <= aim if aim else None)

    return [
        line("TFC, 14 clk", "TFC, 14 clk per frame, whole network",
             "27,820 LUT, 79 BRAM36, 20 clk measured", "15,000 LUT, 10 BRAM36, 14 clk",
             15_000, 10, 0),
        line("TFC, 1 clk", "TFC, constant weights, a frame per clk", "",
             "fits xc7z020 (53,200 LUT)", XC7Z020_LUT, 140, 25_000),
        line("LFC, 512 clk", "LFC, 512 clk per frame (195,312 frames/s at 100 MHz)",
             "28,360 LUT, 110 BRAM36", "15,000 LUT", 15_000, 140, 0),
        line("LFC, 256 clk", "LFC, 256 clk per frame (390,625 frames/s at 100 MHz)", "",
             "fits xc7z020", XC7Z020_LUT, 140, 0),
    ]  # fmt: skip
