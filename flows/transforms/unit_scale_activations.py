# SPDX-License-Identifier: Apache-2.0
"""Move the scale of a 1-bit activation behind it, where a threshold can take it up."""

from __future__ import annotations

import numpy as np
from onnx import helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation

from flows.errors import FlowError


class UnitScaleActivations(Transformation):  # type: ignore[misc]
    """Replace BipolarQuant(x, s) on activations by BipolarQuant(x, 1) followed by Mul(s).

    Before: BipolarQuant on a computed tensor with a positive scalar scale.
    After:  the same values; FINN's import accepts only scale 1 there.
    Again:  a second call changes nothing.

    Raises:
        FlowError: quant-scale (the scale is not one positive number).
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        """See the class."""
        for node in list(model.graph.node):
            if node.op_type != "BipolarQuant" or model.get_initializer(node.input[0]) is not None:
                continue
            scale = model.get_initializer(node.input[1])
            if scale is None or scale.size != 1 or not float(scale.item()) > 0:
                raise FlowError(
                    "quant-scale",
                    f"activation quantizer {node.name} has no single positive constant scale",
                    f"the QONNX graph, node {node.name}, input {node.input[1]}",
                    "use one scale per tensor for activations (Brevitas: "
                    "scaling_per_output_channel=False)",
                )
            value = float(scale.item())
            if value == 1.0:
                continue
            unit = model.make_new_valueinfo_name()
            model.set_tensor_shape(unit, model.get_tensor_shape(node.output[0]))
            one = f"{node.name}_one"
            factor = f"{node.name}_scale"
            model.set_initializer(one, np.ones(1, np.float32))
            model.set_initializer(factor, np.array([value], np.float32))
            index = list(model.graph.node).index(node)
            mul = helper.make_node("Mul", [unit, factor], [node.output[0]])
            node.input[1], node.output[0] = one, unit
            model.graph.node.insert(index + 1, mul)
        return model, False
