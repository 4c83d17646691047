# SPDX-License-Identifier: Apache-2.0
"""report.md: the report for a terminal, a forge or a pull request."""

from __future__ import annotations

from typing import Any

from . import tables
from .charts import Chart
from .load import Run
from .sections import Section, sections
from .tables import TextTable


def render_markdown(
    run: Run, table: dict[str, Any], drawings: list[Chart], chart_folder: str
) -> str:
    """The report as Markdown; charts are files in `chart_folder` beside it."""
    by_name = {chart.name: chart for chart in drawings}
    lines = [f"# bnnflow report: {run.name}", "", *_table(tables.headline(run, table))]
    for section in sections(run, table):
        lines += ["", f"## {section.title}", "", *_section(section, by_name, chart_folder)]
    return "\n".join(lines) + "\n"


def _section(section: Section, by_name: dict[str, Chart], folder: str) -> list[str]:
    blocks: list[list[str]] = []
    if section.not_run:
        return [f"Not run. {section.not_run}"]
    if section.text:
        blocks.append([" ".join(section.text)])
    charts = [by_name[name] for name in section.charts if name in by_name]
    blocks += [[f"![{chart.alt}]({folder}/{chart.name}.svg)"] for chart in charts]
    blocks += [_table(t) for t in section.tables if t.rows]
    if section.commands:
        blocks.append(["```sh", *section.commands, "```"])
    return [line for i, block in enumerate(blocks) for line in ([""] if i else []) + block]


def _table(table: TextTable) -> list[str]:
    rule = ["---" if i < table.left else "---:" for i in range(len(table.head))]
    return [_row(cells) for cells in (table.head, rule, *table.rows)]


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
