# SPDX-License-Identifier: Apache-2.0
"""LUT sites and block RAMs of memories, axis_fifo and axis_dwc, without synthesis.

Memories and multiplexers are counted, the handshake is fitted to what yosys gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil


def lut_ram(width: int, depth: int) -> int:
    """LUT sites of an axis_fifo_ram in LUTs: RAM32M and RAM64M, and what joins several deep.

    Args:
        width: bits per word.
        depth: words; a power of two is what it takes.
    """
    words = 1 << (depth - 1).bit_length()
    if words <= 32:
        return 4 * ceil(width / 6)
    blocks = words // 64
    join = 0 if blocks == 1 else width if blocks <= 4 else ceil(0.42 * blocks * width)
    return 4 * ceil(width / 3) * blocks + join + (blocks if blocks > 1 else 0)


def ram_bram36(width: int, depth: int) -> float:
    """Block RAMs (RAMB18 counts half) of an axis_fifo_ram: one port writes, one reads."""
    words = 1 << (depth - 1).bit_length()
    shapes = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))
    return 0.5 * min(ceil(width / w) * ceil(words / d) for d, w in shapes)


def fifo_area(p: Mapping[str, int]) -> tuple[float, float]:
    """LUT sites and BRAM36 of an axis_fifo.

    Args:
        p: its parameters by name: W, DEPTH, RAM_BLOCK.
    """
    width, depth = p["W"], p["DEPTH"]
    if depth <= 2:
        return ceil(width / 2) + 4.0, 0.0
    control = 5.0 + 2.0 * (depth - 1).bit_length()
    if p.get("RAM_BLOCK"):
        return control, ram_bram36(width, depth)
    return control + lut_ram(width, depth), 0.0


def dwc_area(p: Mapping[str, int]) -> tuple[float, float]:
    """LUT sites and BRAM36 (none) of an axis_dwc.

    Args:
        p: its parameters by name: IN_LANES, OUT_LANES, W.
    """
    in_lanes, out_lanes = p["IN_LANES"], p["OUT_LANES"]
    if in_lanes == out_lanes:
        return 0.0, 0.0
    if in_lanes < out_lanes:
        return 5.0, 0.0
    ratio, bits = in_lanes // out_lanes, out_lanes * p["W"]
    each = ratio - 1 if ratio <= 3 else 3 if ratio <= 8 else ceil(0.37 * ratio)
    return bits * each + 5.0 + (ratio - 1).bit_length(), 0.0
