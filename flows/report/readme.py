# SPDX-License-Identifier: Apache-2.0
"""Fill the result table of README.md from reports, so that no figure there is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flows.errors import FlowError
from flows.files import write_atomic

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


def fill_readme(readme: Path, reports: list[Path]) -> None:
    """Replace the table between the markers by one row per report.json.

    Raises:
        FlowError: readme-markers, report-missing.
    """
    text = readme.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise FlowError(
            "readme-markers",
            f"not exactly one {BEGIN} and one {END}",
            str(readme),
            "put the two markers back where the table belongs",
        )
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    header = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"
    rows = "\n".join(_row(path) for path in reports)
    write_atomic(readme, f"{head}{BEGIN}\n{header}\n{rows}\n{END}{tail}")


def _row(path: Path) -> str:
    if not path.is_file():
        raise FlowError("report-missing", "there is no such report", str(path), "run: make demo")
    r: dict[str, Any] = json.loads(path.read_text())
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
