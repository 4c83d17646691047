# SPDX-License-Identifier: Apache-2.0
"""Area of a folded layer before synthesis: what the folding solver minimises.

The coefficients are a least-squares fit to yosys `synth_xilinx` results of the kernels
(`python -m hw.kernels.measure`); they choose between foldings and guard the board's budget. The
report quotes synthesis, never these.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from flows.ops.bnn_mvu import MAX_LUT_ROM_DEPTH

LUT_PER_LANE = 1.35  # XNOR and popcount
LUT_PER_PE = 16.0  # accumulator, threshold, its memory
LUT_PER_SIMD = 2.0  # replay buffer
LUT_CONTROL = 30.0
LUT_PER_DWC_BIT = 1.5


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


def mvu_area(mw: int, mh: int, pe: int, simd: int) -> Area:
    """A bnn_mvu; its weights in LUT ROM up to MAX_LUT_ROM_DEPTH words, else in block RAM."""
    lanes, depth = pe * simd, mw * mh // (pe * simd)
    lut = LUT_PER_LANE * lanes + LUT_PER_PE * pe + LUT_PER_SIMD * simd + LUT_CONTROL
    if depth == 1:
        return Area(0.6 * lanes + LUT_PER_PE * pe, 0)  # constant weights
    if depth > MAX_LUT_ROM_DEPTH:
        return Area(lut, rom_bram36(lanes, depth))
    return Area(lut + lanes * ceil(depth / 64) / (1 if depth > 32 else 2), 0)


def dwc_area(in_bits: int, out_bits: int) -> Area:
    """A width converter; none where the widths are equal."""
    return Area(0 if in_bits == out_bits else LUT_PER_DWC_BIT * (in_bits + out_bits), 0)
