# SPDX-License-Identifier: Apache-2.0
"""BnnBinarize: FINN's Thresholding with one step, on the kernel bnn_binarize."""

from __future__ import annotations

from typing import Any

import numpy as np
from finn.custom_op.fpgadataflow.thresholding import Thresholding
from numpy.typing import NDArray

from flows.ops.base import Attributes, KernelOp
from hw.kernels.bnn_binarize_ref import binarize, threshold_words
from hw.kernels.bnn_mvu_ref import vector


class BnnBinarize(KernelOp, Thresholding):  # type: ignore[misc]
    """Compare 8-bit elements with a threshold each; one threshold for all costs no memory.

    Inputs: x (1, N) UINT8; thresholds (N, 1) or (1, 1), 0..256. Output: (1, N) BINARY.
    """

    kernel = "bnn_binarize"
    has_prim = True

    def get_nodeattr_types(self) -> Attributes:
        """Thresholding's attributes."""
        return {**Thresholding.get_nodeattr_types(self), **super().get_nodeattr_types()}

    def get_exp_cycles(self) -> int:
        """One beat per clk: N / PE."""
        return int(self.attr("NumChannels")) // int(self.attr("PE"))

    def set_folding(self, pe: int, simd: int) -> None:
        """PE elements per clk."""
        self.set_nodeattr("PE", pe)

    def thresholds(self, constants: list[NDArray[np.float32]]) -> NDArray[np.int64]:
        """One threshold per element, shape (N,)."""
        return np.broadcast_to(constants[0][:, 0], (int(self.attr("NumChannels")),)).astype(
            np.int64
        )

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See bnn_binarize.sv."""
        thr = self.thresholds(constants)
        uniform = bool((thr == thr[0]).all())
        return {
            "N": int(self.attr("NumChannels")),
            "PE": int(self.attr("PE")),
            "IN_W": self.bits(self.get_input_datatype(0)),
            "UNIFORM": int(uniform),
            "THR": int(thr[0]) if uniform else 0,
            "SENSE": 0,
        }

    def literals(self, constants: list[NDArray[np.float32]]) -> dict[str, str]:
        """A threshold memory, unless one value serves all."""
        thr = self.thresholds(constants)
        if (thr == thr[0]).all():
            return {}
        in_w = self.bits(self.get_input_datatype(0))
        sense = np.zeros_like(thr, dtype=np.uint8)
        pe = int(self.attr("PE"))
        return {"THRESHOLDS": vector(threshold_words(thr, sense, pe, in_w), pe * (in_w + 2))}

    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """Bits x >= threshold."""
        thr = self.thresholds(constants)
        return [binarize(streams[0], thr, np.zeros_like(thr, dtype=np.uint8))]
