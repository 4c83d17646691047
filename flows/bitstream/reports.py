# SPDX-License-Identifier: Apache-2.0
"""Numbers out of the reports of place and route: Vivado's text reports, nextpnr's JSON and log.

Formats: AMD UG906 (report_timing_summary, report_utilization), UG907 (report_power); nextpnr's
--report and "Max frequency for clock" lines. Written against those, not against files of our own
runs: there are none.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from flows.errors import CheckFailed

#: rows of Vivado's tables, 7 series and UltraScale+
_RESOURCES = {
    "lut": ("Slice LUTs", "CLB LUTs"),
    "ff": ("Slice Registers", "CLB Registers"),
    "bram36": ("Block RAM Tile",),
    "dsp": ("DSPs",),
}
_FMAX = re.compile(
    r"Max frequency for clock\s+'(?P<clock>[^']*)':\s*(?P<fmax>[\d.]+) MHz "
    r"\((?:PASS|FAIL) at (?P<goal>[\d.]+) MHz\)"
)


def rows(text: str) -> dict[str, list[str]]:
    """The rows of all tables of a report by their first cell, without indent and footnote marks.

    The first row of a name counts: later tables repeat some for other scopes.
    """
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) > 1:
            found.setdefault(cells[0].rstrip("*"), cells[1:])
    return found


def vivado_utilisation(report: Path) -> dict[str, float]:
    """lut, ff, bram36 and dsp of report_utilization.

    Raises:
        CheckFailed: report-format.
    """
    table = rows(report.read_text())
    found: dict[str, float] = {}
    for resource, names in _RESOURCES.items():
        cells = next((table[name] for name in names if name in table), None)
        if cells is None:
            raise _format(report, f"no row {' or '.join(names)}")
        found[resource] = _number(report, cells[0])
    return found


def vivado_slack_ns(report: Path) -> float:
    """The worst slack of report_timing_summary: setup, hold and pulse width.

    Raises:
        CheckFailed: report-format, also where no path was timed ("NA").
    """
    lines = report.read_text().splitlines()
    heads = [i for i, line in enumerate(lines) if line.split()[:1] == ["WNS(ns)"]]
    if not heads or heads[0] + 2 >= len(lines):
        raise _format(report, "no Design Timing Summary")
    names = re.split(r" {2,}", lines[heads[0]].strip())
    values = lines[heads[0] + 2].split()
    if len(names) != len(values):
        raise _format(report, f"{len(values)} values under {len(names)} names")
    row = dict(zip(names, values, strict=True))
    wanted = [name for name in ("WNS(ns)", "WHS(ns)", "WPWS(ns)") if name in row]
    return min(_number(report, row[name]) for name in wanted)


def vivado_power_w(report: Path) -> float:
    """Total power on the chip of report_power, in W, as Vivado estimates it.

    Raises:
        CheckFailed: report-format.
    """
    cells = rows(report.read_text()).get("Total On-Chip Power (W)")
    if cells is None:
        raise _format(report, "no row Total On-Chip Power (W)")
    return _number(report, cells[0])


def nextpnr_slack_ns(report: Path, log: str, clk_mhz: float) -> float:
    """The worst slack after routing by nextpnr's own model.

    Args:
        report: of --report; where it has no clocks, the log's last line of every clock counts.
        log: what nextpnr printed.
        clk_mhz: the clock asked for; timing for a slower one proves nothing.

    Raises:
        CheckFailed: report-format (no clock timed), clock-constraint (another clock was asked).
    """
    table: dict[str, Any] = json.loads(report.read_text()) if report.is_file() else {}
    clocks = {
        name: (float(row["achieved"]), float(row["constraint"]))
        for name, row in table.get("fmax", {}).items()
    }
    if not clocks:
        found = _FMAX.finditer(log)
        clocks = {m["clock"]: (float(m["fmax"]), float(m["goal"])) for m in found}
    if not clocks:
        raise _format(report, "neither it nor the log names a clock's frequency")
    name, (fmax, goal) = min(clocks.items(), key=lambda item: item[1][0])
    if goal < clk_mhz * 0.999:  # nextpnr rounds the period to ps
        raise CheckFailed(
            "clock-constraint",
            f"nextpnr timed {name} for {goal:g} MHz, {clk_mhz:g} MHz were asked for",
            str(report),
            "see nextpnr's warnings about the .xdc in the log",
        )
    return 1000 / clk_mhz - 1000 / fmax


def nextpnr_cells(report: Path) -> dict[str, int]:
    """Cells that are in use, by nextpnr's names; empty without a report."""
    table = json.loads(report.read_text()) if report.is_file() else {}
    return {k: int(v["used"]) for k, v in table.get("utilization", {}).items() if v["used"]}


def _number(report: Path, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _format(report, f"{text!r} is no number") from None


def _format(report: Path, why: str) -> CheckFailed:
    return CheckFailed(
        "report-format",
        f"{report.name} cannot be read: {why}",
        str(report),
        "open an issue with that file; the parsers are in flows/bitstream/reports.py",
    )
