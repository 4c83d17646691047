# SPDX-License-Identifier: Apache-2.0
"""The narrowest QONNX integer type for a range. A leaf: anything in flows may import it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qonnx.core.datatype import DataType


def int_type(low: int, high: int) -> str:
    """Name of the narrowest QONNX integer type for low .. high; BINARY for bits."""
    if (low, high) == (0, 1):
        return "BINARY"
    if low >= 0:
        return f"UINT{max(1, high.bit_length())}"
    return f"INT{max((-low - 1).bit_length(), high.bit_length() if high > 0 else 0) + 1}"


def smallest_type(values: NDArray[np.int64]) -> DataType:
    """The narrowest QONNX integer type that holds all values; signed only where one is < 0."""
    low, high = int(values.min()), int(values.max())
    return DataType[int_type(low, high) if low < 0 else int_type(0, max(high, 1))]
