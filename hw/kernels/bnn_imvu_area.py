# SPDX-License-Identifier: Apache-2.0
"""LUT sites, block RAMs and DSPs of a bnn_imvu made of 7-series cells (PRIM = 1), unsynthesised.

Adders, multiplexers and memories are counted, by the same rules as the RTL builds them; counters
and handshake are bnn_mvu's, as fitted there.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, log2

from hw.kernels.bnn_mvu_area import LUT_WORDS, input_lut, rom_bram36, rom_lut

SHARED_PE = 8  # rows per clk from which the sums of three columns are made once for all
LARGE_BUFFER = 64  # LUT sites of a replay buffer beyond which yosys takes block RAM where it can


def _tree_lut(n: int, width: int, acc_w: int) -> int:
    """LUT sites of a bnn_imvu_sum of n numbers."""
    sites = acc_w
    while n > 2:
        width = min(width + 2, acc_w)
        sites += width * (n // 3 + (n % 3 == 2))
        n = ceil(n / 3)
    return sites


def _signs_lut(simd: int, pe: int, x_w: int, acc_w: int, block: bool) -> int:
    """LUT sites of rows whose weights are bits."""
    threes = simd // 3 if pe >= SHARED_PE else 0
    terms, term_w = simd - 2 * threes, x_w + 2 * (threes > 0)
    once = 4 * term_w * threes
    row = threes * (term_w - 1 + (3 if block else 0))
    if terms == 1:
        return once + pe * (row + acc_w)
    row += terms // 2 * (term_w + 1) + terms % 2 * ceil(term_w / 2)
    return once + pe * (row + _tree_lut(ceil(terms / 2), term_w + 1, acc_w))


def _in_dsp(p: Mapping[str, int]) -> bool:
    in_w, w_w = p.get("IN_W", 8), p.get("W_W", 1)
    return bool(p.get("DSP", 1)) and min(in_w, w_w) > 2 and in_w + w_w > 8


def _products_lut(p: Mapping[str, int], x_w: int, acc_w: int) -> int:
    """LUT sites of rows whose weights are integers."""
    simd, width = p["SIMD"], p.get("IN_W", 8) + p["W_W"]
    if _in_dsp(p):
        return p["PE"] * _tree_lut(simd, width, acc_w)
    digits = (p["W_W"] + 1) // 2
    each = sum(min(width - 2 * d, x_w + 2) for d in range(digits))
    return p["PE"] * (simd * each + _tree_lut(simd * digits, width, acc_w))


def imvu_lut(p: Mapping[str, int], block: bool) -> float:
    """LUT sites of a bnn_imvu.

    Args:
        p: its parameters; those with a default may be left out.
        block: weights in block RAM.
    """
    mw, mh, simd, pe = p["MW"], p["MH"], p["SIMD"], p["PE"]
    in_w, w_w = p.get("IN_W", 8), p.get("W_W", 1)
    x_w = in_w + (not p.get("IN_SIGNED", 0))
    full_w = ceil(log2(mw)) + (x_w if w_w == 1 else in_w + w_w)
    acc_w, words = min(p["OUT_W"], full_w), mw * mh // (simd * pe)
    replay = bool(p.get("REPLAY", 1)) and mh // p.get("GROUPS", 1) > pe
    lut = input_lut(simd * in_w, mw // simd, replay)
    if replay and buffer_bram36(p):
        lut += input_lut(0, mw // simd, True) - input_lut(simd * in_w, mw // simd, True)
    if not block and words > 1:
        lut += rom_lut(pe * simd * w_w, words)
    if w_w == 1:
        return lut + _signs_lut(simd, pe, x_w, acc_w, block)
    return lut + _products_lut(p, x_w, acc_w)


def buffer_bram36(p: Mapping[str, int]) -> float:
    """Block RAMs of the replay buffer, where it is large and a register is behind its read.

    Args:
        p: parameters of a bnn_imvu.
    """
    width, words = p["SIMD"] * p.get("IN_W", 8), p["MW"] // p["SIMD"]
    replay = bool(p.get("REPLAY", 1)) and p["MH"] // p.get("GROUPS", 1) > p["PE"]
    shared = p.get("W_W", 1) == 1 and p["PE"] >= SHARED_PE and p["SIMD"] >= 3
    in_luts = input_lut(width, words, True) - input_lut(0, words, True)
    return rom_bram36(width, 2 * words) if replay and not shared and in_luts > LARGE_BUFFER else 0.0


def imvu_area(p: Mapping[str, int], bram_price: float) -> tuple[float, float, int, bool]:
    """The cheaper of weights in LUTs and in block RAM.

    Args:
        p: parameters of a bnn_imvu; ROM_BLOCK is not read.
        bram_price: LUT sites that a BRAM36 is worth.

    Returns:
        LUT sites, BRAM36, DSP48, and whether the weights are in block RAM.
    """
    width = p["PE"] * p["SIMD"] * p.get("W_W", 1)
    words = p["MW"] * p["MH"] // (p["PE"] * p["SIMD"])
    brams, buffer = rom_bram36(width, words), buffer_bram36(p)
    dsp = p["PE"] * p["SIMD"] if _in_dsp(p) else 0
    in_luts = imvu_lut(p, False) if words <= LUT_WORDS else float("inf")
    in_block = imvu_lut(p, True) if words > 1 else float("inf")
    if in_luts <= in_block + bram_price * brams:
        return in_luts, buffer, dsp, False
    return in_block, buffer + brams, dsp, True
