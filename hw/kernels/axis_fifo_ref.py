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
