# SPDX-License-Identifier: Apache-2.0
"""Proofs by yosys: primitives equal plain RTL, and leaves equal arithmetic.

The models of LUT6_2, CARRY4 and so on are those of yosys' own library, not ours.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from sim.lib import bench

HERE = Path(__file__).resolve().parent
CELLS = ("LUT5", "LUT6", "LUT6_2", "CARRY4", "MUXF7", "MUXF8")
YOSYS = "import sys; from pyosys import libyosys as ys; d = ys.Design()\n"
YOSYS += "for line in sys.stdin: ys.run_pass(line.strip(), d)"
LIBRARY = [
    "read_verilog +/xilinx/cells_sim.v",
    "select -set cells " + " ".join(f"={cell}" for cell in CELLS),
    "delete =* @cells %d",
    "design -save cells",
]


def _read(top: str, values: dict[str, Any], rtl: Path, name: str) -> list[str]:
    files = [bench.CELLS, *sorted(rtl.glob("*.sv")), *sorted(HERE.glob("*.sv"))]
    sources = " ".join(str(file) for file in files)
    given = " ".join(f"-G {key}={value}" for key, value in values.items())
    return [
        "design -reset",
        f"read_slang --keep-hierarchy --allow-use-before-declare --top {top} {given} {sources}",
        "delete " + " ".join(f"={cell}" for cell in CELLS),
        *(f"design -copy-from cells -as {cell} {cell}" for cell in CELLS),
        f"hierarchy -check -top {top}",
        "proc; memory; flatten; opt_clean",
        # bnn_threshold: not in use with PRIM > 0, where the thresholds are in the comparing LUTs
        "rename -hide w:*gen_words.thr",
        f"rename -top {name}",
        f"design -stash {name}",
    ]


def _run(script: list[str]) -> tuple[bool, str]:
    done = subprocess.run(
        [sys.executable, "-c", YOSYS],
        input="\n".join(script),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0, (done.stdout + done.stderr)[-2000:]


def meets_spec(cases: list[tuple[str, dict[str, Any]]]) -> tuple[bool, str]:
    """Whether `ok` of each module of leaves.sv is 1 for every input; also the end of the log."""
    script = [*LIBRARY]
    for top, values in cases:
        script += [*_read(top, values, bench.KERNELS, "proved"), "design -load proved"]
        script += ["sat -prove ok 1 -verify proved"]
    return _run(script)


def elaborated_cells(top: str, values: dict[str, Any]) -> dict[str, int]:
    """7-series cells in a module as its RTL instantiates them, by type, before any optimisation."""
    given = " ".join(f"-G {key}={value}" for key, value in values.items())
    sources = " ".join(str(file) for file in (bench.CELLS, *sorted(bench.KERNELS.glob("*.sv"))))
    with tempfile.TemporaryDirectory() as folder:
        stat = Path(folder) / "stat.json"
        read = f"read_slang --allow-use-before-declare --top {top} {given} {sources}"
        holds, said = _run([read, f"tee -q -o {stat} stat -json"])
        assert holds, said
        cells: dict[str, int] = json.loads(stat.read_text())["design"]["num_cells_by_type"]
    return cells


def equals_plain(
    top: str, values: dict[str, Any], prim: int, rtl: Path = bench.KERNELS
) -> tuple[bool, str]:
    """Whether a module with PRIM = prim equals the one with PRIM = 0; also the end of the log."""
    gold = _read(top, {**values, "PRIM": 0}, rtl, "gold")
    gate = _read(top, {**values, "PRIM": prim}, rtl, "gate")
    holds, said = _run(
        [
            *LIBRARY, *gold, *gate, "design -reset",
            "design -copy-from gold -as gold gold", "design -copy-from gate -as gate gate",
            "equiv_make gold gate both", "hierarchy -top both", "opt_clean",
            "equiv_simple -short", "equiv_simple", "equiv_induct", "equiv_status -assert",
        ]
    )  # fmt: skip
    return holds and "Equivalence successfully proven" in said, said
