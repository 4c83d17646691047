# SPDX-License-Identifier: Apache-2.0
"""BnnBinarize: integers to bits, on the kernel bnn_binarize."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.ops.map_op import BorderOp
from hw.kernels.bnn_binarize_ref import binarize, threshold_words
from hw.kernels.bnn_mvu_ref import vector


class BnnBinarize(BorderOp):
    """bit = (x >= threshold) ^ falling, per channel and class; one for all costs no memory.

    Inputs: x (1, ..., C); thresholds (classes, C) or (1, 1); falling, the same shape, 0 or 1, may
    be left out. Output: BINARY, the shape of x.
    """

    kernel = "bnn_binarize"
    has_prim = True

    def thresholds(
        self, constants: list[NDArray[np.float32]]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Thresholds and falling, both of shape (classes, C)."""
        n = self.shape("inShape")[-1]
        thr = np.broadcast_to(constants[0], (len(constants[0]), n)).astype(np.int64)
        falling = constants[1] if len(constants) > 1 else np.zeros((1, 1), np.float32)
        return thr, np.broadcast_to(falling, thr.shape).astype(np.int64)

    @staticmethod
    def _uniform(thr: NDArray[np.int64], falling: NDArray[np.int64]) -> bool:
        return bool((thr == thr[0, 0]).all() and (falling == falling[0, 0]).all())

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See bnn_binarize.sv."""
        thr, falling = self.thresholds(constants)
        given = {
            "N": self.shape("inShape")[-1],
            "PE": self.lanes,
            "IN_W": self.bits(self.get_input_datatype(0)),
            "IN_SIGNED": int(self.get_input_datatype(0).signed()),
        }
        if self._uniform(thr, falling):
            return {**given, "UNIFORM": 1, "THR": int(thr[0, 0]), "SENSE": int(falling[0, 0])}
        return {**given, **self.border_parameters()}

    def literals(self, constants: list[NDArray[np.float32]], copy: int = 0) -> dict[str, str]:
        """A threshold memory, unless one value serves all."""
        thr, falling = self.thresholds(constants)
        if self._uniform(thr, falling):
            return {}
        source = self.get_input_datatype(0)
        bits = self.bits(source)
        words = threshold_words(thr, falling, self.lanes, bits, source.signed())
        return {"THRESHOLDS": vector(words, self.lanes * (bits + 2)), **self.border_literals(copy)}

    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """Compare."""
        thr, falling = self.thresholds(constants)
        classes = self.pixel_classes()
        if classes is not None:
            thr, falling = thr[classes], falling[classes]
        else:
            thr, falling = thr[0], falling[0]
        return [binarize(streams[0], thr, falling)]
