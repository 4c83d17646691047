# SPDX-License-Identifier: Apache-2.0
"""Synthesis of the whole logic by yosys: a netlist for place and route, its size and its depth.

For UltraScale+ parts, too, the cells are those of 7 series: their sizes are comparable, as in
flows/synthesise.py, but Vivado starts from the RTL there.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from flows.bitstream.design import Design
from flows.bitstream.stages import Stages, Tool
from flows.env.tools import package_version, require_package, yosys_command
from flows.files import read_json, write_json
from flows.synthesise import row
from hw.kernels.levels import levels
from hw.kernels.recipe import PRIMS, commands
from hw.kernels.sites import lut_sites

STAGE = "netlist"
#: LUT5 and LUT6 in place of LUT6_2, which upstream nextpnr refuses
PRIM = 2
#: the processor and its clock buffer, by top
PRIMITIVES = {"zynq7_top": ("PS7", "BUFG"), "zynqmp_top": ("PS8", "BUFG_PS")}
#: delays without wires, in ns: a flip-flop's clock to output, the fastest input of a LUT to its
#: output (yosys' share/xilinx/cells_sim.v, 7 series)
CLOCK_TO_Q_NS, LUT_NS = 0.303, 0.127


def synthesise(stages: Stages, rtl: Path, design: Design) -> Path:
    """Stage netlist: netlist.json, .edif, .ys, clock.xdc, primitives.sv, stat.json, estimate.json.

    Args:
        stages: of the bitstream.
        rtl: folder of stage rtl.
        design: what is built.

    Returns:
        The stage's folder.

    Raises:
        FlowError: tool-missing, tool-failed.
    """
    tool = Tool("yosys", "pyosys", f"pyosys {package_version('pyosys')}")
    generics = [f"{name}={value}" for name, value in design.generics(PRIM).items()]
    sources = ["../netlist/primitives.sv", *(rtl / "sources.f").read_text().split()]
    script = "\n".join(
        [
            *commands(design.board.top, sources, generics=generics),
            "delete t:$scopeinfo",  # place and route knows no such cell
            "check -assert",
            "tee -q -o ../netlist/stat.json stat -json",
            "write_json ../netlist/netlist.json",
            f"write_edif -top {design.board.top} -pvector bra ../netlist/netlist.edif",
        ]
    )

    def work(tmp: Path) -> None:
        (tmp / "primitives.sv").write_text(primitives(design.board.top))
        (tmp / "clock.xdc").write_text(constraints(design))
        (tmp / "netlist.ys").write_text(script + "\n")
        # in the folder of the sources, which name their memory files without one
        command = yosys_command(script.replace("../netlist/", f"../{tmp.name}/"))
        stages.call(STAGE, tool, ["../netlist/netlist.ys"], rtl, command)
        write_json(tmp / "estimate.json", estimate(tmp, design))

    inputs = {"rtl": rtl, "script": script, "yosys": tool.version, "prims": PRIMS}
    return stages.run(STAGE, {**inputs, "clk": design.clk_mhz, "board": design.board.name}, work)


def constraints(design: Design) -> str:
    """The .xdc for nextpnr, in the subset it knows: the clock, on the net behind its buffer."""
    return f"create_clock -period {1000 / design.clk_mhz:.3f} [get_nets clk]\n"


def primitives(top: str) -> str:
    """Black boxes of the processor, with the ports that yosys knows, and of its clock buffer."""
    processor, buffer = PRIMITIVES[top]
    cells = require_package("pyosys").locate_file("pyosys/share/xilinx/cells_xtra.v")
    text = Path(str(cells)).read_text()
    found = re.search(rf"^module {processor}\(.*?^endmodule", text, re.DOTALL | re.MULTILINE)
    assert found, f"yosys has no {processor}"
    return (
        f"(* blackbox *)\n{found[0]}\n"
        f"(* blackbox *)\nmodule {buffer}(output O, input I);\nendmodule\n"
    )


def estimate(folder: Path, design: Design) -> dict[str, Any]:
    """estimate.json: what the netlist takes of the part, and how deep it is.

    Args:
        folder: of stage netlist, with netlist.json and stat.json.
        design: its board and clock.

    Returns:
        total and budget (lut, ff, bram36, dsp, ...); timing: levels, least_ns (logic alone),
        wire_ns (what the clock leaves for each of the wires between them).
    """
    module = read_json(folder / "netlist.json")["modules"][design.board.top]
    cells = read_json(folder / "stat.json")["design"]["num_cells_by_type"]
    depth = levels(module)
    least, period = CLOCK_TO_Q_NS + depth * LUT_NS, 1000 / design.clk_mhz
    timing = {
        "method": "levels of logic (hw/kernels/levels.py), delays of cells as yosys has them for 7 "
        "series; no wires: not a timing analysis",
        "levels": depth,
        "period_ns": round(period, 3),
        "least_ns": round(least, 3),
        "wire_ns": round((period - least) / (depth + 1), 3),
    }
    return {
        "tool": f"yosys {package_version('pyosys')} (pyosys)",
        "total": row(cells, lut_sites(module)),
        "budget": design.board.budget,
        "timing": timing,
    }


def print_estimate(folder: Path) -> None:
    """Two lines: size and depth."""
    found = read_json(folder / "estimate.json")
    total, budget, timing = found["total"], found["budget"], found["timing"]
    words = {"lut": "LUT", "ff": "FF", "bram36": "BRAM36", "dsp": "DSP"}
    sizes = (f"{total[k]:g} of {budget[k]} {word}" for k, word in words.items())
    print(f"  {', '.join(sizes)} (yosys, whole logic, 7-series cells)")
    print(
        f"  {timing['levels']} levels of logic: {timing['least_ns']:g} of {timing['period_ns']:g} "
        f"ns without wires, {timing['wire_ns']:g} ns left for each wire (counted, not timed)"
    )
