# SPDX-License-Identifier: Apache-2.0
"""How bnn_heap adds up, level by level, and how many registers a bnn_mvu wants in it."""

from __future__ import annotations

from functools import cache

FROM_THR_SIMD = 7  # columns per clk up to which an accumulator starts from minus the threshold
KEPT_THRESHOLDS = 8  # words of thresholds that live in the comparing LUTs
MAX_LEVELS = 6  # LUT levels between two registers
_ADDER_LEVELS = 3  # of bnn_add3: majority, sum, carry


def heap_levels(ones: int, twos: int, rows: int) -> list[tuple[int, int, int]]:
    """What bnn_heap is made of, level by level.

    Args:
        ones: bits of weight one.
        twos: bits of weight two.
        rows: numbers that may be left, 1 to 3.

    Returns:
        For every level its bnn_count7, its bnn_count3 and the bits that leave it.
    """
    columns = (ones + 2 * twos).bit_length()
    heights = [ones, twos, *[0] * columns]
    levels = []
    while max(heights[:columns]) > rows:
        below = [0] * (columns + 2)
        sevens_here = threes_here = 0
        for c, n in enumerate(heights[:columns]):
            sevens = n // 7 + (n % 7 >= 5)
            threes = int(rows < n < 5)
            waiting = 0 if n % 7 >= 5 else n % 7 - (2 if n == 2 else 3) * threes
            for at, bits in enumerate((sevens + threes + waiting, sevens + threes, sevens)):
                below[c + at] += bits
            sevens_here, threes_here = sevens_here + sevens, threes_here + threes
        heights = below
        levels.append((sevens_here, threes_here, sum(heights[:columns])))
    return levels


def heap_bits(mw: int, mh: int, simd: int, pe: int, block: bool) -> tuple[int, int]:
    """Bits of weight one and two with which a row of a folded bnn_mvu starts to add.

    Args:
        mw: matrix width.
        mh: matrix height.
        simd: columns per clk.
        pe: rows per clk.
        block: weights in block RAM.
    """
    words = mw * mh // (simd * pe)
    if words > 16 or block:
        return -(-(simd // 2) // 4) + simd % 2, simd // 2  # bnn_match
    return (-(-simd // 3), (simd + 1) // 3) if words <= 4 else (simd, 0)  # bnn_match_rom


def heap_rows(mw: int, mh: int, simd: int, pe: int, raw: bool) -> int:
    """Numbers that a heap of a folded bnn_mvu leaves for the adder behind it.

    Args:
        mw: matrix width.
        mh: matrix height.
        simd: columns per clk.
        pe: rows per clk.
        raw: match counts leave the unit.

    Returns:
        3 where there is no accumulator, else 2; 1 where the accumulator starts from minus the
        threshold instead of being compared with it.
    """
    if simd == mw:
        return 3
    return 1 if not raw and simd <= FROM_THR_SIMD and mh // pe > KEPT_THRESHOLDS else 2


def front_levels(mw: int, mh: int, simd: int, pe: int, block: bool) -> int:
    """LUT levels between the weights of a folded bnn_mvu and its heap.

    Args:
        mw: matrix width.
        mh: matrix height.
        simd: columns per clk.
        pe: rows per clk.
        block: weights in block RAM.
    """
    if mw * mh // (simd * pe) <= 16 and not block:
        return 1  # bnn_match_rom
    return min(4, max(1, simd // 2))  # a chain of bnn_match


def _deepest(front: int, levels: list[tuple[int, int, int]], registers: int) -> int:
    """LUT levels of the longest path of a heap with so many registers.

    Args:
        front: LUT levels before the heap.
        levels: see heap_levels().
        registers: PIPE.
    """
    depths = [2 if sevens else 1 for sevens, _, _ in levels]  # a carry chain is a level
    if registers == 0:
        return front + sum(depths) + _ADDER_LEVELS
    return max(front + sum(depths[:1]), sum(depths[registers:]) + _ADDER_LEVELS)


@cache
def pipe(mw: int, mh: int, simd: int, pe: int, raw: bool, block: bool) -> int:
    """PIPE that bnn_mvu is smallest with: a register behind every level that has a bnn_count7.

    More where more than MAX_LEVELS LUT levels would lie between two registers.

    Args:
        mw: matrix width.
        mh: matrix height.
        simd: columns per clk.
        pe: rows per clk.
        raw: match counts leave the unit.
        block: weights in block RAM.
    """
    words = mw * mh // (simd * pe)
    if words == 1:
        front = 1
        # bnn_unrolled: all inputs, and in a row any number up to half of them
        rows = range(0 if raw else mw // 2)
        heaps = [heap_levels(mw, 0, 3), *(heap_levels(1 + n, 0, 2) for n in rows)]
    else:
        ones, twos = heap_bits(mw, mh, simd, pe, block)
        front = front_levels(mw, mh, simd, pe, block)
        heaps = [heap_levels(ones, twos, heap_rows(mw, mh, simd, pe, raw))]
    registers = max(sum(1 for sevens, _, _ in levels if sevens) for levels in heaps)
    while any(_deepest(front, levels, registers) > MAX_LEVELS for levels in heaps):
        registers += 1
    return registers
