# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from flows.build import stage_line
from flows.errors import FlowError
from flows.files import write_json
from flows.report.readme import BEGIN, DEMO_BEGIN, DEMO_END, END, fill_readme

REPORT = {
    "run": "demo", "network": "4-3-2", "images_source": "mnist", "accuracy_top1": 0.5,
    "n_test": 10, "seed": 1, "images_equal": 9, "images_checked": 10,
    "cycles_per_frame_predicted": 7, "cycles_per_frame_measured": 8, "fps_at_clk": 1234567.0,
    "clk_mhz": 100.0, "lut": 1000, "ff": 20, "bram36": 0.5, "dsp": 0, "part": "xc7",
}  # fmt: skip


def test_table_is_filled_and_filled_again(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(
        f"head\n{BEGIN}\nSTALE\n{END}\nmiddle\n{DEMO_BEGIN}\nSTALE\n{DEMO_END}\ntail\n"
    )
    write_json(tmp_path / "report.json", REPORT)
    row = {"name": "fold", "seconds": 1.25, "note": "8 clk per frame"}
    write_json(tmp_path / "stages.json", [row])
    fill_readme(readme, tmp_path)
    once = readme.read_text()
    assert once.startswith("head\n") and once.endswith("\ntail\n") and "STALE" not in once
    assert "| 4-3-2, mnist | 50.00 % (10, seed 1) | 9 of 10 images | 7 / 8 |" in once
    assert "not run" in once
    assert f"```\n{stage_line(row)}\n```" in once
    fill_readme(readme, tmp_path)
    assert readme.read_text() == once


def test_missing_report_and_markers(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"{BEGIN}{END}")
    with pytest.raises(FlowError, match="report-missing"):
        fill_readme(readme, tmp_path)
    assert readme.read_text() == f"{BEGIN}{END}"
    write_json(tmp_path / "report.json", REPORT)
    readme.write_text("no markers")
    with pytest.raises(FlowError, match="readme-markers"):
        fill_readme(readme, tmp_path)
