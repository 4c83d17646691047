# SPDX-License-Identifier: Apache-2.0
"""Stage synthesise: every node of the top through yosys, in 7-series cells; and their sum.

Logic only: no I/O buffers, no place and route. LUTs are counted twice: `lut`, the sites of slices
they fill (hw/kernels/sites.py), and `cells`, every LUT cell yosys emits. Memories in LUTs (RAM32M
and the like, SRL) count as the LUTs they take and are shown apart. UltraScale+ parts are counted
in the same cells: their slices have the same LUTs, and their DSP48E2 and RAMB36E2 hold what DSP48E1
and RAMB36E1 do.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from flows.child import run_children
from flows.config import Board
from flows.env.tools import package_version, yosys_command
from flows.errors import FlowError
from hw.kernels.recipe import SYNTH, commands, count_cells
from hw.kernels.sites import lut_sites

#: how the kernels are made: bnn_lut6_2.sv
PRIM = 1
#: families whose logic is counted in 7-series cells
FAMILIES = ("xc7", "xcup")


def synthesise(
    top_dir: Path, out: Path, logs: Path, board: Board, nodes: list[str], prim: int = PRIM
) -> dict[str, Any]:
    """Stage synthesise: every node for itself, and equal ones once; the top only connects them.

    Args:
        top_dir: folder of stage stitch.
        out: a new folder: for each node that was run its stat.json.
        logs: folder for what yosys prints.
        board: its budget stands beside the result.
        nodes: wrapper modules, in stream order.
        prim: 1: LUT6_2 and CARRY4; 2: without LUT6_2, which upstream nextpnr refuses; 0: plain RTL.

    Returns:
        The contents of synth.json.

    Raises:
        FlowError: board-family (another family of parts), tool-failed.
    """
    if board.family not in FAMILIES:
        raise FlowError(
            "board-family",
            f"synthesis counts cells of {', '.join(FAMILIES)}, {board.name} has {board.part}",
            f"--board {board.name}",
            f"--board pynq-z1, or leave this stage out: --to check (family {board.family})",
        )
    out.mkdir(parents=True)
    wrappers = {name: (top_dir / f"{name}.sv").read_text() for name in nodes}
    nameless = {name: text.replace(name, "node") for name, text in wrappers.items()}
    alike = {text: name for name, text in reversed(nameless.items())}
    first = {name: alike[text] for name, text in nameless.items()}
    # the largest ones first: no worker is left with one at the end
    runs = sorted({*first.values()}, key=lambda name: -len(wrappers[name]))
    sources = (top_dir / "sources.f").read_text().split()
    kernels = [file for file in sources if Path(file).stem not in (*nodes, "bnn_top")]
    programs = [
        (yosys_command(_script(name, kernels, wrappers[name], out, prim)), logs / f"{name}.log")
        for name in runs
    ]
    done = run_children(programs, top_dir, max(1, len(os.sched_getaffinity(0))))
    rows = {}
    quiet = not sys.stderr.isatty()
    for number in tqdm(done, "yosys", total=len(runs), unit="node", disable=quiet, leave=False):
        rows[runs[number]] = _counted(out, runs[number])
    found = [{"name": name, **rows[first[name]]} for name in nodes]
    return {**table(found, board), "prim": prim}


def _script(name: str, kernels: list[str], wrapper: str, out: Path, prim: int) -> str:
    generics = [f"PRIM={prim}"] if "parameter int PRIM" in wrapper else []
    folder = out.resolve()
    return "\n".join(
        [
            *commands(name, [*kernels, f"{name}.sv"], generics=generics),
            f"tee -q -o {folder / name}.stat.json stat -json",
            f"write_json {folder / name}.json",
        ]
    )


def _counted(out: Path, name: str) -> dict[str, float]:
    """A node's cells, and the sites of its LUTs; its netlist, which nobody needs, goes."""
    netlist = out / f"{name}.json"
    sites = sum(lut_sites(module) for module in json.loads(netlist.read_text())["modules"].values())
    netlist.unlink()
    stat = json.loads((out / f"{name}.stat.json").read_text())
    return row(stat["design"]["num_cells_by_type"], sites)


def row(cells: dict[str, int], sites: int) -> dict[str, float]:
    """Resources from yosys' cells by type and counted LUT sites."""
    counts = count_cells(cells)
    return {**counts, "lut": sites, "cells": counts["lut"]}


def table(rows: list[dict[str, Any]], board: Board) -> dict[str, Any]:
    """synth.json from the rows of the nodes."""
    return {
        "tool": f"yosys {package_version('pyosys')} (pyosys)",
        "command": f"{SYNTH}, recipe of hw/kernels/recipe.py, each node for itself",
        "part": board.part,
        "nodes": rows,
        "total": {kind: sum(entry[kind] for entry in rows) for kind in row({}, 0)},
        "budget": board.budget,
    }
