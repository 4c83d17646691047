# SPDX-License-Identifier: Apache-2.0
"""Specification of bnn_channel_pad in NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def channel_pad(x: ArrayLike, before: int, after: int, value: int = 0) -> NDArray[np.int64]:
    """Constant channels in front of and behind those of every pixel.

    Args:
        x: integers, shape (..., C).
        before: channels in front.
        after: channels behind.
        value: what they hold.

    Returns:
        Integers, shape (..., before + C + after).
    """
    v = np.asarray(x, np.int64)
    sides = [(0, 0)] * (v.ndim - 1) + [(before, after)]
    return np.pad(v, sides, constant_values=value)
