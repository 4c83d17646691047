# SPDX-License-Identifier: Apache-2.0
"""report.html: one file that needs nothing from outside, readable in light and dark."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from . import tables
from .charts import Chart
from .load import Run
from .sections import Section, sections
from .summary import NOT_RUN, proved
from .svg import COLOURS
from .tables import TextTable, number

STYLE_FILE = Path(__file__).with_name("report.css")


def render_html(run: Run, table: dict[str, Any], drawings: list[Chart]) -> str:
    """The report as one HTML file."""
    by_name = {chart.name: chart for chart in drawings}
    body = [
        f"<header><p class=kicker>bnnflow report</p><h1>{escape(run.name)}</h1>",
        f"{_verdict(run)}</header>",
        f"<div class=tiles>{''.join(_tiles(table))}</div>",
        "<section><h2>Result</h2>",
        _table(tables.headline(run, table)),
        "</section>",
        *(_section(s, by_name) for s in sections(run, table)),
    ]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>bnnflow report: {escape(run.name)}</title>",
            f"<style>\n{_style()}</style></head><body><main>",
            *body,
            "</main></body></html>",
            "",
        ]
    )


def _style() -> str:
    light = " ".join(f"--{role}: {c[1]};" for role, c in COLOURS.items())
    dark = " ".join(f"--{role}: {c[2]};" for role, c in COLOURS.items())
    return (
        f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
        + STYLE_FILE.read_text()
    )


def _verdict(run: Run) -> str:
    good = proved(run)
    if good is None:
        return "<p class=verdict>Proof not run</p>"
    check = run.check or {}
    equal = f"{number(check['images_equal'])} of {number(check['images_checked'])} images equal"
    kind, word = ("good", "Proved") if good else ("bad", "Not proved")
    return f'<p class="verdict {kind}"><b>{word}</b> {equal}, bit for bit</p>'


def _tiles(table: dict[str, Any]) -> list[str]:
    accuracy, fps, clk = table["accuracy_top1"], table["fps_at_clk"], table["clk_mhz"]
    cycles = table["cycles_per_frame_measured"]
    by = "measured in simulation"
    if cycles is None:
        cycles, by = table["cycles_per_frame_predicted"], "predicted"
    return [
        _tile(
            "Top-1 accuracy",
            accuracy if accuracy is None else tables.percent(accuracy),
            "test images",
        ),
        _tile("Cycles per frame", None if cycles is None else number(cycles), by),
        _tile(
            "Frames per second",
            None if fps is None else number(round(fps)),
            f"at {clk or 0:g} MHz, in simulation" if by.startswith("meas") else "predicted",
        ),
        _tile(
            "LUT",
            None if table["lut"] is None else number(table["lut"]),
            "synthesis, before place and route",
        ),
    ]


def _tile(label: str, value: str | None, note: str) -> str:
    shown, kind = (NOT_RUN, " none") if value is None else (value, "")
    note = "" if value is None else note
    return (
        f'<div class="tile{kind}"><span>{escape(label)}</span><b>{escape(shown)}</b>'
        f"<small>{escape(note)}</small></div>"
    )


def _section(section: Section, by_name: dict[str, Chart]) -> str:
    parts = [f"<section><h2>{escape(section.title)}</h2>"]
    if section.not_run:
        parts.append(f"<p class=none>Not run. {_code(section.not_run)}</p>")
    if section.text and not section.not_run:
        parts.append(f"<p>{' '.join(_code(line) for line in section.text)}</p>")
    parts += [
        f"<figure>{by_name[name].inline()}</figure>" for name in section.charts if name in by_name
    ]
    parts += [_table(t) for t in section.tables if t.rows]
    if section.commands:
        parts.append(f"<pre>{escape(chr(10).join(section.commands))}</pre>")
    return "\n".join([*parts, "</section>"])


def _code(text: str) -> str:
    """Escaped text, with what stands between backticks as code."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(pieces))


def _table(table: TextTable) -> str:
    def row(cells: list[str], tag: str) -> str:
        marked = (
            f"<{tag}{'' if i < table.left else ' class=n'}>{escape(cell)}</{tag}>"
            for i, cell in enumerate(cells)
        )
        return f"<tr>{''.join(marked)}</tr>"

    head = row(table.head, "th")
    rows = "\n".join(row(cells, "td") for cells in table.rows)
    return f"<div class=wide><table><thead>{head}</thead><tbody>\n{rows}\n</tbody></table></div>"
