# SPDX-License-Identifier: Apache-2.0
"""Vivado in batch mode, without a project: three scripts, each from what the one before wrote.

Not run in Vivado: there is none where this was written. The scripts are plain Tcl; tests execute
them with every Vivado command replaced by one that records its arguments.
"""

from __future__ import annotations

from pathlib import Path

from flows.bitstream import reports
from flows.bitstream.backends import Backend
from flows.bitstream.design import Design
from flows.bitstream.stages import Stages
from flows.bitstream.timing import Routed

#: LUT6_2 as the kernels place it
PRIM = 1
SYNTHESISE, IMPLEMENT, BITSTREAM = "vivado-synthesise", "vivado-implement", "vivado-bitstream"
#: pins of the processor's clock and reset
PINS = {
    "zynq7_top": ("u_ps/u_ps7/FCLKCLK[0]", "u_ps/u_ps7/FCLKRESETN[0]"),
    "zynqmp_top": ("u_ps/u_ps8/PLCLK[0]", "u_ps/u_ps8/EMIOGPIOO[95]"),
}
#: every script: where it lies is where it writes
HEAD = """\
# Written by bnnflow for {part}. By hand: vivado -mode batch -source <this file>
set here [file normalize [file dirname [info script]]]
"""


def constraints(design: Design) -> str:
    """The .xdc: the processor's clock, and no timing for its reset, which has no clock."""
    clock, reset = PINS[design.board.top]
    return (
        f"create_clock -name {design.board.ports['clock'].lower()} "
        f"-period {1000 / design.clk_mhz:.3f} [get_pins {{{clock}}}]\n"
        f"set_false_path -through [get_pins {{{reset}}}]\n"
    )


def synthesis_script(design: Design) -> str:
    """synthesise.tcl: RTL to synth.dcp."""
    board = design.board
    files = " \\\n  ".join(path.name for path in design.sources())
    memories = " ".join(path.name for path in design.memories())
    generics = " ".join(f"-generic {{{k}={v}}}" for k, v in design.generics(PRIM).items())
    lines = [
        HEAD.format(part=board.part),
        "cd [file join $here .. rtl] ;# memory files are named without a folder",
        f"set_part {board.part}",
        f"read_verilog -sv [list {files}]",
        *([f"read_mem [list {memories}]"] if memories else []),
        "read_xdc [file join $here clock.xdc]",
        f"synth_design -top {board.top} -part {board.part} {generics}",
        "write_checkpoint -force [file join $here synth.dcp]",
        "report_utilization -file [file join $here utilisation.rpt]",
    ]
    return "\n".join(lines) + "\n"


def implementation_script(design: Design) -> str:
    """implement.tcl: synth.dcp to routed.dcp and reports."""
    lines = [
        HEAD.format(part=design.board.part),
        f"open_checkpoint [file join $here .. {SYNTHESISE} synth.dcp]",
        "opt_design",
        "place_design",
        "phys_opt_design",
        "route_design",
        "report_utilization -file [file join $here utilisation.rpt]",
        "report_timing_summary -file [file join $here timing.rpt]",
        "report_power -file [file join $here power.rpt]",
        "write_checkpoint -force [file join $here routed.dcp]",
    ]
    return "\n".join(lines) + "\n"


def bitstream_script(design: Design) -> str:
    """bitstream.tcl: routed.dcp to .bit and .bin."""
    lines = [
        HEAD.format(part=design.board.part),
        f"open_checkpoint [file join $here .. {IMPLEMENT} routed.dcp]",
        f"write_bitstream -force -bin_file [file join $here {design.name}.bit]",
    ]
    return "\n".join(lines) + "\n"


def _stage(
    stages: Stages,
    backend: Backend,
    name: str,
    before: Path,
    files: dict[str, str],
) -> Path:
    """One Vivado stage: write `files` (the script first) and run the script beside them."""
    vivado = backend.tools["vivado"]

    def work(tmp: Path) -> None:
        for file, text in files.items():
            (tmp / file).write_text(text)
        script = next(iter(files))
        options = ["-mode", "batch", "-nojournal", "-notrace", "-log", "vivado.log"]
        stages.call(name, vivado, [*options, "-source", script], tmp)

    return stages.run(name, {"before": before, "files": files, "tool": vivado.version}, work)


def route(stages: Stages, backend: Backend, rtl: Path, design: Design) -> Routed:
    """Stages vivado-synthesise and vivado-implement.

    Args:
        stages: of the bitstream.
        backend: find_vivado()'s.
        rtl: folder of stage rtl.
        design: what is built.

    Raises:
        FlowError: tool-failed.
        CheckFailed: report-format.
    """
    files = {"synthesise.tcl": synthesis_script(design), "clock.xdc": constraints(design)}
    synthesised = _stage(stages, backend, SYNTHESISE, rtl, files)
    files = {"implement.tcl": implementation_script(design)}
    folder = _stage(stages, backend, IMPLEMENT, synthesised, files)
    used = reports.vivado_utilisation(folder / "utilisation.rpt")
    slack = reports.vivado_slack_ns(folder / "timing.rpt")
    power = reports.vivado_power_w(folder / "power.rpt")
    return Routed(folder, folder / "timing.rpt", slack, used, power)


def write_bit(stages: Stages, backend: Backend, routed: Routed, design: Design) -> Path:
    """Stage vivado-bitstream; returns the .bit.

    Raises:
        FlowError: tool-failed.
    """
    files = {"bitstream.tcl": bitstream_script(design)}
    return _stage(stages, backend, BITSTREAM, routed.folder, files) / f"{design.name}.bit"
