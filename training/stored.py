# SPDX-License-Identifier: Apache-2.0
"""Training images that stay in a file: what a batch needs is read for it.

The file is mapped: no more of it is read than asked for, and what memory holds of it is the
system's cache, which gives way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class StoredImages:
    """Labelled images in a file.

    file: shape (M, channels, stored rows, stored columns), uint8, mapped; y: shape (N,), int64;
    rows, columns: the network's, the middle of a stored image; index: shape (N,), which images of
    the file these are.
    """

    file: NDArray[np.uint8]
    y: Tensor
    rows: int
    columns: int
    index: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, part: slice) -> Tensor:
        """Pixels of the middle of some images, shape (n, channels * rows * columns), uint8."""
        x = self.read(np.arange(len(self))[part])
        top, left = (x.shape[2] - self.rows) // 2, (x.shape[3] - self.columns) // 2
        return x[:, :, top : top + self.rows, left : left + self.columns].flatten(1)

    @property
    def channels(self) -> int:
        """Planes of an image."""
        channels: int = self.file.shape[1]
        return channels

    def subset(self, index: Tensor) -> StoredImages:
        """The images at these indices, in their order; nothing is read."""
        own = self.index[index.numpy()]
        return StoredImages(self.file, self.y[index], self.rows, self.columns, own)

    def read(self, which: NDArray[np.int64]) -> Tensor:
        """Whole stored images, shape (n, channels, stored rows, stored columns), uint8."""
        return torch.from_numpy(np.asarray(self.file[self.index[which]]))
