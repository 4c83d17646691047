# SPDX-License-Identifier: Apache-2.0
"""Specification of bnn_add in NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def add(a: ArrayLike, b: ArrayLike, lo: int, hi: int) -> NDArray[np.int64]:
    """Sums, limited to lo .. hi.

    Args:
        a: integers, any shape.
        b: integers, the same shape.
        lo: smallest result.
        hi: largest result.

    Returns:
        Integers, the same shape.
    """
    return np.clip(np.asarray(a, np.int64) + np.asarray(b, np.int64), lo, hi)
