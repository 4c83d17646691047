# SPDX-License-Identifier: Apache-2.0
"""Beats to fields and back, and comparisons that say where two streams differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def to_beats(values: ArrayLike, per_beat: int, bits: int) -> list[int]:
    """Pack values into beats, the first value of a beat lowest.

    Args:
        values: integers, flattened in C order; negative ones become two's complement.
        per_beat: values in a beat, divides their number.
        bits: width of a value.

    Returns:
        One integer per beat of per_beat * bits bits.
    """
    mask = (1 << bits) - 1
    flat = [int(v) & mask for v in np.asarray(values).reshape(-1)]
    assert len(flat) % per_beat == 0, (len(flat), per_beat)
    return [
        sum(v << (i * bits) for i, v in enumerate(flat[start : start + per_beat]))
        for start in range(0, len(flat), per_beat)
    ]


def expect_equal(got: Sequence[int], want: Sequence[int], where: str) -> None:
    """Compare two streams with ==, no tolerance.

    Args:
        got: beats of the simulation.
        want: beats of the reference.
        where: what is compared, for the message.

    Raises:
        AssertionError: they differ; names the first beat and how many differ in all.
    """
    if list(got) == list(want):
        return
    wrong = [i for i, (g, w) in enumerate(zip(got, want, strict=False)) if g != w]
    if not wrong:
        raise AssertionError(f"{where}: {len(got)} beats, want {len(want)}")
    first = wrong[0]
    raise AssertionError(
        f"{where}: beat {first} is {got[first]:#x}, want {want[first]:#x}"
        f" ({len(wrong)} of {len(want)} beats differ)"
    )
