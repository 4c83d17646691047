# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flows.config import load_board
from flows.errors import FlowError
from flows.synthesise import synthesise
from hw.kernels.recipe import count_cells


def test_cells_become_resources() -> None:
    cells = {"LUT2": 3, "LUT6": 4, "INV": 1, "RAM32M": 2, "SRL16E": 5, "FDRE": 7, "FDSE": 1}
    cells |= {"RAMB36E1": 2, "RAMB18E1": 1, "DSP48E1": 3, "CARRY4": 6, "MUXF7": 9}
    found = count_cells(cells)
    assert found == {
        "lut": 3 + 4 + 1 + 2 * 4 + 5,
        "lutram": 2 * 4 + 5,
        "ff": 8,
        "bram36": 2.5,
        "dsp": 3,
        "carry": 6,
    }


def node(name: str, body: str) -> str:
    """A wrapper that needs no kernel."""
    ports = "input wire logic ap_clk, input wire logic [3:0] a, output logic [3:0] y"
    return f"module {name} ({ports});\n  {body}\nendmodule\n"


def test_equal_nodes_are_counted_once_each_and_run_once(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    register = "always_ff @(posedge ap_clk) y <= a;"
    for name, body in (("A_0", register), ("B_0", "assign y = a + 4'd3;"), ("A_1", register)):
        (top / f"{name}.sv").write_text(node(name, body))
    (top / "sources.f").write_text("A_0.sv\nB_0.sv\nA_1.sv\nbnn_top.sv\n")
    out, nodes = tmp_path / "out", ["A_0", "B_0", "A_1"]
    synth = synthesise(top, out, tmp_path / "logs", load_board("pynq-z1"), nodes)
    assert [entry["name"] for entry in synth["nodes"]] == nodes
    assert [entry["ff"] for entry in synth["nodes"]] == [4, 0, 4]
    assert synth["total"]["ff"] == 8 and synth["nodes"][1]["lut"] > 0
    assert sorted(path.name for path in out.iterdir()) == ["A_0.stat.json", "B_0.stat.json"]


def test_what_yosys_refuses_ends_the_stage(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    (top / "A_0.sv").write_text(node("A_0", "assign y = nothing;"))
    (top / "sources.f").write_text("A_0.sv\n")
    with pytest.raises(FlowError, match="tool-failed") as caught:
        synthesise(top, tmp_path / "out", tmp_path / "logs", load_board("pynq-z1"), ["A_0"])
    assert "A_0.log" in caught.value.where


def test_other_families_are_refused(tmp_path: Path) -> None:
    board = replace(load_board("pynq-z1"), family="zynquplus")
    with pytest.raises(FlowError, match="board-family"):
        synthesise(tmp_path, tmp_path / "out", tmp_path / "log", board, [])
    assert not (tmp_path / "out").exists()
