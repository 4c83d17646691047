# SPDX-License-Identifier: Apache-2.0
"""Exact products of integers by the floating point units: fast on a PC, and on an ARM."""

from __future__ import annotations

import numpy as np


class Product:
    """x times a constant matrix of integers, block by block.

    Args:
        weights: (MH, MW), the rows of all blocks of a block diagonal matrix.
        groups: its blocks; block g sees the g-th MW columns of x.
    """

    def __init__(self, weights: np.ndarray, groups: int = 1) -> None:
        rows, self._columns = weights.shape
        blocks = weights.reshape(groups, rows // groups, self._columns).transpose(0, 2, 1)
        self._weights = blocks
        self._single = np.ascontiguousarray(blocks, np.float32)
        self._most = int(np.abs(weights.astype(np.int64)).sum(axis=1).max())

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Sums of a batch.

        Args:
            x: integers, shape (..., groups * MW), at least one.

        Returns:
            Shape (vectors, MH): whole numbers, in the type in which they were added up.
        """
        largest = max(-int(x.min()), int(x.max())) * self._most
        groups = len(self._weights)
        vectors = x.reshape(-1, groups, self._columns).transpose(1, 0, 2)
        # no partial sum is rounded, in whatever order they are added
        if largest < 1 << 24:
            sums = np.matmul(vectors.astype(np.float32), self._single)
        else:
            kind = np.float64 if largest < 1 << 53 else np.int64
            sums = np.matmul(vectors.astype(kind), self._weights.astype(kind))
        return np.asarray(sums.transpose(1, 0, 2).reshape(vectors.shape[1], -1))
