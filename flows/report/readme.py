# SPDX-License-Identifier: Apache-2.0
"""Fill the result table of README.md from reports, so that no figure there is typed."""

from __future__ import annotations

from collections.abc import Sequence
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


def fill_readme(readme: Path, run: Path, others: Sequence[Path] = ()) -> None:
    """Replace the result table and the printed stages in a README by those of a run.

    Args:
        readme: the file.
        run: its stages are shown, and its results in the first row.
        others: runs for further rows.

    Raises:
        FlowError: readme-markers, report-missing.
    """
    header = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"
    rows = "\n".join(_row(r) for r in (run, *others))
    text = between(readme, readme.read_text(), BEGIN, END, f"{header}\n{rows}")
    if DEMO_BEGIN in text:
        lines = "\n".join(stage_line(row) for row in read_json(run / "stages.json"))
        text = between(readme, text, DEMO_BEGIN, DEMO_END, f"```\n{lines}\n```")
    write_atomic(readme, text)


def between(readme: Path, text: str, begin: str, end: str, content: str) -> str:
    """Text with what stands between two markers replaced.

    Raises:
        FlowError: readme-markers.
    """
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
        _accuracy(r),
        f"{r['images_equal']:,} of {r['images_checked']:,} images",
        f"{r['cycles_per_frame_predicted']} / {r['cycles_per_frame_measured']}",
        f"{fps:,.0f} at {r['clk_mhz']:g} MHz",
        f"{r['lut']:,} / {r['ff']:,} / {r['bram36']:g} / {r['dsp']} ({r['part']})",
        "not run",
    ]
    return "| " + " | ".join(cells) + " |"


def _accuracy(r: dict[str, Any]) -> str:
    if r["accuracy_top1"] is not None:
        return f"{100 * r['accuracy_top1']:.2f} % ({r['n_test']:,}, seed {r['seed']})"
    if r.get("accuracy_top1_integer") is not None:
        return (
            f"{100 * r['accuracy_top1_integer']:.2f} % ({r['images_compared']:,}, trained before)"
        )
    return "not trained here"
