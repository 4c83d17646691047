# SPDX-License-Identifier: Apache-2.0
"""LUT sites and block RAMs of memories, axis_fifo and axis_dwc, without synthesis.

Memories and multiplexers are counted, the handshake is fitted to what yosys gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

#: fitted: LUT sites of a bit that says which block of an axis_fifo's memory
BLOCK_BIT = 4.0


def _words(depth: int) -> int:
    """A depth rounded up to a power of two."""
    return 1 << (depth - 1).bit_length()


def _join(width: int, blocks: int) -> int:
    """LUT sites that choose the word of one of several memories."""
    return 0 if blocks == 1 else width if blocks <= 4 else ceil(0.42 * blocks * width)


def _in_luts(width: int, words: int) -> int:
    if words <= 32:
        return 4 * ceil(width / 6)
    blocks = ceil(words / 64)
    choose = _join(width, blocks) + (blocks if blocks > 1 else 0)
    return 4 * ceil(width / 3) * blocks + choose


def _in_brams(width: int, words: int) -> float:
    shapes = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))
    return 0.5 * min(ceil(width / w) * ceil(words / d) for d, w in shapes)


def lut_ram(width: int, depth: int) -> int:
    """LUT sites of an axis_fifo_ram in LUTs: RAM32M and RAM64M, and what joins several deep.

    Args:
        width: bits per word.
        depth: words; a power of two is what it takes.
    """
    return _in_luts(width, _words(depth))


def ram_bram36(width: int, depth: int) -> float:
    """Block RAMs (RAMB18 counts half) of an axis_fifo_ram: one port writes, one reads."""
    return _in_brams(width, _words(depth))


def fifo_blocks(width: int, depth: int, block: bool) -> tuple[int, int]:
    """The memory of an axis_fifo: blocks, 1 where it is a power of two, and words of each.

    Args:
        width: bits per word.
        depth: its parameter DEPTH, at least 3.
        block: in block RAM.
    """
    each = 1 << (9 if width > 18 else 10 if width > 9 else 11 if width > 4 else 12) if block else 64
    needed = ceil((depth - 1) / each)
    if needed & (needed - 1):
        return needed, each
    return 1, max(4, _words(depth - 1))


def fifo_area(p: Mapping[str, int]) -> tuple[float, float]:
    """LUT sites and BRAM36 of an axis_fifo.

    Args:
        p: its parameters by name: W, DEPTH, RAM_BLOCK.
    """
    width, depth, block = p["W"], p["DEPTH"], bool(p.get("RAM_BLOCK"))
    if depth <= 2:
        return ceil(width / 2) + 4.0, 0.0
    blocks, each = fifo_blocks(width, depth, block)
    control = 5.0 + 2.0 * (depth - 1).bit_length() + BLOCK_BIT * (blocks - 1).bit_length()
    if block:
        return control + _join(width, blocks), _in_brams(width, blocks * each)
    return control + _in_luts(width, blocks * each), 0.0


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
