# SPDX-License-Identifier: Apache-2.0
"""Specification of axis_fork."""

from __future__ import annotations

from collections.abc import Sequence


def fork(beats: Sequence[int]) -> tuple[list[int], list[int]]:
    """Both outputs carry every beat once, in order.

    Args:
        beats: the words of the input stream.

    Returns:
        The words of output 0 and of output 1.
    """
    return list(beats), list(beats)
