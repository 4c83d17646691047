# SPDX-License-Identifier: Apache-2.0
"""BnnAdd: the sum of two streams, on the kernel bnn_add."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qonnx.core.datatype import DataType

from flows.ops.base import Attributes
from flows.ops.map_op import MapOp
from hw.kernels.bnn_add_ref import add


class BnnAdd(MapOp):
    """clamp(a + b, low, high).

    Inputs: a, b (1, rows, columns, C). Output: the same shape.
    """

    kernel = "bnn_add"
    has_prim = True
    in_ports = ("s0_axis", "s1_axis")

    def get_nodeattr_types(self) -> Attributes:
        """The second stream's datatype, and the limits."""
        return {
            **super().get_nodeattr_types(),
            "input1DataType": ("s", True, ""),
            "low": ("i", True, 0),
            "high": ("i", True, 0),
        }

    def get_input_datatype(self, ind: int = 0) -> Any:
        """As the attributes say."""
        return DataType[self.attr("inputDataType" if ind == 0 else "input1DataType")]

    def infer_node_datatype(self, model: Any) -> None:
        """Take over both input tensors' datatypes."""
        second = model.get_tensor_datatype(self.onnx_node.input[1])
        self.set_nodeattr("input1DataType", second.name)
        super().infer_node_datatype(model)

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See bnn_add.sv."""
        given = {"PE": self.lanes}
        for i in (0, 1):
            given[f"IN{i}_W"] = self.bits(self.get_input_datatype(i))
            given[f"IN{i}_SIGNED"] = int(self.get_input_datatype(i).signed())
        given["OUT_W"] = self.bits(self.get_output_datatype())
        return {**given, "LO": int(self.attr("low")), "HI": int(self.attr("high"))}

    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """Add and clamp."""
        shape = self.shape("outShape")  # a map of one pixel may be a vector
        a, b = (stream.reshape(-1, *shape) for stream in streams)
        return [add(a, b, int(self.attr("low")), int(self.attr("high")))]
