# SPDX-License-Identifier: Apache-2.0
"""LUT sites, DSPs and block RAMs of a bnn_affine (PRIM = 1), without synthesis.

Memories and adders are counted as the RTL builds them; control is fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from hw.kernels.bnn_affine_ref import numbers
from hw.kernels.bnn_mvu_area import rom_bram36, rom_lut
from hw.kernels.map_area import COUNT, Area, _bits, clamp_lut, fifo_lut

#: fitted sites of control
AFFINE = 12.0
#: yosys makes no DSP48 of a product of fewer bits
LEAST_DSP = 9

Number = tuple[int, int]  # low bits that are 0, largest magnitude


def _width(mag: int) -> int:
    """Bits of two's complement of -mag .. mag."""
    return mag.bit_length() + 1


def _added(given: list[Number], width: int, sign: bool) -> float:
    """LUT sites of a bnn_affine_sum."""
    lut, first = 0.0, True
    while len(given) > 1:
        n = len(given)
        size = 2 if n == 2 else 3
        after = []
        for i in range(0, n // size * size, size):
            group = given[i : i + size]
            mag = sum(m for _, m in group)
            after.append((min(low for low, _ in group), mag))
            top = min(_width(mag), width)
            half = n == 2 and sign and not first
            lut += ceil(width / 2) if half else top - sorted(low for low, _ in group)[1]
        given, first = after + given[n // size * size :], False
    return lut


def affine_area(p: Mapping[str, int]) -> Area:
    """Area of a bnn_affine.

    Args:
        p: its parameters; those that have their defaults may be left out, except widths.

    Returns:
        LUT sites, DSP48, BRAM36.
    """
    n, pe, unit = p["N"], p["PE"], bool(p.get("UNIT", 0))
    fold, classes = n // pe, p.get("CLASSES_R", 1) * p.get("CLASSES_C", 1)
    block, dsp = bool(p.get("ROM_BLOCK", 0)), bool(p.get("DSP", 1))
    out_w, clamp = p["OUT_W"], bool(p.get("CLAMP", 1))
    lo = p.get("LO", 0) if clamp else 0
    sign = clamp and not block and (out_w, lo, p.get("HI", 15)) == (1, 0, 1)
    coef_w, share_w, offs_w = 1 if unit else p["COEF_W"], p["SHARE_W"], p["OFFS_W"]
    x_mag, q_mag = 1 << p["IN_W"], 1 << p["Q_W"]
    factor = p.get("UNIT_SHIFT", 0) if unit else coef_w - 1
    sum_w = _width((x_mag << factor) + (q_mag << (share_w - 1)) + (1 << (offs_w - 1)) - 1)
    c_w = sum_w if sign else offs_w

    lut = AFFINE + fifo_lut(pe * out_w) + fifo_lut(p["Q_W"]) + COUNT * _bits(fold)
    if classes > 1:
        lut += COUNT * (_bits(p["ROWS"]) + _bits(p["COLS"]) + _bits(classes))
    if clamp and not sign:
        lut += pe * clamp_lut(max(1, sum_w - p.get("SHIFT", 0)), out_w, lo)
    xs, qs, _ = numbers(p)
    c_mag = 1 << (c_w - 1)
    bram36 = 0.0
    if block:
        bram36 = rom_bram36(pe * (coef_w + share_w + offs_w), fold * classes)
    else:
        lut += rom_lut(pe * (coef_w + share_w), fold) if fold > 1 else 0
        lut += rom_lut(pe * c_w, fold * classes) if fold * classes > 1 else 0
    if dsp:
        multiplied = (p["Q_W"] + share_w >= LEAST_DSP) + (
            not unit and p["IN_W"] + coef_w >= LEAST_DSP
        )
        added = min(max(c_w, p["IN_W"] + 1 + factor) + 1, sum_w) if unit else 0
        return Area(lut + pe * added, pe * multiplied, bram36)
    x_w, q_w = p["IN_W"] + (not p.get("IN_SIGNED", 0)), p["Q_W"] + (not p.get("Q_SIGNED", 0))
    given = [(2 * i, 3 << (x_w - 1 + 2 * i)) for i in range(xs)]
    if unit:
        given = [(p.get("UNIT_SHIFT", 0), x_mag << factor)]
    else:
        lut += pe * xs * (x_w + 2)
    given += [(0, c_mag), *((2 * i, 3 << (q_w - 1 + 2 * i)) for i in range(qs))]
    lut += pe * qs * (q_w + 2)
    return Area(lut + pe * _added(given, sum_w, sign), 0, bram36)
