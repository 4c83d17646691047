# SPDX-License-Identifier: Apache-2.0
"""The open back end for Zynq-7000: nextpnr, prjxray's fasm2frames and xc7frames2bit.

Not run with these tools: they are not where this was written. Arguments as in nextpnr's
himbaechel/uarch/xilinx/examples and openXC7's demo projects; both nextpnrs take the options below.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from flows.bitstream import reports
from flows.bitstream.backends import Backend
from flows.bitstream.design import Design
from flows.bitstream.stages import Stages
from flows.bitstream.timing import Routed

ROUTE, FRAMES, BITSTREAM = "openxc7-route", "openxc7-frames", "openxc7-bitstream"


def nextpnr_arguments(nextpnr: str, chipdb: Path, design: Design, netlist: str) -> list[str]:
    """Arguments of a nextpnr that writes top.fasm and report.json into its working folder.

    Args:
        nextpnr: "nextpnr-himbaechel" or "nextpnr-xilinx".
        chipdb: its chip database.
        design: part and clock.
        netlist: folder of stage netlist, from that folder.
    """
    xdc = f"{netlist}/clock.xdc"
    if nextpnr == "nextpnr-himbaechel":
        own = ["--device", design.board.part, "--chipdb", str(chipdb)]
        own += ["-o", f"xdc={xdc}", "-o", "fasm=top.fasm"]
    else:
        own = ["--chipdb", str(chipdb), "--xdc", xdc, "--fasm", "top.fasm"]
    # a missed clock is ours to report, with the .fasm kept
    timing = ["--freq", f"{design.clk_mhz:g}", "--timing-allow-fail", "--report", "report.json"]
    return [*own, "--json", f"{netlist}/netlist.json", *timing, "--router", "router2"]


def route(stages: Stages, backend: Backend, netlist: Path, design: Design) -> Routed:
    """Stage openxc7-route: top.fasm, report.json, nextpnr.log.

    Args:
        stages: of the bitstream.
        backend: find_openxc7()'s.
        netlist: folder of stage netlist.
        design: what is built.

    Raises:
        FlowError: tool-failed.
        CheckFailed: report-format, clock-constraint.
    """
    tool, chipdb = backend.tools["nextpnr"], backend.data["chipdb"]
    arguments = nextpnr_arguments(tool.name, chipdb, design, f"../{netlist.name}")

    def work(tmp: Path) -> None:
        (tmp / "nextpnr.log").write_text(stages.call(ROUTE, tool, arguments, tmp))

    inputs = {"netlist": netlist / "netlist.json", "xdc": netlist / "clock.xdc"}
    more = {"arguments": arguments, "tool": tool.version, "chipdb": chipdb}
    folder = stages.run(ROUTE, {**inputs, **more}, work)
    report, log = folder / "report.json", (folder / "nextpnr.log").read_text()
    slack = reports.nextpnr_slack_ns(report, log, design.clk_mhz)
    used = {name: float(n) for name, n in reports.nextpnr_cells(report).items()}
    return Routed(folder, report if report.is_file() else folder / "nextpnr.log", slack, used)


def write_bit(stages: Stages, backend: Backend, routed: Routed, design: Design) -> Path:
    """Stages openxc7-frames and openxc7-bitstream; returns the .bit.

    Raises:
        FlowError: tool-failed.
    """
    part, database = design.board.part, backend.data["prjxray"]
    fasm2frames, frames2bit = backend.tools["fasm2frames"], backend.tools["xc7frames2bit"]

    def make_frames(tmp: Path) -> None:
        shutil.copy(routed.folder / "top.fasm", tmp)
        arguments = ["--part", part, "--db-root", str(database), "top.fasm", "top.frames"]
        stages.call(FRAMES, fasm2frames, arguments, tmp)

    inputs = {"fasm": routed.folder / "top.fasm", "part": part, "db": str(database)}
    frames = stages.run(FRAMES, {**inputs, "tool": fasm2frames.version}, make_frames)

    def make_bit(tmp: Path) -> None:
        arguments = ["--part_file", str(database / part / "part.yaml"), "--part_name", part]
        arguments += ["--frm_file", f"../{FRAMES}/top.frames"]
        arguments += ["--output_file", f"{design.name}.bit"]
        stages.call(BITSTREAM, frames2bit, arguments, tmp)

    inputs = {"frames": frames / "top.frames", "part": part, "name": design.name}
    yaml = database / part / "part.yaml"
    folder = stages.run(BITSTREAM, {**inputs, "yaml": yaml, "tool": frames2bit.version}, make_bit)
    return folder / f"{design.name}.bit"
