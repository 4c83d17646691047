# SPDX-License-Identifier: Apache-2.0
"""Networks with maps: rate, area, buffers, times: `make bench-networks [ONLY="cnv"] [DATA=...]`.

Each is built from QONNX: folded, proved in Verilator, where its interval is measured, and
synthesised; with a folder of CIFAR-10 images, QONNX and the integer reference are compared on the
whole test set, too.

Weights are random (seed 1), with batch norms that make every channel matter: neither cycles nor
buffers depend on them. Writes build/bench/networks.json, where other networks keep their rows, and
prints the table of musts and aims. Exit code 3 where a must is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from qonnx.core.modelwrapper import ModelWrapper

from flows.buffers import schedule_graph
from flows.build import build
from flows.check import check_graphs
from flows.config import FlowConfig
from flows.errors import CheckFailed, run_main
from flows.files import read_json, write_atomic
from flows.images import load_images
from flows.report.readme import between
from flows.schedule import size_buffers
from sim.lib.convnets import ConvMake, write_bnn_pynq_cnv, write_convnet

INPUT = (3, 32, 32)
BEGIN, END = "<!-- networks: begin -->", "<!-- networks: end -->"
KINDS = ("lut", "cells", "ff", "bram36", "dsp")
OUT = Path(__file__).resolve().parents[1] / "build" / "bench"


@dataclass(frozen=True)
class Network:
    """What is built: a network, its goal, and how many images the RTL runs.

    make: None: CNV_1W1A of brevitas_examples.bnn_pynq.
    fps: the rate to reach; None: the fastest that fits the board.
    utilisation: share of the board that may be taken.
    area: it is synthesised, too.
    """

    make: ConvMake | None
    fps: float | None
    board: str = "pynq-z1"
    rtl_images: int = 20
    area: bool = True
    utilisation: float | None = None


HALF = 0.47  # 26,000 of 53,200 LUT, less what the estimate misses
NETWORKS = {
    "cnv": Network(None, 3051, rtl_images=100),
    "cnv-max": Network(None, None, rtl_images=1000, utilisation=HALF),
    "cnv-z020": Network(None, None, rtl_images=200),
    "cnv-zcu102": Network(None, None, "zcu102", 200, area=False),
    "vgg-small": Network(ConvMake("vgg-small", width=128), 1350, "zcu102", 200, area=False),
    "resnet20": Network(ConvMake("resnet20", width=16), 5000, rtl_images=200, area=False),
    "resnet18": Network(ConvMake("resnet18", width=64), 1350, "zcu102"),
}


@dataclass(frozen=True)
class Figure:
    """A row of the table: a number of a network, what it must be, what it should be."""

    network: str
    what: str
    anchor: str
    must: str
    aim: str
    holds: Any  # a function of the row


FIGURES = (
    Figure("cnv", "fps", "3,020", ">= 3,050", "", lambda r: r["fps"] >= 3050),
    Figure("cnv", "lut", "20,500", "<= 13,000", "<= 10,000", lambda r: r["lut"] <= 13_000),
    Figure("cnv", "bram36", "98", "<= 60", "", lambda r: r["bram36"] <= 60),
    Figure("cnv", "minutes_100", "-", "< 10", "< 3", lambda r: r["minutes_100"] < 10),
    Figure("cnv", "sizing_s", "935-3,592", "< 1", "", lambda r: r["sizing_s"] < 1),
    Figure("cnv-max", "fps", "3,329", ">= 6,000", ">= 12,000", lambda r: r["fps"] >= 6000),
    Figure("cnv-max", "lut", "21,886", "<= 26,000", "", lambda r: r["lut"] <= 26_000),
)


def whole_test_set(run: Path, data: Path) -> int:
    """Compare QONNX with the integer reference on all test images of a folder; returns how many.

    Raises:
        CheckFailed: stages-differ.
    """
    names = ("01_import", "02_streamline", "05_fold")
    imported, streamlined, folded = (ModelWrapper(str(run / f"{name}.onnx")) for name in names)
    images = load_images("folder", prod(INPUT), False, 1, data)
    check_graphs(imported, streamlined, folded, images, "pixel/255")
    return len(images.images)


def measure(name: str, data: Path | None) -> dict[str, Any]:
    """Build one network from QONNX to synthesis.

    Args:
        name: of NETWORKS.
        data: folder of CIFAR-10 images, or None.

    Returns:
        Rate, intervals, area, sizes of the buffers, seconds of the sizing and of the stages.
    """
    network = NETWORKS[name]
    run = OUT / "networks" / name
    model = run.with_suffix(".onnx")
    model.parent.mkdir(parents=True, exist_ok=True)
    if network.make is None:
        write_bnn_pynq_cnv(model, 1)
    else:
        write_convnet(model, network.make, 1)
    config = FlowConfig(
        str(model),
        board=network.board,
        target_fps=network.fps,
        max=network.fps is None,
        utilisation=network.utilisation,
        images=f"random:{network.rtl_images}",
        rtl_images=network.rtl_images,
    )
    build(run, config, last="report" if network.area else "check")
    check, folding, stages = (read_json(run / f"{f}.json") for f in ("check", "folding", "stages"))
    synth = read_json(run / "synth.json") if network.area else None
    graph = schedule_graph(ModelWrapper(str(run / "05_fold.onnx")))
    started = time.perf_counter()
    sizes = size_buffers(graph)
    sizing_s = time.perf_counter() - started
    seconds = {row["name"]: row["seconds"] for row in stages}
    proof_s = sum(s for stage, s in seconds.items() if stage not in ("synthesise", "report"))
    held = [node for node in folding["nodes"] if node.get("depth")]
    return {
        "name": name,
        "board": network.board,
        "fps": folding["fps"],
        "interval_predicted": check["interval_predicted"],
        "interval_measured": check["interval_measured"],
        "images_equal": check["images_equal"],
        "images_checked": check["images_checked"],
        "test_images_equal": whole_test_set(run, data) if data else None,
        "stopped_by": folding["stopped_by"],
        "pareto": folding["pareto"],
        **{kind: synth["total"][kind] if synth else None for kind in KINDS},
        "part": folding["part"],
        "tool": synth["tool"] if synth else None,
        "buffers": len(held),
        "buffer_bits": sum(node["bits"] for node in held),
        "sizing_s": round(sizing_s, 3),
        "slowest": sizes.slowest,
        "seconds": seconds,
        "minutes_100": proof_s / 60 if network.rtl_images == 100 else None,
    }


def table(rows: dict[str, dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Lines of the table, and the musts that are missed."""
    lines = [f"{'network':10} {'figure':12} {'measured':>12}  {'must':12} {'aim':12} anchor"]
    missed = []
    for figure in FIGURES:
        if figure.network not in rows:
            continue
        value = rows[figure.network][figure.what]
        shown = f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
        good = figure.holds(rows[figure.network])
        lines.append(
            f"{figure.network:10} {figure.what:12} {shown:>12}  {figure.must:12} {figure.aim:12} "
            f"{figure.anchor}{'' if good else '  MISSED'}"
        )
        if not good:
            missed.append(f"{figure.network} {figure.what} is {shown}, must be {figure.must}")
    for row in rows.values():
        lines.append(
            f"{row['name']:10} {row['board']}: {row['fps']:,.0f} frames/s, {_area(row)}; interval "
            f"{row['interval_measured']:,} measured, {row['interval_predicted']:,} predicted; "
            f"{row['images_equal']} of {row['images_checked']} images equal in RTL, "
            f"{row['test_images_equal'] or 'not run'} in the integer reference; FIFO sizing "
            f"{row['sizing_s']:.2f} s"
        )
        if row["interval_measured"] != row["interval_predicted"]:
            missed.append(f"{row['name']}: the interval is not the predicted one")
    return lines, missed


def markdown(rows: dict[str, dict[str, Any]]) -> str:
    """The rows as a table for a README."""
    head = (
        "network",
        "board",
        "frames/s at 100 MHz",
        "clk per frame, predicted / measured (simulation)",
        "images equal in RTL",
        "in the integer reference",
        "LUT / FF / BRAM36 / DSP (synthesis)",
        "buffer sizing",
    )
    lines = [f"| {' | '.join(head)} |", f"{'|---' * len(head)}|"]
    for row in rows.values():
        whole = row["test_images_equal"]
        cells = (
            row["name"],
            row["board"],
            f"{row['fps']:,.0f}",
            f"{row['interval_predicted']:,} / {row['interval_measured']:,}",
            f"{row['images_equal']:,} of {row['images_checked']:,}",
            f"{whole:,} of {whole:,}" if whole else "as many",
            "not run"
            if row["lut"] is None
            else f"{row['lut']:,} / {row['ff']:,} / {row['bram36']:g} / {row['dsp']}",
            f"{row['sizing_s']:.2f} s",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _area(row: dict[str, Any]) -> str:
    if row["lut"] is None:
        return "area not run"
    return f"{row['lut']:,} LUT, {row['ff']:,} FF, {row['bram36']:g} BRAM36, {row['dsp']} DSP"


def main() -> int:
    """Measure the networks named on the command line, or all."""
    parser = argparse.ArgumentParser(prog="python -m sim.bench_networks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NETWORKS, []], metavar="name")
    parser.add_argument(
        "--data", type=Path, help="folder of CIFAR-10: train/<class>/, test/<class>/"
    )
    parser.add_argument("--readme", type=Path, help="fill its table of networks, measure nothing")
    args = parser.parse_args()
    result = OUT / "networks.json"
    rows = {row["name"]: row for row in read_json(result)} if result.is_file() else {}
    if args.readme:
        text = between(args.readme, args.readme.read_text(), BEGIN, END, markdown(rows))
        write_atomic(args.readme, text)
        return 0
    for name in args.names or NETWORKS:
        rows[name] = measure(name, args.data)
        result.write_text(json.dumps([rows[n] for n in NETWORKS if n in rows], indent=1) + "\n")
    lines, missed = table(rows)
    print("\n".join(lines))
    if missed:
        raise CheckFailed(
            "bench-missed",
            "; ".join(missed),
            str(result),
            "look at the nodes of report.md in build/bench/networks/<name>",
        )
    return 0


if __name__ == "__main__":
    sys.exit(run_main(main))
