# SPDX-License-Identifier: Apache-2.0
"""BnnArgmax: FINN's LabelSelect with K=1, on the kernel bnn_argmax."""

from __future__ import annotations

from typing import Any

import numpy as np
from finn.custom_op.fpgadataflow.labelselect import LabelSelect
from numpy.typing import NDArray
from qonnx.core.datatype import DataType

from flows.ops.base import Attributes, KernelOp
from hw.kernels.bnn_argmax_ref import argmax


class BnnArgmax(KernelOp, LabelSelect):  # type: ignore[misc]
    """Index of the largest score; the lowest index wins ties.

    Inputs: scores (1, C). Output: label (1, 1).
    """

    kernel = "bnn_argmax"
    has_prim = True

    def get_nodeattr_types(self) -> Attributes:
        """LabelSelect's attributes."""
        return {**LabelSelect.get_nodeattr_types(self), **super().get_nodeattr_types()}

    def get_output_datatype(self, ind: int = 0) -> Any:
        """The narrowest type for 0..C-1."""
        return DataType[f"UINT{max(1, (int(self.attr('Labels')) - 1).bit_length())}"]

    def get_exp_cycles(self) -> int:
        """One beat per clk: C / PE."""
        return int(self.attr("Labels")) // int(self.attr("PE"))

    def set_folding(self, pe: int, simd: int) -> None:
        """PE scores per clk."""
        self.set_nodeattr("PE", pe)

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See bnn_argmax.sv."""
        scores = self.get_input_datatype()
        return {
            "N": int(self.attr("Labels")),
            "PE": int(self.attr("PE")),
            "IN_W": self.bits(scores),
            "SIGNED": int(scores.signed()),
        }

    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """First index of the maximum."""
        return [argmax(streams[0])[:, None]]
