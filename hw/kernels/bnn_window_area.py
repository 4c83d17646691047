# SPDX-License-Identifier: Apache-2.0
"""LUT sites and block RAMs of a bnn_window, without synthesis.

The memory is counted; control is a fit to what yosys gives for 18 layers of 35 to 81 sites, which
it meets within 6 sites.
"""

from __future__ import annotations

from collections.abc import Mapping

from hw.kernels.axis_area import lut_ram, ram_bram36
from hw.kernels.bnn_window_ref import out_size

#: sites: a unit, a bit of its two addresses and two counts, a loop, one of more than eight steps
UNIT, BIT, LOOP, LONG_LOOP = 7.9, 1.37, 1.28, 4.72


def control_lut(p: Mapping[str, int]) -> float:
    """LUT sites of all but the line buffer.

    Args:
        p: parameters of bnn_window by name, DEPTH among them.
    """
    fold, groups = p["C"] // p["SIMD"], p.get("GROUPS", 1)
    address = max(1, (p["DEPTH"] - 1).bit_length())
    count = max(address, (p.get("STRIDE_R", 1) * p["COLS"] * fold - 1).bit_length())
    inner = (fold // groups, p.get("PASSES", 1), groups)
    loops = sum(n > 1 for n in (*inner, p["KR"], p["KC"]))
    long_loops = sum(n > 8 for n in (*inner, *out_size(p)))
    return UNIT + BIT * 2 * (address + count) + LOOP * loops + LONG_LOOP * long_loops


def window_area(p: Mapping[str, int]) -> tuple[float, float]:
    """LUT sites and BRAM36 of a bnn_window.

    Args:
        p: its parameters by name, DEPTH among them.
    """
    width, control = p["SIMD"] * p["IN_W"], control_lut(p)
    if p.get("RAM_BLOCK"):
        return control, ram_bram36(width, p["DEPTH"])
    return control + lut_ram(width, p["DEPTH"]), 0.0
