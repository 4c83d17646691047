# SPDX-License-Identifier: Apache-2.0
"""What others make of the work of bnn_mvu, measured with the same yosys and counted the same way.

`python -m hw.bench.rivals [plain|finn|da4ml ...]` prints a table and writes
build/bench/rivals.json. Small to large; the largest take minutes each.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hw.bench.configs import random_layer
from hw.bench.da4ml_mvu import da4ml
from hw.bench.finn_mvu import finn
from hw.bench.yosys import NotSynthesised, synthesise
from hw.kernels.bnn_mvu_ref import threshold_words, weight_words

__all__ = ["NotSynthesised", "da4ml", "finn", "plain"]

BENCH = Path(__file__).resolve().parent
RESULT = BENCH.parents[1] / "build" / "bench" / "rivals.json"
CUTOFF = 3  # adders between the registers of da4ml's pipelines
FOLDS = 4  # beats per row where only the columns per clk matter


def plain(params: dict[str, int], limit_s: float = 1800) -> dict[str, Any]:
    """Synthesise the behavioural unit.

    Args:
        params: MW, SIMD for XNOR, popcount and accumulator with weights as inputs (plain_count);
            with MH and PE, the whole unit with its memories (plain_mvu).
        limit_s: seconds yosys may take.

    Returns:
        Counts as hw.bench.yosys.synthesise(), and what was configured.

    Raises:
        NotSynthesised: yosys failed.
    """
    whole = "PE" in params
    top = "plain_mvu" if whole else "plain_count"
    mw, simd, pe = params["MW"], params["SIMD"], params.get("PE", 1)
    mh = params.get("MH", 1)
    if mw % simd or mh % pe:
        raise ValueError(f"SIMD={simd} must divide MW={mw} and PE={pe} must divide MH={mh}")
    counts, _ = synthesise_plain(params, limit_s)
    return {
        **counts,
        "rival": "plain",
        "what": f"{top}, behavioural",
        "params": params,
        "lanes": simd * pe,
        "cycles_per_vector": mw // simd * (mh // pe),
        "pipeline_registers": 3 if whole else 1,
        "differs": "" if whole else "weights as inputs, no thresholds",
    }


def synthesise_plain(
    params: dict[str, int], limit_s: float
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Counts and netlist of the behavioural unit; see plain()."""
    sources = [str(BENCH / "plain_count.sv")]
    top, generics = "plain_count", [f"{name}={value}" for name, value in params.items()]
    with tempfile.TemporaryDirectory() as folder:
        if "PE" in params:
            top = "plain_mvu"
            sources.append(str(BENCH / "plain_mvu.sv"))
            mw, mh, pe = params["MW"], params["MH"], params["PE"]
            w, thr = random_layer(mh, mw)
            words = threshold_words(thr, np.zeros(mh, int), pe, mw.bit_length())
            memories = {"WEIGHTS": weight_words(w, pe, params["SIMD"]), "THRESHOLDS": words}
            for name, lines in memories.items():
                path = Path(folder) / f"{name}.mem"
                path.write_text("\n".join(lines) + "\n")
                generics.append(f'{name}="{path}"')
        given = " ".join(f"-G {generic}" for generic in generics)
        read = f"read_slang --top {top} {given} {' '.join(sources)}"
        return synthesise(top, [read], limit_s)


def jobs() -> Iterator[tuple[str, Any, Callable[[], dict[str, Any]]]]:
    """Rival, its configuration, and the call that measures it."""
    for simd in (64, 128, 256, 784):
        given = {"MW": FOLDS * simd, "SIMD": simd}
        yield "plain", given, partial(plain, given)
    layer = {"MW": 784, "MH": 64, "SIMD": 112, "PE": 32}
    yield "plain", layer, partial(plain, layer)
    for unit in ({"MW": 64, "MH": 16, "SIMD": 16, "PE": 4}, {**layer, "SIMD": 49, "PE": 8}):
        yield "finn", unit, partial(finn, unit)
    for mw, cutoff in ((64, -1), (64, CUTOFF), (784, -1)):
        w = 2 * random_layer(64, mw)[0] - 1
        matrix = {"MW": mw, "MH": 64, "CUTOFF": cutoff}
        if mw == layer["MW"]:  # the two that take long come last
            yield "finn", layer, partial(finn, layer)
        yield "da4ml", matrix, partial(da4ml, w, cutoff)


def line(row: dict[str, Any]) -> str:
    """One row as one line of text."""
    given = " ".join(f"{k}={v}" for k, v in row["params"].items())
    head = f"{row['rival']:6} {given:32}"
    if "error" in row:
        return f"{head} could not be synthesised: {row['error']}"
    lut, ff = (row[kind] / row["lanes"] for kind in ("lut", "ff"))
    return (
        f"{head} {row['lanes']:6} {row['lut']:7} {lut:6.2f} {ff:6.2f} {row['bram36']:5g}"
        f" {row['dsp']:4} {row['levels']:4} {row['cycles_per_vector']:5}"
        f" {row['pipeline_registers']:4} {row['seconds']:6.0f}"
    )


def main() -> None:
    """Measure all rivals, or those named on the command line (then the file stays)."""
    only = set(sys.argv[1:])
    rows = []
    print(
        f"{'rival':6} {'parameters':32} {'lanes':>6} {'LUT':>7} {'/lane':>6} {'FF/ln':>6}"
        f" {'BRAM':>5} {'DSP':>4} {'lvl':>4} {'clk':>5} {'pipe':>4} {'s':>6}"
    )
    for rival, params, measure in jobs():
        if only and rival not in only:
            continue
        start = time.monotonic()
        try:
            row = measure()
        except NotSynthesised as err:
            row = {"rival": rival, "params": params, "error": str(err)}
        rows.append({**row, "seconds": round(time.monotonic() - start, 1)})
        print(line(rows[-1]), flush=True)
        if not only:  # after each, so that an interrupted run leaves what it has
            RESULT.parent.mkdir(parents=True, exist_ok=True)
            RESULT.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
