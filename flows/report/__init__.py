# SPDX-License-Identifier: Apache-2.0
"""The report of a run: report.json, report.md and report.html from what the stages left.

    python -m flows.report --run build/demo

The same files give the same bytes.
"""

from __future__ import annotations

from pathlib import Path

from flows.files import replacing, write_atomic, write_json

from .charts import charts
from .html import render_html
from .load import Run, load_run
from .markdown import render_markdown
from .summary import summary

__all__ = ["Run", "load_run", "write_report"]

CHART_FOLDER = "report_charts"


def write_report(run: Path) -> Path:
    """Write the report of a run from the stages' files; a stage that was not run is said so.

    Args:
        run: folder of a build: metrics.json, folding.json, check.json, synth.json, stages.json,
            versions.json, flow.json; each may be missing.

    Returns:
        Path of report.html; report.md (its charts in report_charts/) and report.json lie beside.

    Raises:
        FlowError: run-missing (no such folder, or nothing in it), run-file (a file is damaged).
    """
    loaded = load_run(run)
    table = summary(loaded)
    drawings = charts(loaded)
    with replacing(run / CHART_FOLDER) as tmp:
        tmp.mkdir()
        for chart in drawings:
            (tmp / f"{chart.name}.svg").write_text(chart.standalone())
    write_json(run / "report.json", table)
    write_atomic(run / "report.md", render_markdown(loaded, table, drawings, CHART_FOLDER))
    write_atomic(run / "report.html", render_html(loaded, table, drawings))
    return run / "report.html"
