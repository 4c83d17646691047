# SPDX-License-Identifier: Apache-2.0
"""Area of a folded network before synthesis: what the folding solver minimises.

Matrix-vector units are counted (hw/kernels/bnn_mvu_area.py); FINN's width converters are a fit to
yosys' results. The report quotes synthesis, never these.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

from hw.kernels import bnn_mvu_area

#: FINN's width converter (vpc.sv): to wider words, per converter, output bit and ratio
LUT_WIDER = (31.0, 0.067, 1.43)
LUT_NARROWER = 1.8  # to narrower words: per input bit and doubling, a barrel shifter


@dataclass(frozen=True)
class Area:
    """LUT sites and BRAM36 of one node."""

    lut: float
    bram36: float

    def __add__(self, other: Area) -> Area:
        return Area(self.lut + other.lut, self.bram36 + other.bram36)


def mvu_area(mw: int, mh: int, pe: int, simd: int, bram_price: float, raw: bool = False) -> Area:
    """A bnn_mvu with its memories where they are cheapest.

    Args:
        mw: matrix width.
        mh: matrix height.
        pe: rows per clk.
        simd: columns per clk.
        bram_price: LUT sites that a BRAM36 is worth.
        raw: match counts leave the unit.
    """
    lut, bram36, _ = bnn_mvu_area.mvu_area(mw, mh, simd, pe, raw, bram_price)
    return Area(lut, bram36)


def dwc_area(in_bits: int, out_bits: int) -> Area:
    """FINN's width converter between widths of an integer ratio; none where they are equal."""
    if in_bits == out_bits:
        return Area(0, 0)
    if in_bits > out_bits:
        return Area(LUT_NARROWER * in_bits * log2(in_bits / out_bits), 0)
    once, per_bit, per_ratio = LUT_WIDER
    return Area(once + per_bit * out_bits + per_ratio * out_bits / in_bits, 0)
