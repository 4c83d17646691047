# SPDX-License-Identifier: Apache-2.0
"""Area of a folded layer before synthesis: what the folding solver minimises.

The coefficients are least-squares fits, relative errors weighted alike, to yosys' results.
`python -m flows.estimate` prints those of bnn_mvu, with every error, from what
`python -m hw.kernels.measure` left in build/bench. They choose between foldings and guard the
board's budget; the report quotes synthesis, never these.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import ceil, log2
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

from flows.ops.bnn_mvu import MAX_LUT_ROM_DEPTH

CATALOGUE = Path(__file__).resolve().parents[1] / "build" / "bench" / "catalogue.json"

#: LUTs per unit of each entry of features(), in its order
LUT_MVU = (0.92, 0.69, 2.02, 2.62, 0.5, 31.83)
#: FINN's width converter (vpc.sv): to wider words, per converter, output bit and ratio
LUT_WIDER = (31.0, 0.067, 1.43)
LUT_NARROWER = 1.8  # to narrower words: per input bit and doubling, a barrel shifter


@dataclass(frozen=True)
class Area:
    """LUT and BRAM36 of one node."""

    lut: float
    bram36: float

    def __add__(self, other: Area) -> Area:
        return Area(self.lut + other.lut, self.bram36 + other.bram36)


def rom_bram36(width: int, depth: int) -> float:
    """Block RAMs (RAMB18 counts half) of a ROM of `depth` words of `width` bits."""
    shapes = ((512, 36, 0.5), (1024, 18, 0.5), (1024, 36, 1), (2048, 18, 1), (4096, 9, 1))
    deepest = ((8192, 4, 1), (16384, 2, 1), (32768, 1, 1))
    return min(ceil(width / w) * ceil(depth / d) * cost for d, w, cost in (*shapes, *deepest))


def rom_lut(width: int, depth: int) -> int:
    """LUTs of a ROM in LUTs: 64 bits each, a power of two of them per bit beyond that.

    bnn_rom's few words (up to 8) disappear into the popcount.
    """
    return 0 if depth <= 8 else width * (1 << max(0, ceil(log2(depth / 64))))


def features(mw: int, mh: int, pe: int, simd: int) -> tuple[float, ...]:
    """What the LUTs of a bnn_mvu are proportional to, memories aside.

    Few words of weights leave few different functions of three inputs, which rows then share: a
    parity that differs in a function of the address only, one of 2 ** depth, and a majority.

    Returns:
        First level of the popcount (two LUTs for three lanes); lanes; accumulator bits; rows
        per clk; LUTs of the replay buffer; units. Comparing shows in none of them.
    """
    shared = min(mw * mh // (pe * simd), 8)
    first = simd / 3 * (min(pe, 2**shared) + min(pe, 8**shared))
    buffer = simd * ceil(2 * mw / simd / 32) if mh > pe else 0
    accumulated = pe * mw.bit_length() if mw > simd else 0
    return (first, pe * simd, accumulated, pe, buffer, 1)


def memories(mw: int, mh: int, pe: int, simd: int, raw: bool = False) -> Area:
    """Weights in LUTs up to MAX_LUT_ROM_DEPTH words, else in block RAM; thresholds in LUTs."""
    lanes, depth = pe * simd, mw * mh // (pe * simd)
    thresholds = Area(0 if raw else rom_lut(pe * mw.bit_length(), mh // pe), 0)
    if depth > MAX_LUT_ROM_DEPTH:
        return thresholds + Area(0, rom_bram36(lanes, depth))
    return thresholds + Area(rom_lut(lanes, depth), 0)


def mvu_area(mw: int, mh: int, pe: int, simd: int, raw: bool = False) -> Area:
    """A bnn_mvu with its memories."""
    logic = float(np.dot(LUT_MVU, features(mw, mh, pe, simd)))
    return Area(logic, 0) + memories(mw, mh, pe, simd, raw)


def dwc_area(in_bits: int, out_bits: int) -> Area:
    """FINN's width converter between widths of an integer ratio; none where they are equal."""
    if in_bits == out_bits:
        return Area(0, 0)
    if in_bits > out_bits:
        return Area(LUT_NARROWER * in_bits * log2(in_bits / out_bits), 0)
    return Area(float(np.dot(LUT_WIDER, (1, out_bits, out_bits / in_bits))), 0)


def main() -> None:
    """Print the fit to the measured units and how far each one is off."""
    rows = [r for r in json.loads(CATALOGUE.read_text()) if r["kernel"] == "bnn_mvu"]
    keys = ("MW", "MH", "PE", "SIMD", "RAW")
    given = [[int(r["params"][k]) for k in keys] for r in rows]
    shapes = [(mw, mh, pe, simd, bool(raw)) for mw, mh, pe, simd, raw in given]
    measured = np.array([r["ours"]["lut"] for r in rows], float)
    left = np.array([features(*s[:4]) for s in shapes]) / measured[:, None]
    right = 1 - np.array([memories(*s).lut for s in shapes]) / measured
    fit, _ = nnls(left, right)
    print("LUT_MVU =", tuple(round(float(c), 2) for c in fit))
    print(*keys, "LUT measured, fit, in use; BRAM36 measured, in use", sep="  ")
    for shape, row in zip(shapes, rows, strict=True):
        lut, area = row["ours"]["lut"], mvu_area(*shape)
        new = float(np.dot(fit, features(*shape[:4]))) + memories(*shape).lut
        errors = f"{new / lut - 1:+.0%} {area.lut / lut - 1:+.0%}"
        print(*shape, f"{lut}  {errors}; {row['ours']['bram36']:g} {area.bram36:g}", sep="  ")


if __name__ == "__main__":
    main()
