# SPDX-License-Identifier: Apache-2.0
"""Specification of axis_fifo."""

from __future__ import annotations

from collections.abc import Sequence


def fifo(beats: Sequence[int]) -> list[int]:
    """What comes out: every beat once, in order.

    Args:
        beats: the words of the input stream.
    """
    return list(beats)


def capacity(depth: int) -> int:
    """Beats that an axis_fifo takes while its output stalls, exactly.

    Args:
        depth: its parameter DEPTH, at least 2.

    Returns:
        DEPTH rounded up to a power of two.
    """
    return 1 << (depth - 1).bit_length()
