# SPDX-License-Identifier: Apache-2.0
"""Puts the measurements of the kernel bench together: `python -m hw.bench.report`.

Reads units.json, rivals.json and tops.json of build/bench, writes build/bench/kernels.json,
prints the figures, and writes hw/bench/lut_per_lane.svg and the tables between the markers of
hw/README.md. Exit code 3 where a figure that must be reached is not.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hw.bench.chart import draw
from hw.bench.figures import Figure, figures
from hw.bench.measure import ROOT
from hw.kernels.recipe import SYNTH

BENCH = ROOT / "build" / "bench"
README = ROOT / "hw" / "README.md"
CHART = Path(__file__).with_name("lut_per_lane.svg")
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
Rows = list[dict[str, Any]]


def load(name: str) -> Rows:
    """One of the result files; nothing where it is not there."""
    path = BENCH / f"{name}.json"
    return list(json.loads(path.read_text())) if path.is_file() else []


def _yes(value: bool | None) -> str:
    return {None: "", True: "yes", False: "no"}[value]


def figure_table(found: list[Figure]) -> list[str]:
    """The figures in Markdown."""
    lines = ["| figure | others | must | measured | plain RTL | must met | aim met |"]
    lines.append("|---|---|---|---|---|---|---|")
    for f in found:
        met = "not run" if f.met is None else _yes(f.met)
        cells = (f.name, f.anchor, f.must, f.ours, f.plain, met, _yes(f.aim))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def unit_table(units: Rows) -> list[str]:
    """Every configuration in Markdown; the estimate where there is one."""
    lines = ["| module | parameters | LUT sites (per lane) | cells | FF | BRAM36 | DSP | levels"
             " | estimate |"]  # fmt: skip
    lines.append("|---|---|---|---|---|---|---|---|---|")
    for row in units:
        given = " ".join(f"{k}={v}" for k, v in row["params"].items())
        lanes, sites = row["lanes"], row["sites"]
        per_lane = f" ({sites / lanes:.2f})" if lanes else ""
        estimate = ""
        if "sites_estimate" in row:
            error = row["sites_estimate"] / sites - 1
            seen = "" if row["group"] != "unseen" else ", unseen"
            estimate = f"{row['sites_estimate']:.0f} ({error:+.0%}{seen})"
        lines.append(
            f"| `{row['top']}` PRIM={row['prim']} | {given} | {sites}{per_lane} | {row['cells']}"
            f" | {row['ff']} | {row['bram36']:g} | {row['dsp']} | {row['levels']} | {estimate} |"
        )
    return lines


def rival_table(rivals: Rows) -> list[str]:
    """What others make of it, in Markdown."""
    head = ("unit", "parameters", "LUT cells (per lane)", "FF", "BRAM36", "DSP", "levels", "clk")
    lines = [f"| {' | '.join((*head, 'what differs'))} |"]
    lines.append("|---|---|---|---|---|---|---|---|---|")
    for row in rivals:
        given = " ".join(f"{k}={v}" for k, v in row["params"].items())
        if "error" in row:
            lines.append(f"| {row['rival']} | {given} | could not be synthesised | | | | | | |")
            continue
        lines.append(
            f"| {row['rival']} | {given} | {row['lut']} ({row['lut'] / row['lanes']:.2f})"
            f" | {row['ff']} | {row['bram36']:g} | {row['dsp']} | {row['levels']}"
            f" | {row['cycles_per_vector']} | {row['differs']} |"
        )
    return lines


def markdown(units: Rows, rivals: Rows, tops: Rows) -> str:
    """The part of hw/README.md between the markers."""
    version = units[0]["version"]
    parts = [
        f"{version}, `{SYNTH}` with the changes of `kernels/recipe.py`;",
        "logic only, nothing here is placed or routed. Written by `make bench-kernels`.",
        "Others, as published: FINN+ after place and route",
        "(alhusseingamal/finn-brevitas-pynq-labs), FINN's RTL matrix unit (Xilinx/finn, post of",
        "2021-09-17), LFC of Xilinx/BNN-PYNQ.",
        "",
        *figure_table(figures(units, tops)),
        "",
        "![LUT per lane against SIMD and PE](bench/lut_per_lane.svg)",
        "",
        "### Others, in the same yosys" if rivals else "",
        "",
        *(rival_table(rivals) if rivals else ["Not run: `python -m hw.bench.rivals`."]),
        "",
        "### Every configuration",
        "",
        *unit_table(units),
    ]
    return "\n".join(parts)


def main() -> int:
    """Write everything; returns the exit code."""
    units, rivals, tops = load("units"), load("rivals"), load("tops")
    if not units:
        print(
            "error[bench-missing]: there is nothing to report\n"
            "  where  build/bench/units.json\n  try    python -m hw.bench.measure",
            file=sys.stderr,
        )
        return 2
    found = figures(units, tops)
    result = {"figures": [asdict(f) for f in found], "units": units, "rivals": rivals, "tops": tops}
    (BENCH / "kernels.json").write_text(json.dumps(result, indent=1) + "\n")
    draw(units, rivals, CHART)
    head, rest = README.read_text().split(BEGIN)
    README.write_text(f"{head}{BEGIN}\n{markdown(units, rivals, tops)}\n{END}{rest.split(END)[1]}")
    print("\n".join(figure_table(found)))
    return 3 if any(f.met is False for f in found) else 0


if __name__ == "__main__":
    sys.exit(main())
