# SPDX-License-Identifier: Apache-2.0
"""What each method costs in hardware: `make bench-methods [ONLY="tfc_adabin_fashion"]`.

The zoo's networks on Fashion-MNIST, of one shape and by each method. The plain one is folded for a
rate, the others' layers as its layers; the unit that sums AdaBin's activations as it would be for
that rate. The whole test set goes through QONNX and the integer reference, some images through the
RTL (Verilator), where the interval is measured; then synthesis. Writes build/bench/methods.json,
where other networks keep their rows, and prints the table; --page FILE fills that of a README. Exit
code 3 where an interval is not the predicted one or a method's is longer than the plain network's.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from flows.build import build
from flows.config import FlowConfig
from flows.errors import CheckFailed, run_main
from flows.files import read_json, write_atomic
from flows.report.readme import between
from flows.zoo import describe, unpack

BEGIN, END = "<!-- methods: begin -->", "<!-- methods: end -->"
KINDS = ("lut", "cells", "ff", "bram36", "dsp")
OUT = Path(__file__).resolve().parents[1] / "build" / "bench"
UNITS = ("BnnMvu", "BnnImvu")
PLAIN = "ste"
METHODS = (PLAIN, "irnet", "cmim", "reactnet", "s2bnn", "adabin")
#: shape: frames/s at 100 MHz that the folding has to reach, images of the RTL's proof
SHAPES = {"tfc": (1e6, 1000), "cnv": (12e3, 200)}
NAMES = [f"{shape}_{method}_fashion" for shape in SHAPES for method in METHODS]


def shape_of(name: str) -> str:
    """Key of SHAPES."""
    return name.partition("_")[0]


def plain_of(name: str) -> str:
    """The plain network of the same shape."""
    return f"{shape_of(name)}_{PLAIN}_fashion"


def units_of(run: Path) -> list[dict[str, Any]]:
    """Matrix-vector units of a folded network."""
    return [n for n in read_json(run / "folding.json")["nodes"] if n["op"] in UNITS]


def is_layer(unit: dict[str, Any]) -> bool:
    """Whether it is a layer's own unit: the one that sums AdaBin's activations has one row."""
    return bool(unit["MH"] > 1)


def fold_as(run: Path, plain: Path) -> Path:
    """A folding file: every layer of a folded network as the same layer of the plain one."""
    like = iter([unit for unit in units_of(plain) if is_layer(unit)])
    chosen = {unit["name"]: next(like) if is_layer(unit) else unit for unit in units_of(run)}
    table = {
        name: {key: unit[key] for key in ("PE", "SIMD", "M") if key in unit}
        for name, unit in chosen.items()
    }
    path = run.with_suffix(".folding.json")
    path.write_text(json.dumps(table, indent=1) + "\n")
    return path


def _config(name: str, folding: str | None = None) -> FlowConfig:
    """For the rate of its shape, or as a folding file says."""
    fps, rtl_images = SHAPES[shape_of(name)]
    return FlowConfig(
        str(unpack(name)),
        target_fps=None if folding else fps,
        folding=folding,
        images="fashion-mnist",
        rtl_images=rtl_images,
    )


def measure(name: str) -> dict[str, Any]:
    """Build one network of the zoo from QONNX to synthesis.

    Returns:
        Accuracy, images equal, intervals, folding of the layers, resources.
    """
    run, plain = OUT / "methods" / name, OUT / "methods" / plain_of(name)
    folding = None
    if name != plain.name:
        for other in (run, plain):
            build(other, _config(other.name), last="fold")
        folding = str(fold_as(run, plain))
    build(run, _config(name, folding), last="report")
    check, synth = (read_json(run / f"{f}.json") for f in ("check", "synth"))
    return {
        "name": name,
        "accuracy": describe(name)["accuracy_top1"],
        "folding": [[unit["PE"], unit["SIMD"]] for unit in units_of(run) if is_layer(unit)],
        "stages_equal": min(s["labels_equal"] for s in check["stages"][1:] if s["name"] != "rtl"),
        **{k: check[k] for k in ("images", "images_equal", "images_checked")},
        **{k: check[k] for k in ("interval_predicted", "interval_measured")},
        "part": synth["part"],
        "tool": synth["tool"],
        **{kind: synth["total"][kind] for kind in KINDS},
    }


def missed(rows: dict[str, dict[str, Any]]) -> list[str]:
    """Rows slower than predicted or than the plain network, or folded otherwise."""
    out = []
    for name, row in rows.items():
        plain = rows.get(plain_of(name), row)
        if row["folding"] != plain["folding"]:
            out.append(f"{name}: not folded as the plain network")
        wanted = min(row["interval_predicted"], plain["interval_measured"])
        if row["interval_measured"] > wanted:
            out.append(f"{name}: {row['interval_measured']} clk, not {wanted}")
    return out


def markdown(rows: dict[str, dict[str, Any]]) -> str:
    """The rows as a table, areas beside those of the plain network."""
    head = (
        "network",
        "test accuracy",
        "equal: stages, RTL",
        "clk per frame, predicted / measured",
        "LUT",
        "FF",
        "BRAM36",
        "DSP",
    )
    lines = [f"| {' | '.join(head)} |", f"{'|---' * len(head)}|"]
    for name, row in rows.items():
        plain = rows.get(plain_of(name), row)
        cells = (
            f"`{name}`",
            f"{100 * row['accuracy']:.2f} %",
            f"{row['stages_equal']:,} of {row['images']:,}, "
            f"{row['images_equal']:,} of {row['images_checked']:,}",
            f"{row['interval_predicted']:,} / {row['interval_measured']:,}",
            f"{row['lut']:,} ({row['lut'] / plain['lut']:.2f})",
            f"{row['ff']:,} ({row['ff'] / plain['ff']:.2f})",
            f"{row['bram36']:g}",
            f"{row['dsp']}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> int:
    """Measure the networks named on the command line, or all."""
    parser = argparse.ArgumentParser(prog="python -m sim.bench_methods", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="name")
    parser.add_argument("--page", type=Path, help="fill its table of methods, measure nothing")
    args = parser.parse_args()
    result = OUT / "methods.json"
    rows = {row["name"]: row for row in read_json(result)} if result.is_file() else {}
    if args.page:
        write_atomic(
            args.page, between(args.page, args.page.read_text(), BEGIN, END, markdown(rows))
        )
        return 0
    result.parent.mkdir(parents=True, exist_ok=True)
    for nth, name in enumerate(args.names or NAMES):
        print(f"bench-methods: {nth + 1} of {len(args.names or NAMES)}: {name}", flush=True)
        rows[name] = measure(name)
        rows = {n: rows[n] for n in NAMES if n in rows}
        result.write_text(json.dumps(list(rows.values()), indent=1) + "\n")
    print(markdown(rows))
    if slow := missed(rows):
        raise CheckFailed(
            "bench-missed",
            "; ".join(slow),
            str(result),
            "look at the nodes of report.md in build/bench/methods/<name>",
        )
    return 0


if __name__ == "__main__":
    sys.exit(run_main(main))
