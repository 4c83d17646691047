# SPDX-License-Identifier: Apache-2.0
"""Measures the area of the kernels with yosys and refreshes the table in hw/README.md.

`python -m hw.kernels.measure [kernel ...]` writes build/bench/catalogue.json and the lines between
the markers of hw/README.md. Each configuration is synthesised in a process of its own, with random
memory files from a fixed seed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from hw.kernels import bnn_affine_ref, bnn_binarize_ref, bnn_lookup_ref, bnn_mvu_ref
from hw.kernels.bnn_mvu_ref import shallow_pipe
from hw.kernels.levels import levels
from hw.kernels.recipe import SYNTH, commands, count_cells, read

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "hw" / "README.md"
CATALOGUE = ROOT / "build" / "bench" / "catalogue.json"
BEGIN, END = "<!-- catalogue: begin -->", "<!-- catalogue: end -->"

#: MW, MH, SIMD, PE, RAW of matrix-vector units: small to large, every kind of weight memory
UNITS = (
    (64, 10, 4, 2, 1), (64, 10, 8, 2, 1), (256, 10, 16, 2, 1), (64, 10, 64, 1, 1),
    (64, 16, 16, 4, 0), (64, 64, 16, 4, 0), (256, 64, 32, 8, 0), (128, 96, 64, 12, 0),
    (64, 64, 32, 16, 0), (784, 64, 49, 16, 0), (784, 64, 28, 8, 0), (784, 64, 56, 64, 0),
    (256, 256, 32, 8, 0), (256, 256, 64, 32, 0), (256, 64, 64, 64, 0), (64, 64, 64, 32, 0),
    (784, 256, 28, 8, 0), (576, 64, 32, 32, 0), (1024, 1024, 32, 8, 0), (1024, 1024, 64, 32, 0),
    (1024, 10, 64, 1, 1), (64, 64, 64, 64, 0), (64, 32, 64, 32, 0), (128, 10, 128, 10, 1),
)  # fmt: skip
LUT_ROM_WORDS = 256  # deeper weight memories are measured in block RAM
PLAIN_LANES = 784  # larger units: only our recipe, the plain one takes long


def unit(mw: int, mh: int, simd: int, pe: int, raw: int) -> dict[str, int]:
    """Parameters of bnn_mvu as flows would choose them."""
    block = int(mw * mh // (simd * pe) > LUT_ROM_WORDS)
    given = {"MW": mw, "MH": mh, "SIMD": simd, "PE": pe, "RAW": raw, "ROM_BLOCK": block}
    return {**given, "PIPE": shallow_pipe(simd)}


CONFIGS: list[tuple[str, dict[str, int]]] = [
    *[
        ("bnn_popcount", {"N": n, "PIPE": p})
        for n in (16, 64, 128, 784)
        for p in (0, shallow_pipe(n))
    ],
    *[("bnn_mvu", unit(*given)) for given in UNITS],
    ("bnn_binarize", {"N": 784, "PE": 49, "IN_W": 8, "UNIFORM": 1, "THR": 128}),
    ("bnn_binarize", {"N": 784, "PE": 8, "IN_W": 8}),
    ("bnn_affine", {"N": 10, "PE": 1, "IN_W": 7, "COEF_W": 8, "OFFS_W": 16, "OUT_W": 18}),
    ("bnn_lookup", {"N": 10, "PE": 1, "IN_W": 7, "DEPTH": 65, "OUT_W": 12}),
    ("bnn_lookup", {"N": 10, "PE": 1, "IN_W": 7, "DEPTH": 65, "OUT_W": 12, "ROM_BLOCK": 1}),
    ("bnn_argmax", {"N": 10, "PE": 1, "IN_W": 16}),
    ("bnn_argmax", {"N": 10, "PE": 10, "IN_W": 7}),
    ("axis_fork", {"W": 8}),
]


def memory_files(kernel: str, p: dict[str, int]) -> dict[str, list[str]]:
    """Random contents for the memory files of one configuration, the same at every call."""
    rng = np.random.default_rng(1)
    if kernel == "bnn_mvu":
        w = rng.integers(0, 2, (p["MH"], p["MW"]))
        thr = np.clip(rng.normal(p["MW"] / 2, p["MW"] ** 0.5, p["MH"]), 0, p["MW"]).astype(int)
        sense = np.zeros(p["MH"], int)
        words = bnn_mvu_ref.threshold_words(thr, sense, p["PE"], p["MW"].bit_length())
        return {"WEIGHTS": bnn_mvu_ref.weight_words(w, p["PE"], p["SIMD"]), "THRESHOLDS": words}
    if kernel == "bnn_binarize" and not p.get("UNIFORM", 0):
        thr = rng.integers(0, (1 << p["IN_W"]) + 1, p["N"])
        sense = rng.integers(0, 2, p["N"])
        words = bnn_binarize_ref.threshold_words(thr, sense, p["PE"], p["IN_W"])
        return {"THRESHOLDS": words}
    if kernel == "bnn_affine":
        a = rng.integers(-(1 << (p["COEF_W"] - 1)), 1 << (p["COEF_W"] - 1), p["N"])
        b = rng.integers(-(1 << (p["OFFS_W"] - 1)), 1 << (p["OFFS_W"] - 1), p["N"])
        words = bnn_affine_ref.param_words(a, b, p["PE"], p["COEF_W"], p["OFFS_W"])
        return {"PARAMS": words}
    if kernel == "bnn_lookup":
        limit = 1 << (p["OUT_W"] - 1)
        table = np.sort(rng.integers(-limit, limit, (p["N"], p["DEPTH"])), axis=1)
        return {"TABLE": bnn_lookup_ref.table_words(table, p["PE"], p["OUT_W"])}
    return {}


def measure(kernel: str, params: dict[str, int], recipe: str) -> dict[str, Any]:
    """Synthesise one configuration in a child process.

    Args:
        kernel: module name.
        params: its integer parameters.
        recipe: "ours" (recipe.py) or "plain" (synth_xilinx as it is).

    Returns:
        Counts per kind of cell, "levels" (levels.py), and "version", what yosys calls itself.

    Raises:
        RuntimeError: yosys failed; with the end of its log.
    """
    with tempfile.TemporaryDirectory() as folder:
        generics = [f"{name}={value}" for name, value in params.items()]
        for name, lines in memory_files(kernel, params).items():
            path = Path(folder) / f"{name}.mem"
            path.write_text("\n".join(lines) + "\n")
            generics.append(f'{name}="{path}"')
        rtl = [str(f) for f in sorted(Path(__file__).parent.glob("*.sv"))]
        passes = commands(kernel, rtl, generics=generics)
        if recipe == "plain":
            passes = [read(kernel, rtl, generics), f"{SYNTH} -top {kernel}"]
        stat, netlist = Path(folder) / "stat.json", Path(folder) / "netlist.json"
        passes += [f"tee -q -o {stat} stat -json", f"write_json {netlist}"]
        script = (
            "from pyosys import libyosys as ys; d = ys.Design()\n"
            f"for one in {passes!r}: ys.run_pass(one, d)\n"
        )
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"yosys on {kernel} {params}: {done.stdout[-800:]}{done.stderr}")
        report = json.loads(stat.read_text())
        depth = levels(json.loads(netlist.read_text())["modules"][kernel])
    return {
        **count_cells(report["design"]["num_cells_by_type"]),
        "levels": depth,
        "version": report["creator"].split(" (")[0],
    }


def lanes(params: dict[str, int]) -> int:
    """XNOR lanes of a popcount or matrix-vector unit; 0 for the others."""
    if "SIMD" in params:
        return params["SIMD"] * params["PE"]
    return params["N"] if "PIPE" in params else 0


def table(rows: list[dict[str, Any]]) -> str:
    """The catalogue's area table in Markdown."""
    lines = [
        f"{rows[0]['version']}; `{SYNTH}`, with the changes of `kernels/recipe.py`;",
        "the column *plain* without them, where it was measured. Printed by `make bench-kernels`;",
        "nothing here is placed or routed.",
        "",
        "| kernel | parameters | LUT (per lane) | plain LUT (per lane) | of it LUTRAM, SRL | FF"
        " | BRAM36 | DSP | levels |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        ours, n = row["ours"], row["lanes"]
        given = " ".join(f"{k}={v}" for k, v in row["params"].items())
        luts = [
            f"{r['lut']}" + (f" ({r['lut'] / n:.2f})" if n else "") if r else ""
            for r in (ours, row.get("plain"))
        ]
        lines.append(
            f"| `{row['kernel']}` | {given} | {luts[0]} | {luts[1]} | {ours['lutram']}"
            f" | {ours['ff']} | {ours['bram36']:g} | {ours['dsp']} | {ours['levels']} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure everything, or the kernels named on the command line (then the table stays)."""
    only = set(sys.argv[1:])
    rows = []
    for kernel, params in CONFIGS:
        if only and kernel not in only:
            continue
        recipes = ("ours", "plain") if lanes(params) <= PLAIN_LANES else ("ours",)
        results = {recipe: measure(kernel, params, recipe) for recipe in recipes}
        version = results["ours"]["version"]
        row = {"kernel": kernel, "params": params, "lanes": int(lanes(params)), "version": version}
        rows.append({**row, **results})
        print(kernel, params, *(f"{k} {v}" for k, v in results.items()), flush=True)
    if only:
        return
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    CATALOGUE.write_text(json.dumps(rows, indent=1) + "\n")
    head, rest = README.read_text().split(BEGIN)
    README.write_text(f"{head}{BEGIN}\n{table(rows)}\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
