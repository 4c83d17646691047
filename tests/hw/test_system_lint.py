# SPDX-License-Identifier: Apache-2.0
"""The shell: Verilator without a warning or a waiver, slang without an error, synthesisable."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from flows.bitstream.design import shell_sources
from flows.bitstream.netlist import PRIMITIVES, primitives
from flows.env.tools import verilator_env, yosys_command
from sim.system.run import CHECKERS
from tests.flows.bitstream_tools import NETWORK

SYSTEM = Path(__file__).resolve().parents[2] / "hw" / "system"
BENCH = SYSTEM.parents[1] / "sim" / "system"
BOARD_TOPS = {"zynq7_top": "ps7_model", "zynqmp_top": "ps8_model"}
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
    ("axi3_lite_bridge", {"ID_W": 16, "LEN_W": 8}),
    ("start_reset", {}),
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


def yosys(*script: str) -> None:
    done = subprocess.run(yosys_command("\n".join(script)), capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]


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


@pytest.mark.parametrize("top", BOARD_TOPS)
def test_board_top_has_no_warnings(top: str, tmp_path: Path) -> None:
    """Around a stand-in for the network; warnings about the model of the processor do not count."""
    (tmp_path / "bnn_top.sv").write_text(NETWORK)
    command = ["verilator", "--lint-only", "-Wall", "-Wno-fatal", "--top-module", top]
    command += ["-y", str(SYSTEM), "-y", str(tmp_path)]
    benches = (*CHECKERS, BOARD_TOPS[top])
    command += [*(str(BENCH / f"{name}.sv") for name in benches), str(SYSTEM / f"{top}.sv")]
    done = subprocess.run(command, env=verilator_env(), capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if line.startswith("%")]
    assert done.returncode == 0 and [x for x in ours if str(SYSTEM) in x] == [], done.stderr[:2000]


@pytest.mark.parametrize("top", BOARD_TOPS)
def test_yosys_maps_board_top(top: str, tmp_path: Path) -> None:
    """Read by slang, with the processor's ports as yosys knows them: no latch, all cells mapped."""
    (tmp_path / "primitives.sv").write_text(primitives(top))
    (tmp_path / "bnn_top.sv").write_text(NETWORK)
    sources = [*shell_sources(top), *tmp_path.glob("*.sv")]
    cells = [f"select -assert-count 1 t:{name}" for name in PRIMITIVES[top]]
    yosys(
        f"read_slang --top {top} {' '.join(str(f) for f in sources)}",
        f"synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -top {top}",
        f"check -assert; {'; '.join(cells)}; delete t:$scopeinfo",
        "select -assert-none t:$* t:LD*",
    )


@pytest.mark.parametrize("top", BOARD_TOPS)
def test_every_input_of_the_processor_is_given(top: str) -> None:
    """But its pads: what it has in yosys' library, and no name that is not there."""
    ports = re.findall(r"^\s+(in|out)put (?:\[\d+:0\] )?(\w+);", primitives(top), re.MULTILINE)
    inputs = {name for way, name in ports if way == "in"}
    wrapper = (SYSTEM / f"{top.replace('_top', '_ps')}.sv").read_text()
    instance = wrapper[wrapper.index(f"  {PRIMITIVES[top][0]} u_") :]
    given = set(re.findall(r"\.(\w+)\(", instance))
    assert inputs and given <= {name for _, name in ports}
    assert {name for name in inputs - given if "_PAD_" not in name} == set()


def test_start_reset() -> None:
    """Four clk from configuration on; a processor that never raises resetn does not matter."""
    never = "-seq 12 -set resetn 0"
    asked = "-seq 20 -set-at 5 resetn 1"
    refuted = [f"{never} -set-at {clk} rst 0" for clk in range(1, 5)]
    refuted += [f"{never} -set-at {clk} rst 1" for clk in range(5, 13)]
    refuted += [f"{asked} -set-at {clk} resetn 0 -set-at {clk + 4} rst 0" for clk in range(6, 16)]
    start = f"read_slang --top start_reset {SYSTEM / 'start_reset.sv'}; prep; async2sync"
    yosys(start, *(f"sat {case} -falsify" for case in refuted))
    with pytest.raises(AssertionError, match="found a model"):
        yosys(start, f"sat {never} -set-at 5 rst 0 -falsify")


def test_no_waivers() -> None:
    assert [f.name for f in SYSTEM.rglob("*.sv") if "lint_off" in f.read_text()] == []
