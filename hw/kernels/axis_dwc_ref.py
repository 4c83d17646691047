# SPDX-License-Identifier: Apache-2.0
"""Specification of axis_dwc in NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def convert(x: ArrayLike, out_lanes: int) -> NDArray[np.int64]:
    """The same values in beats of another width.

    Args:
        x: values, shape (beats, IN_LANES), lane 0 first.
        out_lanes: values of an output beat; they divide the number of values.

    Returns:
        Integers, shape (beats * IN_LANES / OUT_LANES, OUT_LANES).
    """
    return np.asarray(x, np.int64).reshape(-1, out_lanes)
