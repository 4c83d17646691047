# SPDX-License-Identifier: Apache-2.0
"""The shell: Verilator without a warning or a waiver, slang without an error, synthesisable."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.env.tools import verilator_env
from hw.system.formal.prove import YOSYS

SYSTEM = Path(__file__).resolve().parents[2] / "hw" / "system"
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
PARTS += [("word_fifo", {"DEPTH": 2}), ("axis_pack", {}), ("axi_lite_slave", {})]
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


def test_yosys_reads_and_maps_the_shell() -> None:
    """Read by slang, mapped to a 7-series part: no latch, no unmapped cell, no clash of drivers."""
    sources = " ".join(str(f) for f in SYSTEM.glob("*.sv") if f.stem != "bnn_system")
    script = [
        f"read_slang --top bnn_shell {sources}",
        "synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -top bnn_shell",
        "check -assert; select -assert-none t:$* t:LD*; stat",
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
