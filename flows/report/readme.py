# SPDX-License-Identifier: Apache-2.0
"""Fill the result table of README.md from reports, so that no figure there is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows.build import stage_line
from flows.errors import FlowError
from flows.files import read_json, write_atomic

DEMO_BEGIN, DEMO_END = "<!-- demo: begin -->", "<!-- demo: end -->"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
COLUMNS = (
    "network, data",
    "top-1 (test images, seed)",
    "RTL = QONNX",
    "clk per frame, predicted / measured (simulation)",
    "frames/s at clock",
    "LUT / FF / BRAM36 / DSP (synthesis)",
    "place and route, board",
)


def fill_readme(readme: Path, run: Path) -> None:
    """Replace the result table and the printed stages in a README by those of a run.

    Raises:
        FlowError: readme-markers, report-missing.
    """
    header = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"
    text = _between(readme, readme.read_text(), BEGIN, END, f"{header}\n{_row(run)}")
    if DEMO_BEGIN in text:
        lines = "\n".join(stage_line(row) for row in read_json(run / "stages.json"))
        text = _between(readme, text, DEMO_BEGIN, DEMO_END, f"```\n{lines}\n```")
    write_atomic(readme, text)


def _between(readme: Path, text: str, begin: str, end: str, content: str) -> str:
    if text.count(begin) != 1 or text.count(end) != 1:
        raise FlowError(
            "readme-markers",
            f"not exactly one {begin} and one {end}",
            str(readme),
            "put the two markers back where the content belongs",
        )
    head, rest = text.split(begin)
    return f"{head}{begin}\n{content}\n{end}{rest.split(end)[1]}"


def _row(run: Path) -> str:
    path = run / "report.json"
    if not path.is_file():
        raise FlowError("report-missing", "there is no such report", str(path), "run: make demo")
    r: dict[str, Any] = read_json(path)
    fps = r["fps_at_clk"]
    cells = [
        f"{r['network'] or r['run']}, {r['images_source']}",
        "not trained here"
        if r["accuracy_top1"] is None
        else f"{100 * r['accuracy_top1']:.2f} % ({r['n_test']:,}, seed {r['seed']})",
        f"{r['images_equal']:,} of {r['images_checked']:,} images",
        f"{r['cycles_per_frame_predicted']} / {r['cycles_per_frame_measured']}",
        f"{fps:,.0f} at {r['clk_mhz']:g} MHz",
        f"{r['lut']:,} / {r['ff']:,} / {r['bram36']:g} / {r['dsp']} ({r['part']})",
        "not run",
    ]
    return "| " + " | ".join(cells) + " |"
