# SPDX-License-Identifier: Apache-2.0
"""The report of a run: complete, with stages missing, and with odd contents."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from flows.errors import FlowError
from flows.files import write_json
from flows.report import write_report

N, CLASSES = 300, 3
FILES: dict[str, Any] = {
    "metrics.json": {
        "accuracy_top1": 0.9,
        "n_test": N,
        "epochs": 2,
        "seconds": 12.5,
        "seed": 4,
        "curve": [
            {"epoch": 1, "train_loss": 1.5, "train_accuracy": 0.7, "val_accuracy": None},
            {"epoch": 2, "train_loss": 0.9, "train_accuracy": 0.8, "val_accuracy": None},
        ],
        "confusion": [[90, 10, 0], [5, 95, 0], [0, 15, 85]],
        "config": {},
        "versions": {"torch": "2.13.0"},
    },
    "folding.json": {
        "board": "pynq-z1",
        "part": "xc7z020clg400-1",
        "clk_mhz": 100.0,
        "target_fps": 1000000.0,
        "nodes": [
            {"name": "Binarise_0", "op": "Binarise", "cycles": 56},
            {"name": "A<b>&_0", "op": "BnnMvu", "MW": 8, "MH": 4, "PE": 2, "SIMD": 8, "cycles": 64},
        ],
        "interval": 64,
        "fps": 1562500.0,
    },
    "check.json": {
        "images": N,
        "stages": [
            {"name": "qonnx", "compared_with": None, "accuracy": 0.9},
            {
                "name": "rtl",
                "compared_with": "qonnx",
                "labels_equal": N,
                "scores_equal": N,
                "accuracy": 0.9,
            },
        ],
        "images_checked": N,
        "images_equal": N,
        "interval_predicted": 64,
        "interval_measured": 64,
        "latency_cycles": 200,
        "stall_run": {"images": 20, "images_equal": 20, "gap": 0.3, "stall": 0.3, "seed": 1},
        "model_sha256": "ab" * 32,
    },
    "synth.json": {
        "tool": "yosys 0.70",
        "part": "xc7z020clg400-1",
        "nodes": [
            {"name": "Binarise_0", "lut": 80, "ff": 20, "bram36": 0.5, "dsp": 0, "lutram": 8}
        ],
        "total": {"lut": 100, "ff": 30, "bram36": 0.5, "dsp": 0, "lutram": 8, "carry": 1},
        "budget": {"lut": 53200, "ff": 106400, "bram36": 140, "dsp": 220},
    },
    "stages.json": [{"name": "check", "seconds": 3.25, "status": "done"}],
    "versions.json": {"yosys": "0.70"},
    "flow.json": {"model": "my model.onnx", "board": "pynq-z1", "target_fps": 1e6, "seed": 1},
}
STAGES = ("metrics.json", "folding.json", "check.json", "synth.json")
REPORTS = ("report.json", "report.md", "report.html")


def make_run(folder: Path, **changed: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in FILES.items():
        if changed.get(name.split(".")[0], value) is not None:
            write_json(folder / name, changed.get(name.split(".")[0], value))
    return folder


def report(run: Path) -> tuple[dict[str, Any], str, str]:
    assert write_report(run) == run / "report.html"
    table, markdown, page = ((run / name).read_text() for name in REPORTS)
    return json.loads(table), markdown, page


def test_json_has_the_numbers_of_a_complete_run(tmp_path: Path) -> None:
    table, _, _ = report(make_run(tmp_path / "demo"))
    expected = {
        "accuracy_top1": 0.9,
        "images_checked": N,
        "images_equal": N,
        "cycles_per_frame_predicted": 64,
        "cycles_per_frame_measured": 64,
        "fps_at_clk": 1562500.0,
        "clk_mhz": 100.0,
        "lut": 100,
        "ff": 30,
        "bram36": 0.5,
        "dsp": 0,
        "seconds": {"train": 12.5, "check": 3.25},
        "versions": {"torch": "2.13.0", "yosys": "0.70"},
        "seed": 4,
        "model_sha256": "ab" * 32,
    }
    assert {key: table[key] for key in expected} == expected
    assert table["state"]["place_and_route"] == table["state"]["board"] == "not run"
    assert table["reproduce"] == ["make demo"]


def test_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    a, b = make_run(tmp_path / "a/demo"), make_run(tmp_path / "b/demo")
    for run in (a, b, a):
        write_report(run)
    made = sorted(p.relative_to(a) for p in a.rglob("*") if p.is_file())
    assert len(made) == len(FILES) + len(REPORTS) + 5
    for name in made:
        assert (a / name).read_bytes() == (b / name).read_bytes(), name


def test_every_number_says_its_path(tmp_path: Path) -> None:
    _, markdown, page = report(make_run(tmp_path / "demo"))
    for text in (markdown, page):
        assert "simulation (Verilator)" in text
        assert "synthesis (yosys, before place and route)" in text
    assert re.search(r"\| Place and route \| not run \|", markdown)
    assert re.search(r"\| Cycles per frame, measured \| 64 \| simulation", markdown)


@pytest.mark.parametrize("missing", STAGES)
def test_a_missing_stage_is_said_so(tmp_path: Path, missing: str) -> None:
    table, markdown, page = report(make_run(tmp_path / "x", **{missing.split(".")[0]: None}))
    assert "not run" in [v for k, v in table["state"].items() if k not in ("board",)]
    assert "Not run." in markdown
    assert "Not run." in page
    if missing == "check.json":
        assert table["images_equal"] is table["cycles_per_frame_measured"] is None
        assert table["paths"]["fps_at_clk"].startswith("folding model")


@pytest.mark.parametrize("only", STAGES)
def test_one_stage_alone_is_enough(tmp_path: Path, only: str) -> None:
    write_json(tmp_path / only, FILES[only])
    report(tmp_path)


def test_page_fetches_nothing_and_follows_the_theme(tmp_path: Path) -> None:
    _, _, page = report(make_run(tmp_path / "demo"))
    links = re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?([^\"')\s>]+)", page)
    assert all(link.startswith("#") for link in links)
    assert set(re.findall(r"https?://[^\"'\s<]+", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "prefers-color-scheme: dark" in page
    assert not re.search(r"#0[1-7]0[1-7]0[1-7]\b", page), "a stand-in colour is left"
    assert set(re.findall(r"var\(--(\w+)\)", page)) <= set(re.findall(r"--(\w+):", page))


def test_names_are_escaped_and_charts_are_xml(tmp_path: Path) -> None:
    run = make_run(tmp_path / "demo")
    _, markdown, page = report(run)
    assert "A<b>" not in page
    assert "A&lt;b&gt;&amp;_0" in page
    charts = sorted((run / "report_charts").glob("*.svg"))
    names = ["area", "confusion", "cycles", "training", "utilisation"]
    assert [chart.stem for chart in charts] == names
    for chart in charts:
        ET.parse(chart)
        assert f"(report_charts/{chart.name})" in markdown


@pytest.mark.parametrize(
    "wrong", [{"images_equal": N - 1}, {"interval_measured": 65}, {"images_checked": 0}]
)
def test_a_failed_proof_is_not_called_proved(tmp_path: Path, wrong: dict[str, int]) -> None:
    run = make_run(tmp_path / "demo", check=FILES["check.json"] | wrong)
    _, markdown, page = report(run)
    assert "<b>Not proved</b>" in page
    assert "NOT PROVED" in markdown


def test_many_classes_and_nodes(tmp_path: Path) -> None:
    matrix = [[50 if i == j else (i * j) % 3 for j in range(40)] for i in range(40)]
    nodes = [{"name": f"{'VeryLongName' * 4}_{i}", "op": "X", "cycles": i + 1} for i in range(60)]
    report(
        make_run(
            tmp_path / "big",
            metrics=FILES["metrics.json"] | {"confusion": matrix},
            folding=FILES["folding.json"] | {"nodes": nodes, "interval": 60},
        )
    )


def test_command_repeats_the_options(tmp_path: Path) -> None:
    table, _, _ = report(make_run(tmp_path / "mine"))
    assert table["reproduce"] == [
        "python -m flows.build --run build/mine --model 'my model.onnx' --board pynq-z1"
        " --target-fps 1000000 --seed 1"
    ]


@pytest.mark.parametrize("content", ["{", "[]", '{"nodes": []}'])
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    run = make_run(tmp_path / "demo")
    (run / "folding.json").write_text(content)
    with pytest.raises(FlowError, match=r"folding\.json cannot be read") as err:
        write_report(run)
    assert err.value.code == "run-file"
    assert not (run / "report.json").exists()


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match="nothing to report") as err:
        write_report(tmp_path)
    assert err.value.exit_code == 2
