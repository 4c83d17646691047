# SPDX-License-Identifier: Apache-2.0
"""Tiny synthetic data in real IDX files."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

SIDE, CLASSES = 5, 3


def idx_bytes(values: np.ndarray) -> bytes:
    dims = struct.pack(f">{values.ndim}I", *values.shape)
    return bytes((0, 0, 8, values.ndim)) + dims + values.astype(np.uint8).tobytes()


def write_idx(folder: Path, n_train: int = 96, n_test: int = 40, packed: bool = False) -> Path:
    """Images whose class shows in their rows, plus noise, from a fixed seed."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    for part, count in (("train", n_train), ("t10k", n_test)):
        y = rng.integers(0, CLASSES, count)
        x = rng.integers(0, 256, (count, SIDE, SIDE))
        x[np.arange(count), y] = 255
        for name, values in ((f"{part}-images-idx3-ubyte", x), (f"{part}-labels-idx1-ubyte", y)):
            raw = idx_bytes(values)
            path = folder / (name + (".gz" if packed else ""))
            path.write_bytes(gzip.compress(raw) if packed else raw)
    return folder
