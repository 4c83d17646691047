# SPDX-License-Identifier: Apache-2.0
"""Draws LUT per lane against SIMD and PE."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

#: PE, LUT per lane of FINN+ matrix units (HLS), post-route on an xc7z020, as published in
#: alhusseingamal/finn-brevitas-pynq-labs
FINN_PLUS = ((1, 30.0), (2, 12.2), (10, 3.65), (32, 3.13), (32, 2.96), (64, 2.8))
STYLES = {1: ("o", "7-series cells"), 2: ("s", "without LUT6_2"), 0: ("^", "plain RTL")}


def draw(units: list[dict[str, Any]], rivals: list[dict[str, Any]], path: Path) -> None:
    """Write the chart as SVG, the same bytes for the same data.

    Args:
        units: contents of units.json.
        rivals: contents of rivals.json.
        path: file to write.
    """
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for prim, (marker, label) in STYLES.items():
        rows = [r for r in units if r["group"] == "mac" and r["prim"] == prim]
        xs = [r["params"]["SIMD"] for r in rows]
        left.plot(xs, [r["sites"] / r["lanes"] for r in rows], marker=marker, label=label)
    rows = [r for r in rivals if r["rival"] == "plain" and "PE" not in r["params"] and "lut" in r]
    xs = [r["params"]["SIMD"] for r in rows]
    left.plot(xs, [r["lut"] / r["lanes"] for r in rows], marker="x", label="loop of +")
    left.set(xscale="log", xlabel="SIMD", ylabel="LUT per lane", ylim=(0, None))
    left.set_xticks([64, 128, 256, 784], labels=["64", "128", "256", "784"])
    left.minorticks_off()
    left.set_title("XNOR, popcount, accumulate", fontsize=10)
    left.legend(fontsize=8)
    rows = [r for r in units if r["top"] == "bnn_mvu" and r["prim"] == 1 and not r["params"]["RAW"]]
    dots = right.scatter(
        [r["params"]["PE"] for r in rows], [r["sites"] / r["lanes"] for r in rows],
        c=[r["params"]["SIMD"] for r in rows], cmap="viridis", norm="log", label="bnn_mvu, all in",
    )  # fmt: skip
    figure.colorbar(dots, ax=right, label="SIMD")
    right.plot(*zip(*FINN_PLUS, strict=True), "kx", label="FINN+ (HLS), post-route, published")
    right.set(xscale="log", yscale="log", xlabel="PE", ylabel="LUT per lane")
    right.set_title("Whole units", fontsize=10)
    right.legend(fontsize=8)
    with mpl.rc_context({"svg.hashsalt": "bnnflow"}):
        figure.savefig(path, metadata={"Date": None})
