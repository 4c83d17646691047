# SPDX-License-Identifier: Apache-2.0
"""BnnRequant: integers to integers of fewer bits, on the kernel bnn_requant."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper

from flows.ops.base import Attributes
from flows.ops.map_op import BorderOp
from hw.kernels.bnn_mvu_ref import vector
from hw.kernels.bnn_requant_ref import param_words, requant, signed_bits


class BnnRequant(BorderOp):
    """y = clamp((a * x + b) >> shift, low, high), a per channel, b per class and channel.

    Inputs: x (1, rows, columns, C) or (1, C); a (C,); b (classes, C). Output: the shape of x.
    With clamp = 0 no x gives anything beyond low .. high, and the hardware does not look.
    """

    kernel = "bnn_requant"
    has_prim = True

    def get_nodeattr_types(self) -> Attributes:
        """Shift, limits, and whether anything is beyond them."""
        return {
            **super().get_nodeattr_types(),
            "shift": ("i", False, 0),
            "low": ("i", True, 0),
            "high": ("i", True, 0),
            "clamp": ("i", False, 1),
        }

    def make_shape_compatible_op(self, model: Any) -> NodeProto:
        """A shape-preserving standard op: shape inference then works for any batch size."""
        return helper.make_node("Relu", [self.onnx_node.input[0]], [self.onnx_node.output[0]])

    @staticmethod
    def _uniform(a: NDArray[np.int64], b: NDArray[np.int64]) -> bool:
        fits = abs(int(b.flat[0])) < 1 << 30 and abs(int(a.flat[0])) < 1 << 30  # a Verilog int
        return bool((a == a.flat[0]).all() and (b == b.flat[0]).all() and fits)

    def kernel_parameters(self, constants: list[NDArray[np.float32]]) -> dict[str, int]:
        """See bnn_requant.sv."""
        a, b = (c.astype(np.int64) for c in constants)
        uniform = self._uniform(a, b)
        given = {
            "N": self.shape("inShape")[-1],
            "PE": self.lanes,
            "IN_W": self.bits(self.get_input_datatype()),
            "IN_SIGNED": int(self.get_input_datatype().signed()),
            "COEF_W": signed_bits(a),
            "OFFS_W": signed_bits(b),
            "SHIFT": int(self.attr("shift")),
            "OUT_W": self.bits(self.get_output_datatype()),
            "CLAMP": int(self.attr("clamp")),
        }
        if given["CLAMP"]:
            given |= {"LO": int(self.attr("low")), "HI": int(self.attr("high"))}
        if uniform:
            return {**given, "UNIFORM": 1, "A0": int(a.flat[0]), "B0": int(b.flat[0])}
        return {**given, **self.border_parameters()}

    def literals(self, constants: list[NDArray[np.float32]], copy: int = 0) -> dict[str, str]:
        """Coefficients, unless one pair serves all."""
        a, b = (c.astype(np.int64) for c in constants)
        if self._uniform(a, b):
            return {}
        widths = signed_bits(a), signed_bits(b)
        words = param_words(a, b, self.lanes, *widths)
        return {"PARAMS": vector(words, self.lanes * sum(widths)), **self.border_literals(copy)}

    def compute(
        self, streams: list[NDArray[Any]], constants: list[NDArray[np.float32]]
    ) -> list[NDArray[Any]]:
        """The formula of the class."""
        a, b = (c.astype(np.int64) for c in constants)
        limits = int(self.attr("low")), int(self.attr("high"))
        shift = int(self.attr("shift"))
        classes = self.pixel_classes()
        return [requant(streams[0], a, b if classes is not None else b[0], shift, *limits, classes)]
