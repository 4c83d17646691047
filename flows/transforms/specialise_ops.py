# SPDX-License-Identifier: Apache-2.0
"""Choose our kernels for the hardware ops that FINN has only in HLS."""

from __future__ import annotations

import numpy as np
from onnx import NodeProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.base import Transformation
from qonnx.transformation.infer_datatypes import InferDataTypes

#: FINN's abstract op -> ours (architecture.md, "which ops are ours")
OURS = {"MVAU": "BnnMvu", "Thresholding": "BnnBinarize", "LabelSelect": "BnnArgmax"}


class SpecialiseOps(Transformation):  # type: ignore[misc]
    """Turn FINN's abstract ops into ours; attributes, tensors and meaning stay.

    Before: MVAU in XNOR mode, Thresholding of UINT8 with one step, LabelSelect with K=1.
    After:  BnnMvu, BnnBinarize, BnnArgmax of the domain flows.ops; tensor datatypes are those of
            the kernels (matches as wide as needed, not UINT32).
    Again:  a second call changes nothing.
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        """See the class."""
        for node in model.graph.node:
            ours = OURS.get(node.op_type)
            if ours is None or not self._fits(model, node):
                continue
            if ours == "BnnBinarize":
                _as_map(model, node)
            node.op_type, node.domain = ours, "flows.ops"
            _require_integers(model, node)
        return model.transform(InferDataTypes()), False

    @staticmethod
    def _fits(model: ModelWrapper, node: object) -> bool:
        op = getCustomOp(node)
        if op.onnx_node.op_type == "MVAU":
            return bool(op.get_nodeattr("binaryXnorMode"))
        if op.onnx_node.op_type == "Thresholding":
            steps = model.get_initializer(op.onnx_node.input[1]).shape[1]
            return bool(steps == 1 and op.get_input_datatype(0) == DataType["UINT8"])
        return bool(op.get_nodeattr("K") == 1)


def _as_map(model: ModelWrapper, node: NodeProto) -> None:
    """Thresholds as BnnBinarize has them: a row per class of pixels, here one."""
    del node.attribute[:]
    shape = model.get_tensor_shape(node.input[0])[1:]
    types = {"inputDataType": "UINT8", "outputDataType": "BINARY"}
    for key, value in {"inShape": shape, "outShape": shape, "PE": 1, **types}.items():
        node.attribute.append(helper.make_attribute(key, value))
    node.attribute.append(helper.make_attribute("backend", "fpgadataflow"))
    model.set_initializer(node.input[1], model.get_initializer(node.input[1]).T.copy())


def _require_integers(model: ModelWrapper, node: object) -> None:
    """Hardware constants are integers in float tensors; a fraction here is a bug of ours."""
    for name in node.input[1:]:  # type: ignore[attr-defined]
        values = model.get_initializer(name)
        if values is not None and not np.array_equal(values, np.rint(values)):
            raise ValueError(f"{name} holds fractions after streamlining")
