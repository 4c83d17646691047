# SPDX-License-Identifier: Apache-2.0
"""Runs a script for Vivado in plain Tcl, every Vivado command a procedure that notes its words."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

#: the commands our scripts may use, with the options that AMD UG835 gives them (value or not)
COMMANDS: dict[str, dict[str, bool]] = {
    "set_part": {},
    "read_verilog": {"-sv": False},
    "read_mem": {},
    "read_xdc": {},
    "synth_design": {"-top": True, "-part": True, "-generic": True},
    "open_checkpoint": {},
    "opt_design": {},
    "place_design": {},
    "phys_opt_design": {},
    "route_design": {},
    "report_utilization": {"-file": True},
    "report_timing_summary": {"-file": True},
    "report_power": {"-file": True},
    "write_checkpoint": {"-force": False},
    "write_bitstream": {"-force": False, "-bin_file": False},
    "create_clock": {"-name": True, "-period": True},
    "set_false_path": {"-through": True},
    "get_pins": {},
}
SEPARATOR = "\x1f"
PRELUDE = """\
proc note {words} {
  set log [open {%s} a]
  puts $log [join [concat [list [pwd]] $words] "\\x1f"]
  close $log
  return [lindex $words end]
}
foreach name {%s} { proc $name {args} "return \\[note \\[concat $name \\$args\\]\\]" }
source {%s}
"""


def run_tcl(script: Path, folder: Path) -> list[tuple[Path, list[str]]]:
    """Execute a script.

    Args:
        script: of ours.
        folder: for the prelude and the notes.

    Returns:
        Of every Vivado command: the working folder, and its words.

    Raises:
        RuntimeError: Tcl's message; a command that is not in COMMANDS is one.
    """
    log, main = folder / "calls.log", folder / "main.tcl"
    log.write_text("")
    main.write_text(PRELUDE % (log, " ".join(COMMANDS), script))
    tclsh = shutil.which("tclsh")
    if tclsh:
        done = subprocess.run([tclsh, str(main)], capture_output=True, text=True, cwd=folder)
        if done.returncode:
            raise RuntimeError(done.stderr)
    else:
        tkinter = pytest.importorskip(
            "tkinter", reason="neither tclsh nor tkinter: generated Tcl is NOT executed"
        )
        try:
            tkinter.Tcl().eval(f"cd {{{folder}}}; source {{{main}}}")
        except tkinter.TclError as err:
            raise RuntimeError(str(err)) from err
    lines = [line.split(SEPARATOR) for line in log.read_text().splitlines()]
    return [(Path(words[0]), words[1:]) for words in lines]


def parsed(words: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Options with their values, and the other words, of one call.

    Raises:
        AssertionError: an option that the command does not have.
    """
    known, options, rest = COMMANDS[words[0]], {}, []
    left = words[1:]
    while left:
        word = left.pop(0)
        if word.startswith("-"):
            assert word in known, f"{words[0]} has no option {word}"
            options.setdefault(word, []).extend([left.pop(0)] if known[word] else [])
        else:
            rest.append(word)
    return options, rest
