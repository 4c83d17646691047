# SPDX-License-Identifier: Apache-2.0
"""Specification of bnn_argmax in NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def argmax(scores: ArrayLike) -> NDArray[np.int64]:
    """Index of the largest score; of equal ones the lowest index.

    Args:
        scores: integers, shape (..., N).

    Returns:
        Labels, shape (...), 0 .. N - 1.
    """
    labels: NDArray[np.int64] = np.asarray(np.argmax(np.asarray(scores), axis=-1), np.int64)
    return labels
