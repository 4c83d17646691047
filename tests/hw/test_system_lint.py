# SPDX-License-Identifier: Apache-2.0
"""The shell: Verilator without a warning or a waiver, slang without an error, synthesisable."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyosys
import pytest

from flows.env.tools import verilator_env
from hw.system.formal.prove import YOSYS

SYSTEM = Path(__file__).resolve().parents[2] / "hw" / "system"
BENCH = SYSTEM.parents[1] / "sim" / "system"
SHELLS = [
    {},
    {"IN_BEAT_BYTES": 3, "IN_BEATS": 7, "SCORE_BEAT_BYTES": 1, "SCORE_BEATS": 3},
    {"IN_BEAT_BYTES": 8, "IN_BEATS": 1, "LABEL_BEAT_BYTES": 2, "SCORE_BEAT_BYTES": 8},
    {"IN_BEAT_BYTES": 13, "SCORE_BEAT_BYTES": 30, "SCORE_BEATS": 1, "BURST": 2, "READS": 1},
    {"IN_BEAT_BYTES": 64, "BURST": 256, "READS": 2, "WRITES": 1},
]
PARTS: list[tuple[str, dict[str, int]]] = [("bnn_shell", shell) for shell in SHELLS]
PARTS += [("axis_widen", {"BYTES": n}) for n in (1, 5, 7, 8, 9, 16, 98)]
PARTS += [("axis_split", {"BYTES": n}) for n in (1, 6, 8, 9, 30)]
PARTS += [("frame_counter", {"BEATS": n}) for n in (1, 2, 7)]
PARTS += [
    ("axi3_lite_bridge", {}),
    ("word_fifo", {"DEPTH": 2}),
    ("axis_pack", {}),
    ("axi_lite_slave", {}),
]
BAD = {
    "word_fifo": {"DEPTH": 6},
    "axi_read_master": {"BURST": 12},
    "axi_write_master": {"BURST": 512},
    "axis_widen": {"BYTES": 0},
    "axis_split": {"BYTES": 0},
    "frame_counter": {"BEATS": 0},
}


def verilate(top: str, values: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    command = ["verilator", "--lint-only", "-Wall", "--top-module", top, "-y", str(SYSTEM)]
    command += [f"-G{name}={value}" for name, value in values.items()]
    command.append(str(SYSTEM / f"{top}.sv"))
    return subprocess.run(command, env=verilator_env(), capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("top", "values"), PARTS, ids=str)
def test_verilator_has_no_warnings(top: str, values: dict[str, int]) -> None:
    done = verilate(top, values)
    assert done.returncode == 0 and not done.stderr, done.stderr


@pytest.mark.parametrize("top", BAD)
def test_bad_parameters_stop_elaboration(top: str) -> None:
    done = verilate(top, BAD[top])
    assert done.returncode != 0 and f"{top}: " in done.stderr


NETWORK = """module bnn_top (
  input logic [783:0] s_axis_tdata, input logic s_axis_tvalid, output logic s_axis_tready,
  output logic [47:0] m_axis_score_tdata, output logic m_axis_score_tvalid,
  input logic m_axis_score_tready, output logic [7:0] m_axis_label_tdata,
  output logic m_axis_label_tvalid, input logic m_axis_label_tready,
  input logic ap_clk, input logic ap_rst_n
);
  assign s_axis_tready = &s_axis_tdata && s_axis_tvalid && ap_rst_n && ap_clk;
  assign {m_axis_label_tdata, m_axis_label_tvalid} = {9{m_axis_label_tready}};
  assign {m_axis_score_tdata, m_axis_score_tvalid} = {49{m_axis_score_tready}};
endmodule
"""


def test_zynq7_top_has_no_warnings(tmp_path: Path) -> None:
    """Around a stand-in for the network; warnings about the model of the processor do not count."""
    (tmp_path / "bnn_top.sv").write_text(NETWORK)
    command = ["verilator", "--lint-only", "-Wall", "-Wno-fatal", "--top-module", "zynq7_top"]
    command += ["-y", str(SYSTEM), "-y", str(tmp_path)]
    command += [str(BENCH / "axi_checker.sv"), str(BENCH / "ps7_model.sv")]
    command.append(str(SYSTEM / "zynq7_top.sv"))
    done = subprocess.run(command, env=verilator_env(), capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if line.startswith("%")]
    assert done.returncode == 0 and [x for x in ours if str(SYSTEM) in x] == [], done.stderr[:2000]


def test_yosys_maps_zynq7_top(tmp_path: Path) -> None:
    """Read by slang, with the ports that yosys knows of PS7: no latch, no unmapped cell."""
    cells = Path(pyosys.__file__).parent / "share" / "xilinx" / "cells_xtra.v"
    found = re.search(r"^module PS7\(.*?^endmodule", cells.read_text(), re.DOTALL | re.MULTILINE)
    assert found
    primitives = tmp_path / "primitives.sv"
    primitives.write_text(f"{found[0]}\nmodule BUFG(output O, input I);\nendmodule\n")
    (tmp_path / "bnn_top.sv").write_text(NETWORK)
    sources = " ".join(str(f) for f in [*SYSTEM.glob("*.sv"), *tmp_path.glob("*.sv")])
    script = [
        "read_slang --top zynq7_top --blackboxed-module PS7 --blackboxed-module BUFG " + sources,
        "synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -top zynq7_top",
        "check -assert; select -assert-count 1 t:PS7; select -assert-count 1 t:BUFG",
        "select -assert-none t:$* t:LD*",
    ]
    done = subprocess.run(
        [sys.executable, "-c", YOSYS],
        input="\n".join(script),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]


def test_no_waivers() -> None:
    assert [f.name for f in SYSTEM.rglob("*.sv") if "lint_off" in f.read_text()] == []
