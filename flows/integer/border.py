# SPDX-License-Identifier: Apache-2.0
"""Where a window hangs over the border of its map: classes of output pixels.

Padding with zero leaves taps out of a binary sum. Which ones depends on the pixel only through its
row's and its column's class; each pair of classes has constants of its own.

Source: training_methods.md, 2.6 of the project's design notes; equal to torch in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.kernels.bnn_border_ref import pixel_classes


@dataclass(frozen=True)
class Window:
    """Geometry of a convolution: sizes of map and kernel, strides, dilations, padding."""

    rows: int
    columns: int
    kernel: tuple[int, int]
    strides: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)  # top, left, bottom, right

    @property
    def output(self) -> tuple[int, int]:
        """Rows and columns of the result."""
        top, left, bottom, right = self.pads
        sizes = (self.rows + top + bottom, self.columns + left + right)
        rows, columns = (
            (n - (k - 1) * d - 1) // s + 1
            for n, k, d, s in zip(sizes, self.kernel, self.dilations, self.strides, strict=True)
        )
        return rows, columns

    @property
    def copies(self) -> bool:
        """Whether the windows are the pixels themselves."""
        return (self.kernel, self.strides, self.pads) == ((1, 1), (1, 1), (0, 0, 0, 0))


@dataclass(frozen=True)
class Border:
    """Class of each row and column of a map; the class of a pixel is row * columns' + column."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]

    @property
    def n_rows(self) -> int:
        """Classes of rows."""
        return max(self.rows) + 1

    @property
    def n_columns(self) -> int:
        """Classes of columns."""
        return max(self.columns) + 1

    def of_pixels(self) -> NDArray[np.int64]:
        """Class of every pixel, shape (rows, columns)."""
        return pixel_classes(self.rows, self.columns, self.n_columns)


def inside(window: Window) -> tuple[Border, NDArray[np.bool_]]:
    """Classes of a convolution's output pixels, and which taps each has inside the map.

    Returns:
        The classes, and an array of shape (classes, kernel rows, kernel columns).
    """
    (oh, ow), (kr, kc) = window.output, window.kernel
    rows = _taps(oh, kr, window.strides[0], window.dilations[0], window.pads[0], window.rows)
    columns = _taps(ow, kc, window.strides[1], window.dilations[1], window.pads[1], window.columns)
    row_kinds, row_class = np.unique(rows, axis=0, return_inverse=True)
    column_kinds, column_class = np.unique(columns, axis=0, return_inverse=True)
    border = Border(tuple(map(int, row_class.ravel())), tuple(map(int, column_class.ravel())))
    taps = row_kinds[:, None, :, None] & column_kinds[None, :, None, :]
    return border, taps.reshape(-1, kr, kc)


def every_nth(border: Border, steps: tuple[int, int]) -> tuple[Border, NDArray[np.int64]]:
    """Classes of every n-th row and column, and which of the former classes they are."""
    row_kinds, row_class = np.unique(border.rows[:: steps[0]], return_inverse=True)
    column_kinds, column_class = np.unique(border.columns[:: steps[1]], return_inverse=True)
    kept = row_kinds[:, None] * border.n_columns + column_kinds[None, :]
    skipped = Border(tuple(map(int, row_class)), tuple(map(int, column_class)))
    return skipped, kept.ravel().astype(np.int64)


def _taps(
    n_out: int, kernel: int, stride: int, dilation: int, pad: int, size: int
) -> NDArray[np.bool_]:
    at = np.arange(n_out)[:, None] * stride + np.arange(kernel)[None, :] * dilation - pad
    found: NDArray[np.bool_] = (at >= 0) & (at < size)
    return found
