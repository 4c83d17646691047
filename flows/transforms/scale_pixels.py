# SPDX-License-Identifier: Apache-2.0
"""Let the graph take 8-bit pixels as they lie in memory."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation


class ScalePixels(Transformation):  # type: ignore[misc]
    """Put the division that makes a network's input from a pixel in front of the graph.

    Before: float input x, meant to be pixel / divisor (torchvision's ToTensor: divisor 255).
    After:  input of datatype UINT8 (0..255) -> Div(divisor) -> the graph as it was. With divisor 1
            only the datatype is set.
    Again:  not idempotent; an input that is UINT8 already is left alone.

    Args:
        divisor: what a pixel is divided by, > 0.
    """

    def __init__(self, divisor: float) -> None:
        super().__init__()
        self.divisor = divisor

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        """See the class."""
        source = model.graph.input[0].name
        if model.get_tensor_datatype(source) == DataType["UINT8"]:
            return model, False
        if self.divisor != 1:
            scaled, constant = "scaled_pixels", "pixel_divisor"
            for node in model.find_consumers(source):
                for i, name in enumerate(node.input):
                    if name == source:
                        node.input[i] = scaled
            shape = model.get_tensor_shape(source)
            model.graph.value_info.append(
                helper.make_tensor_value_info(scaled, TensorProto.FLOAT, shape)
            )
            model.graph.node.insert(0, helper.make_node("Div", [source, constant], [scaled]))
            model.set_initializer(constant, np.array([self.divisor], np.float32))
        model.set_tensor_datatype(source, DataType["UINT8"])
        return model, False
