# SPDX-License-Identifier: Apache-2.0
"""No smaller shift than the one found serves: every factor is tried."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from flows.integer.fit import fit
from flows.integer.table import levels
from flows.integer.value import Value
from hw.kernels.bnn_requant_ref import requant

Ints = NDArray[np.int64]
X, TOP = np.arange(-9, 15), 5


def summands(codes: Ints, a: int, shift: int) -> tuple[int, int]:
    """Smallest and largest b for one class; the first is above the second where there is none."""
    least = np.where(codes > 0, (codes << shift) - a * X, -(1 << 40))
    most = np.where(codes < TOP, ((codes + 1) << shift) - 1 - a * X, 1 << 40)
    return int(least.max()), int(most.min())


def serves(table: Ints, shift: int) -> bool:
    """Whether some a serves all classes of one channel; table has shape (classes, values of x)."""
    steepest = (TOP + 2) << shift
    return any(
        all(low <= high for low, high in (summands(codes, a, shift) for codes in table))
        for a in range(-steepest, steepest + 1)
    )


@pytest.mark.parametrize("seed", range(12))
def test_the_shift_is_the_smallest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    channels, classes = 4, 1 + seed % 3
    gain = rng.choice([-1, 1], channels) * rng.uniform(0.1, 1.5, channels)
    gain[seed % channels], gain[seed % channels - 1] = 0, rng.choice([-1, 1])  # constant, all codes
    shift = rng.uniform(0, TOP, channels) + rng.uniform(-1, 1, (classes, 1))
    shift[:, seed % channels] = 2
    table = np.clip(np.rint(gain * X[:, None] + shift[:, None, :]), 0, TOP).astype(np.int64)
    v = Value("s", (channels, 1, 1), X[0], X[-1], offset=np.zeros((classes, 1), np.int64))
    assert (table.min(), table.max()) == (0, TOP)
    found = fit(
        levels(lambda k: lambda x: np.take_along_axis(table[k], x - X[0], 0), v), X[0], X[-1]
    )
    assert found is not None
    for codes, b in zip(table, found.b, strict=True):
        assert (requant(X[:, None], found.a, b, found.shift, 0, TOP) == codes).all()
    less = found.shift - 1
    assert less < 0 or not all(serves(table[:, :, c], less) for c in range(channels))
