# SPDX-License-Identifier: Apache-2.0
"""Border classes of a map in NumPy: which word of a memory belongs to which pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def pixel_classes(row_class: ArrayLike, col_class: ArrayLike, classes_c: int) -> NDArray[np.int64]:
    """Class of every pixel: row_class * classes_c + col_class.

    Args:
        row_class: class of every row, shape (ROWS,).
        col_class: class of every column, shape (COLS,), 0 .. classes_c - 1.
        classes_c: number of column classes.

    Returns:
        Classes, shape (ROWS, COLS).
    """
    rows, cols = np.asarray(row_class, np.int64), np.asarray(col_class, np.int64)
    return rows[:, None] * classes_c + cols


def class_literal(classes: ArrayLike, n: int) -> str:
    """ROW_CLASS or COL_CLASS: a field of clog2(n) bits per row or column, the first one lowest.

    Args:
        classes: class of every row or column, 0 .. n - 1.
        n: number of classes.

    Returns:
        A SystemVerilog literal.

    Raises:
        ValueError: a class is outside 0 .. n - 1.
    """
    values = [int(c) for c in np.asarray(classes)]
    if any(not 0 <= c < n for c in values):
        raise ValueError(f"classes must be 0 .. {n - 1}, got {min(values)} .. {max(values)}")
    bits = max(1, (n - 1).bit_length())
    word = sum(c << (i * bits) for i, c in enumerate(values))
    return f"{bits * len(values)}'h{word:x}"


def per_pixel(values: ArrayLike, classes: ArrayLike | None) -> NDArray[np.int64]:
    """Values per class and channel spread over the pixels of a map.

    Args:
        values: shape (K, C), or (C,) where there is one class.
        classes: class of every pixel, shape (H, W); None where there is one class.

    Returns:
        Shape (H, W, C), or (C,) where there is one class.
    """
    table = np.asarray(values, np.int64)
    if classes is not None:
        table = table.reshape(-1, table.shape[-1])[np.asarray(classes)]
    elif table.ndim == 2:
        table = table[0]
    return table
