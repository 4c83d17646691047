# SPDX-License-Identifier: Apache-2.0
"""What is put between a stream and its reader: FIFOs and width converters."""

from __future__ import annotations

from math import prod
from typing import Any

from onnx import NodeProto, TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper


def insert_link(
    model: ModelWrapper, reader: NodeProto, tensor: str, op_type: str, name: str, **attributes: Any
) -> NodeProto:
    """Put an AxisFifo or AxisDwc in front of the input `tensor` of `reader`.

    Args:
        model: changed in place.
        reader: a node of it that reads `tensor`.
        tensor: a stream.
        op_type: of flows/ops/axis_links.py.
        name: of the new node and of its output, which has the shape and type of `tensor`.
        attributes: lanes and depth.

    Returns:
        The new node.
    """
    shape, datatype = model.get_tensor_shape(tensor), model.get_tensor_datatype(tensor)
    node = helper.make_node(
        op_type,
        [tensor],
        [name],
        name=name,
        domain="flows.ops",
        backend="fpgadataflow",
        inShape=[prod(shape)],
        outShape=[prod(shape)],
        inputDataType=datatype.name,
        outputDataType=datatype.name,
        **attributes,
    )
    model.graph.value_info.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    model.set_tensor_datatype(name, datatype)
    reader.input[list(reader.input).index(tensor)] = name
    model.graph.node.insert(list(model.graph.node).index(reader), node)
    return node
