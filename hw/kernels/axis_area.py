# SPDX-License-Identifier: Apache-2.0
"""LUT sites and block RAMs of memories, axis_fifo and axis_dwc, without synthesis.

Memories and multiplexers are counted, the handshake is fitted to what yosys gives.
"""

from __future__ import annotations

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


def fifo_area(width: int, depth: int, bram_price: float) -> tuple[float, float, bool]:
    """The cheaper of an axis_fifo in LUT RAM and in block RAM.

    Args:
        width: W, bits per beat.
        depth: DEPTH, beats.
        bram_price: LUT sites that a BRAM36 is worth.

    Returns:
        LUT sites, BRAM36, and whether it is in block RAM.
    """
    if depth <= 2:
        return width + 4.0, 0.0, False
    control = 5.0 + 2.0 * (depth - 1).bit_length()
    in_luts, brams = control + lut_ram(width, depth), ram_bram36(width, depth)
    if in_luts <= control + bram_price * brams:
        return in_luts, 0.0, False
    return control, brams, True


def dwc_lut(in_lanes: int, out_lanes: int, width: int) -> float:
    """LUT sites of an axis_dwc.

    Args:
        in_lanes: IN_LANES.
        out_lanes: OUT_LANES.
        width: W, bits per lane.
    """
    if in_lanes == out_lanes:
        return 0.0
    if in_lanes < out_lanes:
        return 5.0
    ratio, bits = in_lanes // out_lanes, out_lanes * width
    each = ratio - 1 if ratio <= 3 else 3 if ratio <= 8 else ceil(0.37 * ratio)
    return bits * each + 5.0 + (ratio - 1).bit_length()
