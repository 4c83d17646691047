# SPDX-License-Identifier: Apache-2.0
"""Synthesises a rival's sources with yosys' own `synth_xilinx` and counts as hw/kernels does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hw.kernels.levels import levels
from hw.kernels.recipe import SYNTH, count_cells
from hw.kernels.sites import lut_sites

TAIL = 800  # characters of a tool's log that an error shows


class NotSynthesised(RuntimeError):
    """A rival could not be measured; the message says why, with the end of the tool's log."""


def run_tool(command: list[str], what: str, limit_s: float) -> str:
    """Run a tool in a process of its own.

    Args:
        command: program and arguments.
        what: what it does, for the message.
        limit_s: seconds it may take.

    Returns:
        What it printed.

    Raises:
        NotSynthesised: it failed, or took longer.
    """
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
    except OSError as err:
        raise NotSynthesised(f"{what}: {err}") from err
    try:
        out, err_out = process.communicate(timeout=limit_s)
    except BaseException as err:
        os.killpg(process.pid, signal.SIGKILL)  # abc is a child of yosys and would go on
        process.communicate()
        if isinstance(err, subprocess.TimeoutExpired):
            raise NotSynthesised(f"{what}: not done after {limit_s:g} s, the limit") from err
        raise
    if process.returncode:
        # yosys says the error on both streams; the log has what led to it
        tail = f"{out[-TAIL:]}{err_out[-TAIL:]}".strip()
        raise NotSynthesised(f"{what}: exit code {process.returncode}\n{tail}")
    return out


def synthesise(top: str, reads: list[str], limit_s: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """From sources to counted 7-series cells, by `synth_xilinx` as it is.

    Args:
        top: module name.
        reads: yosys commands that read the sources.
        limit_s: seconds yosys may take.

    Returns:
        See count().

    Raises:
        NotSynthesised: with the end of yosys' log.
    """
    return count(top, [*reads, f"{SYNTH} -top {top}"], limit_s)


def count(top: str, passes: list[str], limit_s: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run yosys in a process of its own and count what is left.

    Args:
        top: module name.
        passes: yosys commands that end with a flat module of 7-series cells.
        limit_s: seconds yosys may take.

    Returns:
        count_cells() of recipe.py, "sites" (sites.py), "levels" (levels.py) and "version", what
        yosys calls itself; and the module as in yosys' `write_json`.

    Raises:
        NotSynthesised: with the end of yosys' log.
    """
    with tempfile.TemporaryDirectory() as folder:
        stat, netlist = Path(folder) / "stat.json", Path(folder) / "netlist.json"
        passes = [*passes, f"tee -q -o {stat} stat -json", f"write_json {netlist}"]
        script = (
            "from pyosys import libyosys as ys; d = ys.Design()\n"
            f"for one in {passes!r}: ys.run_pass(one, d)\n"
        )
        source = Path(folder) / "script.py"  # a file: weights are too long for a command line
        source.write_text(script)
        run_tool([sys.executable, str(source)], f"yosys on {top}", limit_s)
        report = json.loads(stat.read_text())
        module: dict[str, Any] = json.loads(netlist.read_text())["modules"][top]
    counts = {
        **count_cells(report["design"]["num_cells_by_type"]),
        "sites": lut_sites(module),
        "levels": levels(module),
        "version": report["creator"].split(" (")[0],
    }
    return counts, module
