# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flows.config import load_board
from flows.errors import FlowError
from flows.synthesise import synthesise, table
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


def test_nodes_and_total_from_yosys_statistics() -> None:
    stat = {
        "modules": {
            "\\BnnMvu_1$bnn_top.u_BnnMvu_1": {"num_cells_by_type": {"LUT6": 2}},
            "\\BnnMvu_10": {"num_cells_by_type": {"LUT6": 5}},
        },
        "design": {"num_cells_by_type": {"LUT6": 7}},
    }
    sites = {"BnnMvu_1$bnn_top.u_BnnMvu_1": 3, "BnnMvu_10": 4}
    synth = table(stat, sites, load_board("pynq-z1"), ["BnnMvu_1", "BnnMvu_10"])
    assert [node["cells"] for node in synth["nodes"]] == [2, 5]
    assert [node["lut"] for node in synth["nodes"]] == [3, 4]
    assert (synth["total"]["cells"], synth["total"]["lut"]) == (7, 7)


def test_other_families_are_refused(tmp_path: Path) -> None:
    board = replace(load_board("pynq-z1"), family="zynquplus")
    with pytest.raises(FlowError, match="board-family"):
        synthesise(tmp_path, tmp_path / "out", tmp_path / "log", board, [])
    assert not (tmp_path / "out").exists()
