# SPDX-License-Identifier: Apache-2.0
"""The specifications against formulas written another way, and the memory files read back."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.kernels import (
    bnn_binarize_ref,
    bnn_heap_ref,
    bnn_imvu_ref,
    bnn_lookup_ref,
    bnn_mvu_ref,
    bnn_requant_ref,
    bnn_window_ref,
    bnn_window_wide_ref,
)
from hw.kernels.bnn_argmax_ref import argmax
from hw.kernels.bnn_requant_ref import requant

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 200), st.integers(1, 9), st.integers(1, 7))
def test_match_count_is_the_dot_product(seed: int, mw: int, mh: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, (n, mw), dtype=np.uint8)
    w = rng.integers(0, 2, (mh, mw), dtype=np.uint8)
    dot = (2 * x.astype(int) - 1) @ (2 * w.astype(int) - 1).T
    assert (2 * bnn_mvu_ref.match_count(x, w) - mw == dot).all()


def test_match_count_over_several_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bnn_mvu_ref, "_CHUNK_WORDS", 6)
    rng = np.random.default_rng(1)
    x, w = rng.integers(0, 2, (10, 130)), rng.integers(0, 2, (3, 130))
    want = [[sum(int(a == b) for a, b in zip(i, j, strict=True)) for j in w] for i in x]
    assert bnn_mvu_ref.match_count(x, w).tolist() == want


def test_match_count_of_blocks() -> None:
    rng = np.random.default_rng(2)
    x, w = rng.integers(0, 2, (7, 3 * 20)), rng.integers(0, 2, (6, 20))
    whole = np.full((6, 60), -1)  # neither 0 nor 1: what a block does not see never matches
    for row in range(6):
        whole[row, row // 2 * 20 : row // 2 * 20 + 20] = w[row]
    want = (x[:, None, :] == whole).sum(axis=2)
    assert (bnn_mvu_ref.match_count(x, w, groups=3) == want).all()
    with pytest.raises(ValueError, match="divide"):
        bnn_mvu_ref.match_count(np.zeros((1, 16)), np.zeros((3, 8)), groups=2)


def test_pack_bits_puts_element_0_in_bit_0() -> None:
    x = np.zeros((1, 70), np.uint8)
    x[0, [0, 63, 65]] = 1
    assert bnn_mvu_ref.pack_bits(x).tolist() == [[1 | 1 << 63, 2]]


def test_a_vector_has_word_0_lowest() -> None:
    assert bnn_mvu_ref.vector(["1", "2"], 4) == "8'h21"
    words = bnn_mvu_ref.weight_words(np.eye(4, dtype=int), 2, 2)
    assert bnn_mvu_ref.vector(words, 4) == "16'h9009"


@given(st.integers(1, 400), st.integers(0, 400), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_heap_levels_only_ever_take_bits_away(ones: int, twos: int, rows: int) -> None:
    before = ones + twos
    for sevens, threes, left in bnn_heap_ref.heap_levels(ones, twos, rows):
        assert sevens or threes
        assert left <= before  # a half adder keeps two bits
        before = left
    assert before <= rows * (ones + 2 * twos).bit_length()


@pytest.mark.parametrize("block", [False, True])
@pytest.mark.parametrize(
    "shape", [(64, 64, 8, 8), (784, 64, 112, 32), (64, 10, 4, 2), (9, 6, 9, 2)]
)
def test_pipe_keeps_the_logic_shallow(shape: tuple[int, int, int, int], block: bool) -> None:
    registers = bnn_heap_ref.pipe(*shape, False, block)
    ones, twos = bnn_heap_ref.heap_bits(*shape, block)
    levels = bnn_heap_ref.heap_levels(ones, twos, bnn_heap_ref.heap_rows(*shape, False))
    front = bnn_heap_ref.front_levels(*shape, block)
    assert not any(sevens for sevens, _, _ in levels[registers:])
    assert bnn_heap_ref._deepest(front, levels, registers) <= bnn_heap_ref.MAX_LEVELS


def test_widths_must_agree() -> None:
    with pytest.raises(ValueError, match="MW"):
        bnn_mvu_ref.match_count(np.zeros((1, 8)), np.zeros((1, 9)))


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(1, 5), st.integers(1, 5), st.integers(1, 5), st.integers(1, 5))
def test_weight_words_hold_every_weight(seed: int, fr: int, fc: int, pe: int, simd: int) -> None:
    w = np.random.default_rng(seed).integers(0, 2, (fr * pe, fc * simd))
    words = bnn_mvu_ref.weight_words(w, pe, simd)
    assert len(words) == fr * fc
    for row in range(fr * pe):
        for col in range(fc * simd):
            word = int(words[row // pe * fc + col // simd], 16)
            assert word >> (row % pe * simd + col % simd) & 1 == w[row, col]


def test_constant_rows_are_exact() -> None:
    counts = np.arange(6)[:, None] * np.ones(2, int)
    assert bnn_mvu_ref.threshold_bits(counts, [0, 0], [0, 1]).tolist() == [[1, 0]] * 6


def test_threshold_words_and_their_limits() -> None:
    assert bnn_mvu_ref.threshold_words([5, 3], [1, 0], 2, 3) == [f"{0b0011_1101:02x}"]
    with pytest.raises(ValueError, match="sense=1"):
        bnn_mvu_ref.threshold_words([8], [0], 1, 3)
    with pytest.raises(ValueError, match="PE=2"):
        bnn_mvu_ref.threshold_words([1], [0], 2, 3)


def test_binarize_reaches_both_constants() -> None:
    x = np.arange(256)[:, None]
    assert bnn_binarize_ref.binarize(x, [0], [0]).all()
    assert not bnn_binarize_ref.binarize(x, [256], [0]).any()
    assert bnn_binarize_ref.threshold_words([256, 1], [0, 1], 2) == [f"{0x201 << 10 | 0x100:05x}"]
    with pytest.raises(ValueError, match="256"):
        bnn_binarize_ref.threshold_words([257], [0], 1)


def test_requant_and_its_words() -> None:
    assert requant([[3, 4]], [-2, 5], [1, -7], 0, -9, 13).tolist() == [[-5, 13]]
    assert requant([[3, 4]], [-2, 5], [1, -7], 1, -2, 5).tolist() == [[-2, 5]]
    assert bnn_requant_ref.param_words([-1, 2], [3, -4], 1, 4, 4) == ["3f", "c2"]
    assert [bnn_requant_ref.signed_bits([v]) for v in (-5, -4, -1, 0, 1, 3, 4)] == [
        4, 3, 1, 1, 2, 3, 4,
    ]  # fmt: skip
    with pytest.raises(ValueError, match="A"):
        bnn_requant_ref.param_words([8], [0], 1, 4, 4)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 40), st.sampled_from([1, 4, 8, 16, 30]), st.booleans())
def test_integer_dot_is_exact(seed: int, mw: int, bits: int, signed: bool) -> None:
    rng = np.random.default_rng(seed)
    low = -(1 << (bits - 1)) if signed else 0
    x = rng.integers(low, low + (1 << bits), (5, mw))
    w = rng.integers(-(1 << bits) // 2, (1 << bits) // 2, (3, mw))
    want = [[sum(int(a) * int(b) for a, b in zip(i, j, strict=True)) for j in w] for i in x]
    assert bnn_imvu_ref.integer_dot(x, w).tolist() == want
    signs = w >= 0
    want = [[sum(int(a if b else ~a) for a, b in zip(i, j, strict=True)) for j in signs] for i in x]
    assert bnn_imvu_ref.integer_dot(x, signs, bits=True).tolist() == want


def test_integer_dot_over_several_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bnn_imvu_ref, "_CHUNK_BYTES", 200)
    x, w = np.arange(99, dtype=np.uint8).reshape(11, 9), np.full((2, 9), -128, np.int8)
    assert (bnn_imvu_ref.integer_dot(x, w) == x.astype(int) @ w.T.astype(int)).all()
    with pytest.raises(ValueError, match="MW"):
        bnn_imvu_ref.integer_dot(x, w[:, 1:])


def test_sum_bits_is_the_narrowest() -> None:
    assert bnn_imvu_ref.sum_bits(np.ones((1, 27)), 8, False, bits=True) == 14  # 6885
    assert bnn_imvu_ref.sum_bits(np.zeros((1, 27)), 8, False, bits=True) == 14  # -6912
    assert bnn_imvu_ref.sum_bits([[1, 0]], 8, False, bits=True) == 9  # -256 .. 254
    assert bnn_imvu_ref.sum_bits([[1, 1, 0]], 8, False, bits=True) == 10  # -256 .. 509
    assert bnn_imvu_ref.sum_bits([[-128, 127]], 8, False) == 16
    assert bnn_imvu_ref.sum_bits([[-128, -128]], 8, True) == 17  # 32768
    assert bnn_imvu_ref.sum_bits([[-1, 0]], 2, True) == 3  # 2


def test_integer_weight_words() -> None:
    words = bnn_imvu_ref.weight_words([[-1, 2], [3, -4]], pe=2, simd=1, weight_bits=4)
    assert words == ["3f", "c2"]
    assert bnn_imvu_ref.weight_words([[1, 0], [1, 1]], 2, 2, 1) == ["d"]
    with pytest.raises(ValueError, match="fit 1 bits"):
        bnn_imvu_ref.weight_words([[-1]], 1, 1, 1)
    with pytest.raises(ValueError, match="PE=2"):
        bnn_imvu_ref.weight_words([[1]], 2, 1, 1)


def test_lookup_layout() -> None:
    table = np.array([[10, 11], [20, 21], [30, 31], [40, -1]])
    assert bnn_lookup_ref.lookup([[0, 1, 0, 1]], table).tolist() == [[10, 21, 30, -1]]
    words = [int(word, 16) for word in bnn_lookup_ref.table_words(table, pe=2, out_w=8)]
    assert words == [0x140A, 0x150B, 0x281E, 0xFF1F]


@given(st.lists(st.lists(st.integers(-3, 3), min_size=5, max_size=5), min_size=1))
def test_argmax_prefers_the_first(scores: list[list[int]]) -> None:
    want = [min(i for i, v in enumerate(row) if v == max(row)) for row in scores]
    assert argmax(scores).tolist() == want


WIDE = {"ROWS": 6, "COLS": 8, "C": 2, "KR": 3, "KC": 3, "SIMD": 6, "PAD_T": 1, "PAD_L": 1}
WIDE |= {"PAD_B": 1, "PAD_R": 1, "PAD_VALUE": 7}
WIDES = [
    {**WIDE, "PASSES": 2},
    {**WIDE, "SIMD": 18, "M": 2, "PIX": 2},
    {**WIDE, "STRIDE_R": 2, "STRIDE_C": 2, "M": 2, "PIX": 4},
    {**WIDE, "KR": 2, "SIMD": 2, "STRIDE_C": 3, "PAD_L": 0, "PAD_B": 0},
]


@pytest.mark.parametrize("p", WIDES)
def test_wide_windows_tap_by_tap(p: dict[str, int]) -> None:
    x = np.random.default_rng(1).integers(0, 7, (2, p["ROWS"], p["COLS"], p["C"]))
    m, per_beat = p.get("M", 1), p["SIMD"] // p["C"]
    oh, ow = bnn_window_ref.out_size(p)

    def tap(n: int, oy: int, ox: int, number: int) -> list[int]:
        row = oy * p.get("STRIDE_R", 1) - p["PAD_T"] + number // p["KC"]
        col = ox * p.get("STRIDE_C", 1) - p["PAD_L"] + number % p["KC"]
        inside = 0 <= row < p["ROWS"] and 0 <= col < p["COLS"]
        return [int(v) for v in x[n, row, col]] if inside else [p["PAD_VALUE"]] * p["C"]

    want = [
        v
        for n, oy, ox in itertools.product(range(2), range(oh), range(0, ow, m))
        for first in [*range(0, p["KR"] * p["KC"], per_beat)] * p.get("PASSES", 1)
        for i, t in itertools.product(range(m), range(per_beat))
        for v in tap(n, oy, ox + i, first + t)
    ]
    assert bnn_window_wide_ref.fits(p)
    assert bnn_window_wide_ref.wide(x, p).ravel().tolist() == want


@pytest.mark.parametrize("p", WIDES)
def test_wide_windows_wait_for_their_last_pixel(p: dict[str, int]) -> None:
    need, emit, lag = bnn_window_wide_ref.scan(p)
    words, sent = bnn_window_wide_ref.beats(p)
    assert (need[0], need[-1], emit.sum()) == (lag + 1, words + lag, sent)
    assert len(need) == bnn_window_wide_ref.interval(p) >= words
    m, pix = p.get("M", 1), p.get("PIX", 1)
    last = bnn_window_ref.needs({**p, "SIMD": p["C"]}).reshape(-1, m).max(axis=1)  # in pixels
    waits = np.minimum(need[emit].reshape(len(last), -1)[:, 0], words) * pix
    assert (waits >= last).all()
    assert (waits - last < pix).any()  # no later than it must


def test_wide_windows_that_cannot_be_built() -> None:
    changes = "SIMD=3 SIMD=8 GROUPS=2 M=2 PIX=2 PIX=16 PAD_T=3 PAD_R=8 PAD_B=8 ROWS=1 KR=9"
    for name, value in (change.split("=") for change in changes.split()):
        assert not bnn_window_wide_ref.fits({**WIDE, name: int(value)}), (name, value)
