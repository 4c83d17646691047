# SPDX-License-Identifier: Apache-2.0
"""Area of a folded network before synthesis: what the folding solver minimises.

Matrix-vector units are counted (hw/kernels/bnn_mvu_area.py, bnn_imvu_area.py), width
converters too (axis_area.py); flip-flops are rough. The report quotes synthesis, never
these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hw.kernels import axis_area, bnn_imvu_area, bnn_mvu_area

#: flip-flops per LUT site: the units of hw/README.md have 0.35 to 1.1, and 1.3 to 1.6 unrolled
FF_PER_LUT, FF_UNROLLED = 0.95, 1.6


@dataclass(frozen=True)
class Area:
    """LUT sites, BRAM36, flip-flops and DSP of one node."""

    lut: float
    bram36: float
    ff: float = 0.0
    dsp: float = 0.0

    def __add__(self, other: Area) -> Area:
        return Area(
            self.lut + other.lut,
            self.bram36 + other.bram36,
            self.ff + other.ff,
            self.dsp + other.dsp,
        )

    def __sub__(self, other: Area) -> Area:
        return self + other.times(-1)

    def times(self, n: int) -> Area:
        """N of them."""
        return Area(n * self.lut, n * self.bram36, n * self.ff, n * self.dsp)


def mvu_area(
    mw: int,
    mh: int,
    pe: int,
    simd: int,
    bram_price: float,
    raw: bool = False,
    replay: bool = True,
) -> Area:
    """A bnn_mvu with its memories where they are cheapest.

    Args:
        mw: matrix width.
        mh: matrix height.
        pe: rows per clk.
        simd: columns per clk.
        bram_price: LUT sites that a BRAM36 is worth.
        raw: match counts leave the unit.
        replay: a vector comes once and is kept while there are rows left.
    """
    lut, bram36, _ = bnn_mvu_area.mvu_area(mw, mh, simd, pe, raw, bram_price, replay)
    return Area(lut, bram36, lut * (FF_UNROLLED if mw * mh == pe * simd else FF_PER_LUT))


def imvu_area(parameters: Mapping[str, int], bram_price: float) -> Area:
    """A bnn_imvu with its weights where they are cheapest.

    Args:
        parameters: of the kernel, by name.
        bram_price: LUT sites that a BRAM36 is worth.
    """
    lut, bram36, dsp, _ = bnn_imvu_area.imvu_area(parameters, bram_price)
    return Area(lut, bram36, lut * FF_PER_LUT, dsp)


def dwc_area(in_lanes: int, out_lanes: int, bits: int = 1) -> Area:
    """A width converter between lanes of an integer ratio; none where they are equal."""
    if in_lanes == out_lanes:
        return Area(0, 0)
    lut, _ = axis_area.dwc_area({"IN_LANES": in_lanes, "OUT_LANES": out_lanes, "W": bits})
    return Area(lut, 0, (in_lanes + out_lanes) * bits)
