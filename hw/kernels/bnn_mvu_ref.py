# SPDX-License-Identifier: Apache-2.0
"""Specification of bnn_mvu in NumPy, fast enough for whole test sets, and its memory files.

A bit 1 stands for +1 and a bit 0 for -1. Vectors are packed 64 bits to a word, so that a match
count is one XOR and one bitwise_count per word.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_CHUNK_WORDS = 1 << 16  # words of x per chunk: temporary arrays stay in the cache


def pack_bits(x: ArrayLike) -> NDArray[np.uint64]:
    """Pack bit vectors into 64-bit words, element 0 in bit 0 of word 0, zeros beyond the end.

    Args:
        x: bits, shape (N, MW), values 0 or 1.

    Returns:
        Words, shape (N, ceil(MW / 64)).
    """
    bits = np.ascontiguousarray(x, np.uint8)
    packed = np.packbits(bits, axis=1, bitorder="little")
    n_bytes = -(-bits.shape[1] // 64) * 8
    words = np.zeros((bits.shape[0], n_bytes), np.uint8)
    words[:, : packed.shape[1]] = packed
    return words.view("<u8").astype(np.uint64, copy=False)


def match_count(x_bits: ArrayLike, w_bits: ArrayLike, groups: int = 1) -> NDArray[np.int32]:
    """Count the columns in which an input and a weight row are equal.

    Args:
        x_bits: input bits, shape (N, groups * MW).
        w_bits: weight bits, shape (MH, MW): of a block diagonal matrix, the blocks' rows.
        groups: blocks of the matrix: block g has MH / groups rows and sees vector g of x.

    Returns:
        Matches, shape (N, MH), 0 .. MW. The signed dot product is 2 * matches - MW.

    Raises:
        ValueError: the widths differ: pass x that is groups times as wide as w; or groups does
            not divide MH.
    """
    x, w = np.asarray(x_bits, np.uint8), np.asarray(w_bits, np.uint8)
    if x.ndim != 2 or w.ndim != 2 or x.shape[1] != groups * w.shape[1]:
        raise ValueError(f"want x (N, {groups} * MW) and w (MH, MW), got {x.shape} and {w.shape}")
    if len(w) % groups:
        raise ValueError(f"groups={groups} must divide MH={len(w)}")
    rows, mw = len(w) // groups, w.shape[1]
    matches = np.empty((len(x), len(w)), np.int32)
    for g in range(groups):
        block = slice(g * rows, (g + 1) * rows)
        _count_matches(x[:, g * mw : (g + 1) * mw], w[block], matches[:, block])
    return matches


def _count_matches(x: NDArray[np.uint8], w: NDArray[np.uint8], matches: NDArray[np.int32]) -> None:
    w_words = pack_bits(w)
    sum_type = np.uint16 if x.shape[1] < 1 << 16 else np.int32
    step = max(1, _CHUNK_WORDS // max(1, w_words.shape[1]))
    for start in range(0, len(x), step):
        words = pack_bits(x[start : start + step]).T.copy()
        xored, ones = np.empty_like(words), np.empty(words.shape, np.uint8)
        differ = np.empty((len(w), words.shape[1]), sum_type)
        for row, word in enumerate(w_words):
            np.bitwise_xor(words, word[:, None], out=xored)
            np.bitwise_count(xored, out=ones)
            np.add.reduce(ones, axis=0, dtype=sum_type, out=differ[row])
        np.subtract(x.shape[1], differ.T, out=matches[start : start + step], dtype=np.int32)


def threshold_bits(counts: ArrayLike, thr: ArrayLike, sense: ArrayLike) -> NDArray[np.uint8]:
    """Compare match counts with one threshold per row: (count >= thr) ^ sense.

    Args:
        counts: matches, shape (N, MH).
        thr: thresholds, shape (MH,). 0 makes the comparison true for every input.
        sense: 1 inverts the result of a row, shape (MH,).

    Returns:
        Bits, shape (N, MH).
    """
    reached: NDArray[np.bool_] = np.asarray(counts) >= np.asarray(thr)[None, :]
    inverted: NDArray[np.bool_] = np.asarray(sense) != 0
    return np.bitwise_xor(reached, inverted[None, :]).astype(np.uint8)


def vector(words: list[str], bits: int) -> str:
    """A SystemVerilog literal out of memory words: word 0 lowest.

    Args:
        words: hexadecimal words, as weight_words() and threshold_words() make them.
        bits: width of a word.
    """
    value = "".join(f"{int(word, 16):0{bits}b}" for word in reversed(words))
    return f"{len(value)}'h{int(value, 2):x}"


def hex_word(bits: NDArray[np.uint8]) -> str:
    """Write bits, element 0 lowest, as one $readmemh word.

    Args:
        bits: shape (n,).

    Returns:
        Hexadecimal digits, as many as n bits need.
    """
    value = int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")
    return f"{value:0{-(-len(bits) // 4)}x}"


def weight_words(w_bits: ArrayLike, pe: int, simd: int) -> list[str]:
    """Words of the weights: word fold_r * FOLD_C + fold_c holds w[pe][simd], simd fastest.

    Args:
        w_bits: weight bits, shape (MH, MW).
        pe: rows per clk, divides MH.
        simd: columns per clk, divides MW.

    Returns:
        MH / pe * MW / simd hexadecimal words of pe * simd bits.

    Raises:
        ValueError: pe or simd does not divide: choose one that does.
    """
    w = np.asarray(w_bits, np.uint8)
    mh, mw = w.shape
    if mh % pe or mw % simd:
        raise ValueError(f"PE={pe} must divide MH={mh} and SIMD={simd} must divide MW={mw}")
    folded = w.reshape(mh // pe, pe, mw // simd, simd).transpose(0, 2, 1, 3)
    return [hex_word(word) for word in folded.reshape(-1, pe * simd)]


def field_words(fields: list[int], field_bits: int, pe: int) -> list[str]:
    """Pack integers into hexadecimal words of pe fields each, the first one lowest.

    Args:
        fields: values, each below 2 ** field_bits, length a multiple of pe.
        field_bits: width of a field.
        pe: fields per word.

    Returns:
        len(fields) / pe hexadecimal words of pe * field_bits bits.

    Raises:
        ValueError: a value does not fit, or pe does not divide their number.
    """
    if len(fields) % pe:
        raise ValueError(f"PE={pe} must divide the number of fields, {len(fields)}")
    if any(not 0 <= value < 1 << field_bits for value in fields):
        raise ValueError(f"a field does not fit {field_bits} bits: {min(fields)}..{max(fields)}")
    digits = -(-pe * field_bits // 4)
    words = []
    for start in range(0, len(fields), pe):
        group = fields[start : start + pe]
        word = sum(value << (i * field_bits) for i, value in enumerate(group))
        words.append(f"{word:0{digits}x}")
    return words


def threshold_words(thr: ArrayLike, sense: ArrayLike, pe: int, acc_w: int) -> list[str]:
    """Words of THRESHOLDS: per word pe fields {sense, thr}, row 0 lowest.

    Args:
        thr: thresholds, shape (MH,), 0 .. 2 ** acc_w - 1.
        sense: 0 or 1, shape (MH,).
        pe: rows per clk, divides MH.
        acc_w: bits of a match count: (MW).bit_length().

    Returns:
        MH / pe hexadecimal words of pe * (1 + acc_w) bits.

    Raises:
        ValueError: a threshold does not fit acc_w bits: write thr > MW as thr = 0, sense = 1.
    """
    values = [int(t) for t in np.asarray(thr)]
    if any(not 0 <= t < 1 << acc_w for t in values):
        raise ValueError(f"thresholds must be 0 .. {(1 << acc_w) - 1}: thr > MW is thr=0, sense=1")
    signs = [int(s) << acc_w for s in np.asarray(sense)]
    return field_words([t | s for t, s in zip(values, signs, strict=True)], acc_w + 1, pe)
