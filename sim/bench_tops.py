# SPDX-License-Identifier: Apache-2.0
"""Whole networks for the kernel bench: `python -m sim.bench_tops [name ...]`.

TFC and LFC of brevitas_examples.bnn_pynq with random weights (seed 1), folded for a rate, proved
in Verilator (the interval is measured there) and synthesised. Writes build/bench/tops.json, where
other networks keep their rows.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from flows.build import build
from flows.config import FlowConfig, load_board
from flows.errors import run_main
from flows.files import read_json, replacing
from flows.synthesise import synthesise
from sim.lib.networks import bnn_pynq

FIRST = "TFC, 14 clk"  # synthesised a second time, without LUT6_2
OUT = Path(__file__).resolve().parents[1] / "build" / "bench"
CLK_MHZ = 100.0
KINDS = ("lut", "cells", "ff", "bram36", "dsp")
#: name: network, clk per frame that the folding may take, images of the proof
TOPS = {
    "TFC, 14 clk": ("TFC_1W1A", 14, 200),
    "TFC, 1 clk": ("TFC_1W1A", 1, 200),
    "LFC, 512 clk": ("LFC_1W1A", 512, 20),
    "LFC, 256 clk": ("LFC_1W1A", 256, 20),
}


def measure(name: str) -> dict[str, Any]:
    """Build one network from QONNX to synthesis.

    Returns:
        Folding, predicted and measured interval, resources with and without LUT6_2.
    """
    network, clk, n_images = TOPS[name]
    run = OUT / "tops" / name.replace(", ", "-").replace(" ", "")
    model = run.with_suffix(".onnx")
    model.parent.mkdir(parents=True, exist_ok=True)
    bnn_pynq(network, 1, model)
    rate = CLK_MHZ * 1e6 / clk
    build(run, FlowConfig(str(model), target_fps=rate, images=f"random:{n_images}"))
    check, synth, folding = (read_json(run / f"{f}.json") for f in ("check", "synth", "folding"))
    return {
        "name": name,
        "network": network,
        "folding": [n for n in folding["nodes"] if n["op"] == "BnnMvu"],
        "interval_predicted": check["interval_predicted"],
        "interval_measured": check["interval_measured"],
        "images_equal": check["images_equal"],
        "images_checked": check["images_checked"],
        "part": synth["part"],
        "tool": synth["tool"],
        **{kind: synth["total"][kind] for kind in KINDS},
        "without_lut6_2": _without_lut6_2(run) if name == FIRST else None,
    }


def _without_lut6_2(run: Path) -> dict[str, float]:
    """The same top in LUT5 and LUT6 only, as upstream nextpnr wants it."""
    flow, table = read_json(run / "flow.json"), read_json(run / "folding.json")
    nodes = [node["name"] for node in table["nodes"]]
    with replacing(run / "09_synth_prim2") as out:
        logs, board = run / "logs" / "yosys_prim2", load_board(flow["board"])
        synth = synthesise(run / "07_top", out, logs, board, nodes, prim=2)
        assert not any("LUT6_2" in stat.read_text() for stat in out.glob("*.stat.json"))
    return {kind: synth["total"][kind] for kind in KINDS}


def main() -> int:
    """Measure the networks named on the command line, or all."""
    result = OUT / "tops.json"
    rows = {row["name"]: row for row in read_json(result)} if result.is_file() else {}
    for name in sys.argv[1:] or TOPS:
        row = rows[name] = measure(name)
        print(
            f"{name}: {row['lut']} LUT sites, {row['cells']} cells, {row['ff']} FF,"
            f" {row['bram36']:g} BRAM36; {row['interval_measured']} clk measured,"
            f" {row['interval_predicted']} predicted;"
            f" {row['images_equal']} of {row['images_checked']} images equal",
            flush=True,
        )
        result.write_text(json.dumps([rows[n] for n in TOPS if n in rows], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(run_main(main))
