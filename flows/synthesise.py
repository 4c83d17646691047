# SPDX-License-Identifier: Apache-2.0
"""Stage synthesise: the stitched top through yosys for a 7-series part; cells per node and in all.

Logic only: no I/O buffers, no place and route. Counting: a LUT is a LUT1 to LUT6 or INV cell;
memories in LUTs (RAM32M and the like, SRL) count as the LUTs they take and are shown apart.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flows.child import run_child
from flows.config import Board
from flows.env.tools import package_version, yosys_command
from flows.errors import FlowError

#: LUTs a memory primitive takes (AMD UG474, "Distributed RAM" and "Shift Registers")
LUTS_OF_MEMORY = {
    "RAM32X1S": 1, "RAM32X1D": 2, "RAM32M": 4, "RAM64X1S": 1, "RAM64X1D": 2, "RAM64M": 4,
    "RAM128X1S": 2, "RAM128X1D": 4, "RAM256X1S": 4, "SRL16E": 1, "SRLC16E": 1, "SRLC32E": 1,
}  # fmt: skip
SYNTH = "synth_xilinx -family xc7 -flatten -abc9 -noiopad -noclkbuf"
FLIP_FLOPS = ("FDRE", "FDSE", "FDCE", "FDPE")


def count_cells(cells: dict[str, int]) -> dict[str, float]:
    """Resources of a module from its yosys cell counts.

    Args:
        cells: number of cells by type.

    Returns:
        lut (memories included), lutram (LUTs of memories), ff, bram36 (RAMB18 is a half), dsp,
        carry (CARRY4).
    """
    lutram = sum(n * cells.get(kind, 0) for kind, n in LUTS_OF_MEMORY.items())
    lut = sum(cells.get(f"LUT{i}", 0) for i in range(1, 7)) + cells.get("INV", 0)
    return {
        "lut": lut + lutram,
        "lutram": lutram,
        "ff": sum(cells.get(kind, 0) for kind in FLIP_FLOPS),
        "bram36": cells.get("RAMB36E1", 0) + cells.get("RAMB18E1", 0) / 2,
        "dsp": cells.get("DSP48E1", 0),
        "carry": cells.get("CARRY4", 0),
    }


def script(top: str, nodes: list[str], sources: list[str], netlist: Path, stat: Path) -> str:
    """The yosys commands; nodes keep their hierarchy so that each can be counted."""
    return "\n".join(
        [
            f"read_slang --keep-hierarchy --allow-use-before-declare --top {top} "
            + " ".join(sources),
            *(f"setattr -mod -set keep_hierarchy 1 {name}*" for name in nodes),
            f"{SYNTH} -top {top}",
            f"tee -q -o {stat} stat -json",
            f"write_json {netlist}",
        ]
    )


def synthesise(
    top_dir: Path, out: Path, log: Path, board: Board, nodes: list[str]
) -> dict[str, Any]:
    """Stage synthesise.

    Args:
        top_dir: folder of stage stitch.
        out: a new folder: netlist.json, stat.json, synth.ys.
        log: file for what yosys prints.
        board: its budget stands beside the result.
        nodes: wrapper modules, in stream order.

    Returns:
        The contents of synth.json.

    Raises:
        FlowError: board-family (not a 7-series part), tool-failed.
    """
    if board.family != "xc7":
        raise FlowError(
            "board-family",
            f"yosys synthesis is set up for 7-series parts, {board.name} has {board.part}",
            f"--board {board.name}",
            f"--board pynq-z1, or leave this stage out: --to check (family {board.family})",
        )
    out.mkdir(parents=True)
    sources = (top_dir / "sources.f").read_text().split()
    stat, netlist = (out / "stat.json").resolve(), (out / "netlist.json").resolve()
    commands = script("bnn_top", nodes, sources, netlist, stat)
    (out / "synth.ys").write_text(commands + "\n")
    run_child(yosys_command(commands), log, cwd=top_dir)
    return table(json.loads(stat.read_text()), board, nodes)


def table(stat: dict[str, Any], board: Board, nodes: list[str]) -> dict[str, Any]:
    """synth.json from yosys' statistics."""
    modules = {name.lstrip("\\"): module for name, module in stat["modules"].items()}
    rows = []
    for name in nodes:
        found = [m for key, m in modules.items() if key == name or key.startswith(f"{name}$")]
        cells: dict[str, int] = {}
        for module in found:
            for kind, n in module["num_cells_by_type"].items():
                cells[kind] = cells.get(kind, 0) + int(n)
        rows.append({"name": name, **count_cells(cells)})
    total = count_cells(stat["design"]["num_cells_by_type"])
    return {
        "tool": f"yosys {package_version('pyosys')} (pyosys)",
        "command": SYNTH,
        "part": board.part,
        "nodes": rows,
        "total": total,
        "budget": board.budget,
    }
