# SPDX-License-Identifier: Apache-2.0
"""Reports of place and route. The texts are ours, after the documented formats, not of a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.bitstream import reports
from flows.bitstream.timing import Routed, check_slack
from flows.errors import CheckFailed
from tests.flows.bitstream_tools import POWER, TIMING, UTILISATION

OLD_TABLE = """\
| Slice LUTs*             |   12 |     0 |     53200 |  0.02 |
| Slice Registers         |    8 |     0 |    106400 |  0.01 |
| Block RAM Tile          |    0 |     0 |       140 |  0.00 |
| DSPs                    |    0 |     0 |       220 |  0.00 |
| Slice LUTs              |   99 |     0 |     53200 |  0.02 |
"""
LOG = """\
Info: Max frequency for clock 'clk': 92.10 MHz (FAIL at 100.00 MHz)
Info: Max frequency for clock 'clk': 125.00 MHz (PASS at 100.00 MHz)
"""


def written(folder: Path, text: str) -> Path:
    report = folder / "x.rpt"
    report.write_text(text)
    return report


@pytest.mark.parametrize(
    ("lut", "ff"), [("Slice LUTs", "Slice Registers"), ("CLB LUTs", "CLB Registers")]
)
def test_utilisation_of_both_families(lut: str, ff: str, tmp_path: Path) -> None:
    found = reports.vivado_utilisation(written(tmp_path, UTILISATION.format(lut=lut, ff=ff)))
    assert found == {"lut": 5036, "ff": 4318, "bram36": 7.5, "dsp": 1}


def test_utilisation_with_footnotes_and_later_tables(tmp_path: Path) -> None:
    found = reports.vivado_utilisation(written(tmp_path, OLD_TABLE))
    assert found == {"lut": 12, "ff": 8, "bram36": 0, "dsp": 0}


@pytest.mark.parametrize(
    ("wns", "whs", "worst"),
    [("0.412", "0.019", 0.019), ("-1.250", "0.019", -1.25), ("0.412", "-0.003", -0.003)],
)
def test_worst_slack(wns: str, whs: str, worst: float, tmp_path: Path) -> None:
    report = written(tmp_path, TIMING.format(wns=wns, whs=whs))
    assert reports.vivado_slack_ns(report) == worst


def test_power(tmp_path: Path) -> None:
    assert reports.vivado_power_w(written(tmp_path, POWER)) == 1.533


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (reports.vivado_utilisation, "| Slice LUTs | 3 |\n"),
        (reports.vivado_utilisation, OLD_TABLE.replace("   12 ", "  few ")),
        (reports.vivado_slack_ns, "no table\n"),
        (reports.vivado_slack_ns, "    WNS(ns)      TNS(ns)\n"),
        (reports.vivado_slack_ns, "WNS(ns)      TNS(ns)\n----  ----\n  0.1\n"),
        (reports.vivado_slack_ns, TIMING.format(wns="NA", whs="NA")),
        (reports.vivado_power_w, "| Dynamic (W) | 1.4 |\n"),
    ],
)
def test_reports_that_say_nothing(read: object, text: str, tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="report-format"):
        read(written(tmp_path, text))  # type: ignore[operator]


def test_nextpnr_report_and_log(tmp_path: Path) -> None:
    report = written(tmp_path, json.dumps({"fmax": {"clk": {"achieved": 80, "constraint": 100}}}))
    assert reports.nextpnr_slack_ns(report, LOG, 100.0) == 10 - 12.5
    none = tmp_path / "none.json"
    assert reports.nextpnr_slack_ns(none, LOG, 100.0) == 10 - 8  # the last line: after routing
    with pytest.raises(CheckFailed, match="report-format"):
        reports.nextpnr_slack_ns(none, "Info: done\n", 100.0)


def test_nextpnr_timed_another_clock(tmp_path: Path) -> None:
    """It goes on with its default when the .xdc names no net."""
    with pytest.raises(CheckFailed, match="clock-constraint"):
        reports.nextpnr_slack_ns(tmp_path / "none", LOG.replace("100.00", "12.00"), 100.0)
    close = LOG.replace("100.00", "142.86")  # of 142.857 MHz, its period in ps
    assert reports.nextpnr_slack_ns(tmp_path / "none", close, 142.857) < 0


def test_nextpnr_cells(tmp_path: Path) -> None:
    used = {"SLICE_LUTX": {"used": 3, "available": 9}, "DSP48E1": {"used": 0, "available": 9}}
    report = written(tmp_path, json.dumps({"utilization": used}))
    assert reports.nextpnr_cells(report) == {"SLICE_LUTX": 3}
    assert reports.nextpnr_cells(tmp_path / "none") == {}


def test_a_missed_clock_names_the_one_that_is_reached(tmp_path: Path) -> None:
    slow = Routed(tmp_path, tmp_path / "timing.rpt", -2.5, {})
    with pytest.raises(CheckFailed, match=r"80\.0 MHz are reached") as caught:
        check_slack(slow, 100.0, allow_slack=False)
    assert caught.value.exit_code == 3 and "--clk-mhz 80" in caught.value.hint
    check_slack(slow, 100.0, allow_slack=True)
    check_slack(Routed(tmp_path, tmp_path, 0.0, {}), 100.0, allow_slack=False)
