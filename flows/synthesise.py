# SPDX-License-Identifier: Apache-2.0
"""Stage synthesise: the stitched top through yosys, in 7-series cells; per node and in all.

Logic only: no I/O buffers, no place and route. LUTs are counted twice: `lut`, the sites of slices
they fill (hw/kernels/sites.py), and `cells`, every LUT cell yosys emits. Memories in LUTs (RAM32M
and the like, SRL) count as the LUTs they take and are shown apart. UltraScale+ parts are counted
in the same cells: their slices have the same LUTs, and their DSP48E2 and RAMB36E2 hold what DSP48E1
and RAMB36E1 do.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flows.child import run_child
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
    top_dir: Path, out: Path, log: Path, board: Board, nodes: list[str], prim: int = PRIM
) -> dict[str, Any]:
    """Stage synthesise.

    Args:
        top_dir: folder of stage stitch.
        out: a new folder: netlist.json, stat.json, synth.ys.
        log: file for what yosys prints.
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
    sources = (top_dir / "sources.f").read_text().split()
    stat, netlist = (out / "stat.json").resolve(), (out / "netlist.json").resolve()
    script = "\n".join(
        [
            *commands("bnn_top", sources, keep=nodes, generics=[f"PRIM={prim}"]),
            f"tee -q -o {stat} stat -json",
            f"write_json {netlist}",
        ]
    )
    (out / "synth.ys").write_text(script + "\n")
    run_child(yosys_command(script), log, cwd=top_dir)
    modules = json.loads(netlist.read_text())["modules"]
    sites = {name: lut_sites(module) for name, module in modules.items()}
    return {**table(json.loads(stat.read_text()), sites, board, nodes), "prim": prim}


def table(
    stat: dict[str, Any], sites: dict[str, int], board: Board, nodes: list[str]
) -> dict[str, Any]:
    """synth.json from yosys' statistics and the LUT sites of every module of the netlist."""
    modules = {name.lstrip("\\"): module for name, module in stat["modules"].items()}
    rows = []
    for name in nodes:
        found = [key for key in modules if key == name or key.startswith(f"{name}$")]
        cells: dict[str, int] = {}
        for key in found:
            for kind, n in modules[key]["num_cells_by_type"].items():
                cells[kind] = cells.get(kind, 0) + int(n)
        rows.append({"name": name, **_row(cells, sum(sites[key] for key in found))})
    total = _row(stat["design"]["num_cells_by_type"], sum(sites.values()))
    return {
        "tool": f"yosys {package_version('pyosys')} (pyosys)",
        "command": f"{SYNTH}, recipe of hw/kernels/recipe.py",
        "part": board.part,
        "nodes": rows,
        "total": total,
        "budget": board.budget,
    }


def _row(cells: dict[str, int], sites: int) -> dict[str, float]:
    counts = count_cells(cells)
    return {**counts, "lut": sites, "cells": counts["lut"]}
