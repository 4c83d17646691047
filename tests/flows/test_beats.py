# SPDX-License-Identifier: Apache-2.0
"""Packing of integers into beats and back."""

from __future__ import annotations

import numpy as np
import pytest

from flows.beats import beats_to_scores, dense_lanes, lanes_to_beats
from flows.errors import CheckFailed
from sim.bench.drive import intervals


@pytest.mark.parametrize("width", [1, 5, 7, 8, 9, 17, 33, 63])
@pytest.mark.parametrize("pe", [1, 3, 10])
@pytest.mark.parametrize("signed", [False, True])
def test_round_trip(width: int, pe: int, signed: bool) -> None:
    rng = np.random.default_rng(width * 100 + pe)
    low, high = (-(1 << width - 1), 1 << width - 1) if signed else (0, 1 << width)
    x = rng.integers(low, high, (20, 30))
    x[0], x[1] = low, high - 1
    data = lanes_to_beats(x, pe, width)
    np.testing.assert_array_equal(beats_to_scores(data, pe, width, signed, 30), x)


def test_order_is_lane_0_lowest() -> None:
    assert lanes_to_beats([[1, 0, 3]], 3, 3) == bytes([0b11000001, 0b0])
    assert beats_to_scores(bytes([0x21]), 2, 4, False, 2).tolist() == [[1, 2]]


def test_lanes_past_the_last_value_are_padding() -> None:
    data = lanes_to_beats([[1, 2, 3, 9], [4, 5, 6, 9]], 2, 8)
    assert beats_to_scores(data, 2, 8, False, 3).tolist() == [[1, 2, 3], [4, 5, 6]]


def test_ragged_data_is_refused() -> None:
    with pytest.raises(CheckFailed, match="3 bytes are not whole frames of 2 beats of 1 bytes"):
        beats_to_scores(b"123", 1, 8, False, 2)


def test_interval_is_told_only_where_constant() -> None:
    steady = intervals(np.array([5, 20, 30, 40, 50], np.uint64))
    assert (steady["interval"], steady["warmup_frames"]) == (10, 1)
    uneven = intervals(np.array([0, 10, 20, 30, 41, 51], np.uint64))
    assert uneven["interval"] is None
    assert (uneven["interval_min"], uneven["interval_max"], uneven["interval_mode"]) == (10, 11, 10)


def test_frames_that_none_follows_may_be_earlier_but_not_later() -> None:
    ends = np.array([0, 10, 20, 30, 40, 50, 60, 70, 79], np.uint64)
    assert intervals(ends)["interval"] is None
    assert intervals(ends, 25)["interval"] == 10
    ends[-1] = 81
    assert intervals(ends, 25)["interval"] is None
    assert intervals(ends[:2], 25)["interval"] == 10


@pytest.mark.parametrize(
    ("n", "lanes", "wide"),
    [
        (784, 56, 56),
        (784, 112, 112),
        (784, 1, 8),
        (784, 49, 392),
        (784, 98, 392),
        (784, 28, 56),
        (2401, 49, 343),  # 7 beats of 43 bytes are as few as one of 301
        (17, 1, 17),  # 3 bytes, 7 bits of them unused: not 17 bytes
        (30, 5, 15),
        (8, 8, 8),
    ],
)
def test_dense_beats_waste_no_bit_where_they_can(n: int, lanes: int, wide: int) -> None:
    def frame_bytes(beat: int) -> int:
        return n // beat * -(-beat // 8)

    assert dense_lanes(n, lanes) == wide
    assert wide % lanes == 0 and n % wide == 0
    multiples = [lanes * k for k in range(1, n // lanes + 1) if n % (lanes * k) == 0]
    assert frame_bytes(wide) == min(map(frame_bytes, multiples)) == -(-n // 8)
