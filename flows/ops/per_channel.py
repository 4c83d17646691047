# SPDX-License-Identifier: Apache-2.0
"""Shapes, widths and cycles of ops that take one value per channel and give one."""

from __future__ import annotations

from math import prod
from typing import Any

from onnx import NodeProto, helper
from qonnx.core.datatype import DataType

from flows.ops.base import Attributes, KernelOp


class PerChannelOp(KernelOp):
    """(1, NumChannels) in and out, PE channels per clk. MaxInput is the largest input value."""

    def get_nodeattr_types(self) -> Attributes:
        """Size, folding and datatypes."""
        return {
            **super().get_nodeattr_types(),
            "NumChannels": ("i", True, 0),
            "PE": ("i", True, 0),
            "MaxInput": ("i", True, 0),
            "outputDataType": ("s", True, ""),
            "numInputVectors": ("ints", False, [1]),
        }

    def make_shape_compatible_op(self, model: Any) -> NodeProto:
        """A shape-preserving standard op: shape inference then works for any batch size."""
        return helper.make_node("Relu", [self.onnx_node.input[0]], [self.onnx_node.output[0]])

    def get_input_datatype(self, ind: int = 0) -> Any:
        """The narrowest unsigned type for 0..MaxInput."""
        return DataType[f"UINT{max(1, int(self.attr('MaxInput')).bit_length())}"]

    def get_output_datatype(self, ind: int = 0) -> Any:
        """As the attribute says."""
        return DataType[self.attr("outputDataType")]

    def get_normal_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, NumChannels)."""
        return (*self.attr("numInputVectors"), int(self.attr("NumChannels")))

    def get_normal_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, NumChannels)."""
        return self.get_normal_input_shape()

    def get_folded_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, NumChannels / PE, PE), M pixels per beat."""
        pe, n = int(self.attr("PE")), int(self.attr("NumChannels"))
        vectors = (int(size) for size in self.attr("numInputVectors"))
        return self.side_by_side((*vectors, n // pe, pe))

    def get_folded_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, NumChannels / PE, PE)."""
        return self.get_folded_input_shape()

    def get_instream_width(self, ind: int = 0) -> int:
        """PE inputs; constants are inside."""
        if ind != 0:
            return 0
        return self.get_folded_input_shape()[-1] * self.bits(self.get_input_datatype())

    def get_outstream_width(self, ind: int = 0) -> int:
        """PE outputs."""
        return self.get_folded_output_shape()[-1] * self.bits(self.get_output_datatype())

    def get_number_output_values(self) -> int:
        """Beats per frame."""
        return self.get_exp_cycles()

    def get_exp_cycles(self) -> int:
        """One beat per clk."""
        return prod(self.get_folded_input_shape()[:-1])

    def set_folding(self, pe: int, simd: int) -> None:
        """PE channels per clk."""
        self.set_nodeattr("PE", pe)
