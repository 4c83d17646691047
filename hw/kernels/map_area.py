# SPDX-License-Identifier: Apache-2.0
"""LUT sites, DSPs and block RAMs of kernels on maps (PRIM = 1), without synthesis.

What grows with PE, widths and memories is counted, by the same rules as the RTL builds it; counters
and handshakes, left to yosys, are fitted to about ten configurations of each kernel.
"""

from __future__ import annotations

from math import ceil, log2
from typing import NamedTuple

from hw.kernels.bnn_mvu_area import rom_bram36, rom_lut

#: LUT sites that a BRAM36 is worth: a xc7z020 has 53,200 and 140
BRAM_PRICE = 380.0
#: fitted sites of control: of each kernel, and of a bit of its counters
REQUANT, POOL, ADD, COUNT = 2.0, 9.0, 9.0, 2.0
LEVELS, LOOKUP = 2.0, 5.0
#: fitted: a multiplication by a constant often leaves its sum outside the DSP
CONSTANT_LANE = 7.5


#: words of a bnn_levels' stage in LUTs at most: simulators take its table for a constant
DEEPEST = 4096


class Area(NamedTuple):
    """What a kernel takes: LUT sites, DSP48, BRAM36 (a RAMB18 is a half)."""

    lut: float
    dsp: int
    bram36: float


def _bits(n: int) -> int:
    """Bits of a counter of n."""
    return ceil(log2(n)) if n > 1 else 0


def fifo_lut(width: int) -> int:
    """LUT sites of the multiplexer of a bnn_replay with FOLD_R = 1."""
    return ceil(width / 2)


def clamp_lut(in_w: int, out_w: int, lo: int) -> int:
    """LUT sites of a bnn_clamp of one number: two comparisons, and two bits of y in a site."""
    if out_w <= 4 and in_w <= out_w + 4:
        return ceil(out_w / 2) + 1  # some of it goes into set and reset of the flip-flops
    above = ceil((in_w - out_w + 1) / 5)
    return ceil(out_w / 2) + above * (2 if lo else 1)


def ram_lut(width: int, depth: int) -> int:
    """LUT sites of a LUT RAM: six bits of 32 words in four, else a bit of 64 words in one."""
    if depth <= 32:
        return 4 * ceil(width / 6)
    return width * (1 << _bits(ceil(depth / 64)))


def _rom(width: int, depth: int) -> float:
    """LUT sites of a bnn_rom in LUTs."""
    if depth == 1:
        return 0.0
    return rom_lut(width, depth)


def requant_area(
    n: int,
    pe: int,
    in_w: int,
    coef_w: int,
    offs_w: int,
    shift: int,
    out_w: int,
    lo: int = 0,
    classes: int = 1,
    pixels: tuple[int, int] = (1, 1),
    uniform: bool = False,
    product: bool = True,
    block: bool = False,
    clamp: bool = True,
) -> Area:
    """Area of a bnn_requant.

    Args:
        n: channels per pixel.
        pe: channels per clk.
        in_w: bits of x, one more if unsigned.
        coef_w: bits of A.
        offs_w: bits of B.
        shift: bits dropped.
        out_w: bits of y.
        lo: smallest code.
        classes: words per channel.
        pixels: rows and columns of the map, where there are several classes.
        uniform: one A and B for all.
        product: A is not a power of two for all.
        block: parameters in block RAM.
        clamp: some x leads beyond the limits.
    """
    fold = n // pe
    sum_w = max(in_w + coef_w, offs_w) + 1
    limits = pe * clamp_lut(max(1, sum_w - shift), out_w, lo) if clamp else 0
    waits = out_w if clamp or not product else min(in_w, out_w)
    lut = REQUANT + fifo_lut(pe * waits) + limits
    if not product:
        return Area(lut + (pe * sum_w if offs_w > 1 else 0), 0, 0.0)
    if uniform:
        return Area(lut, pe, 0.0)
    lut += COUNT * _bits(fold)
    if classes > 1:
        lut += COUNT * (_bits(pixels[0]) + _bits(pixels[1]) + _bits(classes))
    if block:
        return Area(lut, pe, rom_bram36(pe * (coef_w + offs_w), fold * classes))
    lut += _rom(pe * coef_w, fold) + _rom(pe * offs_w, fold * classes)
    lut += pe * CONSTANT_LANE if fold == 1 else 0
    return Area(lut, pe, 0.0)


def _merge_lut(m: int, columns: int, in_w: int, out_w: int, total: bool) -> int:
    """LUT sites of a channel of a bnn_pool_merge: m pixels to one, or `columns` of them."""
    left = g = min(m, columns)
    if in_w == 1 and not total:
        return ceil(max(0, g - 4) / 2)  # fitted; four go into the LUT that compares rows
    lut, fan, merged = 0, 3 if total else 2, 1
    while left > 1:
        nodes, merged = left // fan + (left % fan > 1), min(g, merged * fan)
        width = min(out_w, in_w + _bits(merged)) if total else 2 * ceil(in_w / 2)
        left, lut = ceil(left / fan), lut + nodes * width
    return lut


def pool_area(
    cols: int,
    c: int,
    pe: int,
    kernel: tuple[int, int],
    in_w: int,
    out_w: int,
    total: bool = False,
    block: bool = False,
    rows: int = 1,
    m: int = 1,
) -> Area:
    """Area of a bnn_pool.

    Args:
        cols: columns of the map.
        c: channels per pixel.
        pe: channels per clk.
        kernel: rows and columns of a window.
        in_w: bits of x.
        out_w: bits of y.
        total: sums, not maxima.
        block: partial results in block RAM.
        rows: rows of the map.
        m: pixels per beat.
    """
    kr, kc = kernel
    out_m = max(1, m // kc)
    fold, lanes, across = c // pe, pe * out_m, cols // kc // out_m
    depth = (across if kr > 1 else 1) << _bits(fold)
    bits, alone = in_w == 1 and not total, kr == 1 and m % kc == 0  # the window is within a beat
    each = 1 if bits else 0 if alone else out_w if total else in_w + ceil(in_w / 2)
    each += _merge_lut(m, kc, in_w, out_w, total)
    counters = _bits(fold) + _bits(kr) + _bits(kc * out_m // m) + _bits(across)
    counters += _bits(rows // kr) if rows % kr else 0
    lut = POOL + COUNT * counters + fifo_lut(lanes * out_w) + lanes * each
    if block:
        return Area(lut, 0, rom_bram36(lanes * out_w, depth))
    return Area(lut + (ram_lut(lanes * out_w, depth) if depth > 1 else 0), 0, 0.0)


def add_area(pe: int, in0_w: int, in1_w: int, out_w: int, lo: int = 0) -> Area:
    """Area of a bnn_add.

    Args:
        pe: sums per clk.
        in0_w: bits of a.
        in1_w: bits of b.
        out_w: bits of the sum.
        lo: smallest sum.
    """
    wide = max(in0_w, in1_w)
    buffers = fifo_lut(pe * in0_w) + fifo_lut(pe * in1_w)
    return Area(ADD + buffers + pe * (wide + clamp_lut(wide + 2, out_w, lo)), 0, 0.0)


def first_block_stage(
    n: int, pe: int, thr_w: int, k: int, top: bool, classes: int, bram_price: float
) -> int:
    """The stage of a bnn_levels from which on memories are cheaper in block RAM: its BLOCK_FROM.

    Args:
        n: channels per pixel.
        pe: channels per clk.
        thr_w: bits of a threshold.
        k: stages.
        top: 2^k thresholds.
        classes: words per channel.
        bram_price: LUT sites that a BRAM36 is worth.
    """
    first = k
    for s in reversed(range(k)):
        depth, width = n // pe * classes << s, thr_w * (1 + (top if s == 0 else 0))
        in_luts = depth <= DEEPEST and _rom(width, depth) <= bram_price * rom_bram36(
            pe * width, depth
        )
        if in_luts:
            break
        first = s
    return first


def levels_area(
    n: int,
    pe: int,
    in_w: int,
    k: int,
    out_w: int,
    lo: int = 0,
    top: bool = False,
    beyond: bool = False,
    ways: bool = False,
    classes: int = 1,
    pixels: tuple[int, int] = (1, 1),
    block_from: int = 8,
) -> Area:
    """Area of a bnn_levels.

    Args:
        n: channels per pixel.
        pe: channels per clk.
        in_w: bits of x.
        k: stages.
        out_w: bits of y.
        lo: result where no threshold is reached.
        top: 2^k thresholds.
        beyond: thresholds of a bit more.
        ways: some channels rise and some fall.
        classes: words per channel.
        pixels: rows and columns of the map, where there are several classes.
        block_from: first stage in block RAM.
    """
    fold, thr_w = n // pe, in_w + beyond
    lut = LEVELS + COUNT * _bits(fold) + fifo_lut(pe * out_w)
    lut += pe * (k if lo % (1 << k) else 1 if lo else 0)
    lut += pe * (k + top) * ceil(thr_w / 2) + (_rom(pe, fold) if ways else 0.0)
    if classes > 1:
        lut += COUNT * (_bits(pixels[0]) + _bits(pixels[1]) + _bits(classes))
    bram36 = 0.0
    for s in range(k):
        depth, width = fold * classes << s, thr_w * (1 + (top if s == 0 else 0))
        if s >= block_from:  # yosys keeps the other lanes' fields
            bram36 += pe * rom_bram36(pe * width, depth)
        else:
            lut += pe * _rom(width, depth)
    return Area(lut, 0, bram36)


def lookup_area(n: int, pe: int, in_w: int, depth: int, out_w: int, block: bool) -> Area:
    """Area of a bnn_lookup.

    Args:
        n: channels per pixel.
        pe: channels per clk.
        in_w: bits of x.
        depth: entries per channel.
        out_w: bits of y.
        block: the tables in block RAM.
    """
    words = n // pe * depth
    lut = LOOKUP + (1 + pe) * (_bits(words) if pe < n else 0) + fifo_lut(pe * in_w)
    if block:
        return Area(lut, 0, pe * rom_bram36(pe * out_w, words))
    return Area(lut + pe * _rom(out_w, words), 0, 0.0)
