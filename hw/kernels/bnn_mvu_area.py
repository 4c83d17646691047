# SPDX-License-Identifier: Apache-2.0
"""LUT sites and block RAMs of a bnn_mvu made of 7-series cells (PRIM = 1), without synthesis.

Everything that grows with PE and SIMD is counted, by the same rules as the RTL builds it; what is
left to yosys (counters, handshake) is fitted. `python -m hw.bench.measure` compares it with
synthesis on the configurations of the catalogue and on others that the fit has not seen.
"""

from __future__ import annotations

from math import ceil, log2

from hw.kernels.bnn_heap_ref import heap_bits, heap_levels, heap_rows, pipe

#: sites of control: a unit, a bit of its counters of columns and of rows of thresholds. Fitted to
#: the groups "unit" and "layer" of hw/bench/configs.py.
UNIT, COLUMN_BIT, ROW_BIT = 28.0, 13.3, 1.5
#: the same of a unit without replay buffer: its counters of columns go with it
FIFO_UNIT, FIFO_COLUMN_BIT = 22.0, 1.2
#: words of weights up to which LUTs are considered
LUT_WORDS = 256


def rom_bram36(width: int, depth: int) -> float:
    """Block RAMs (RAMB18 counts half) of a ROM of `depth` words of `width` bits."""
    shapes = ((512, 72, 1), (512, 36, 0.5), (1024, 18, 0.5), (1024, 36, 1), (2048, 18, 1))
    deeper = ((4096, 9, 1), (8192, 4, 1), (16384, 2, 1), (32768, 1, 1))
    return min(ceil(width / w) * ceil(depth / d) * cost for d, w, cost in (*shapes, *deeper))


def rom_lut(width: int, depth: int) -> int:
    """LUT sites of a ROM in LUTs (bnn_rom_lut); a site a bit joins four blocks of 256 words."""
    if depth <= 32:
        return ceil(width / 2)
    return width * (ceil(depth / 64) + ceil((ceil(depth / 256) - 1) / 3))


def heap_lut(ones: int, twos: int, rows: int, registers: int) -> int:
    """LUT sites of a bnn_heap: two for a 7:3 counter in front of a register, three elsewhere."""
    levels = heap_levels(ones, twos, rows)
    return sum(
        sevens * (2 if i < registers else 3) + threes
        for i, (sevens, threes, _) in enumerate(levels)
    )


def _threshold_lut(rows_per_clk: int, acc_w: int, words: int) -> int:
    """LUT sites of a bnn_threshold whose rows are never inverted."""
    if words == 1:
        return rows_per_clk * ceil(acc_w / 5)
    compare = rows_per_clk * ceil(acc_w / 2)
    if words <= 8:
        return compare
    return compare + rom_lut(rows_per_clk * acc_w, words)


def input_lut(width: int, words: int, replay: bool) -> float:
    """LUT sites of a bnn_replay, its control and the counters of the unit behind it.

    Args:
        width: bits of a word.
        words: words of a vector.
        replay: vectors are kept, in a LUT RAM of RAM32M or RAM64M; else a FIFO's multiplexer,
            two bits a site.
    """
    column_bits = ceil(log2(words))
    if not replay:
        return FIFO_UNIT + FIFO_COLUMN_BIT * column_bits + ceil(width / 2)
    bits = 6 if 2 * words <= 32 else 3
    return UNIT + COLUMN_BIT * column_bits + 4 * ceil(width / bits) * ceil(2 * words / 64)


def mvu_lut(
    mw: int, mh: int, simd: int, pe: int, raw: bool, block: bool, replay: bool = True
) -> float:
    """LUT sites of a bnn_mvu.

    Args:
        mw: matrix width.
        mh: matrix height.
        simd: columns per clk.
        pe: rows per clk.
        raw: match counts leave the unit.
        block: weights in block RAM.
        replay: a vector comes once and is kept: REPLAY = 1 and pe * GROUPS < mh.
    """
    words, acc_w = mw * mh // (simd * pe), mw.bit_length()
    registers = pipe(mw, mh, simd, pe, raw, block)
    if pe == mh:  # a FIFO, of a unit that the fit has seen with all others
        control = UNIT + ceil(simd / 2) + COLUMN_BIT * ceil(log2(mw // simd))
    else:
        control = input_lut(simd, mw // simd, replay)
    control += 0 if raw else ROW_BIT * ceil(log2(mh // pe))
    if words == 1:
        counted = heap_lut(mw, 0, 3, registers)
        if raw:
            return control + mw + mh * (counted + acc_w)
        half = max(1, round(mw / 2 - 0.4 * mw**0.5))  # the fewer of ones and zeros, on average
        each = heap_lut(half, 0, 2, registers) + (acc_w + 1) + ceil((acc_w + 1) / 2)
        return control + counted + 2 * acc_w + mh * each
    ones, twos = heap_bits(mw, mh, simd, pe, block)
    left = heap_rows(mw, mh, simd, pe, raw)
    row = heap_lut(ones, twos, left, registers) + acc_w
    if words <= 16 and not block:
        lanes = pe * ceil(simd / 3) if words <= 4 else ceil(pe / 2) * simd
    else:
        lanes = pe * (simd // 2 + simd % 2) + (0 if block else rom_lut(pe * simd, words))
    thresholds = 0 if raw else _threshold_lut(pe, acc_w, mh // pe)
    if left == 1:  # minus the threshold, a bit wider, is where the accumulator starts
        thresholds = rom_lut(pe * (acc_w + 1), mh // pe) + pe
    return control + lanes + pe * row + thresholds


def mvu_area(
    mw: int,
    mh: int,
    simd: int,
    pe: int,
    raw: bool,
    bram_price: float,
    replay: bool = True,
) -> tuple[float, float, bool]:
    """The cheaper of weights in LUTs and in block RAM.

    Args:
        mw: matrix width.
        mh: matrix height.
        simd: columns per clk.
        pe: rows per clk.
        raw: match counts leave the unit.
        bram_price: LUT sites that a BRAM36 is worth.
        replay: see mvu_lut().

    Returns:
        LUT sites, BRAM36, and whether the weights are in block RAM.
    """
    lanes, words = pe * simd, mw * mh // (simd * pe)
    brams = rom_bram36(lanes, words)
    in_block = mvu_lut(mw, mh, simd, pe, raw, True, replay) if words > 1 else 0.0
    in_luts = mvu_lut(mw, mh, simd, pe, raw, False, replay) if words <= LUT_WORDS else float("inf")
    if words == 1 or in_luts <= in_block + bram_price * brams:
        return in_luts, 0.0, False
    return in_block, brams, True
