# SPDX-License-Identifier: Apache-2.0
"""Refuse early what the later stages cannot compile, and say what to change."""

from __future__ import annotations

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation

from flows.errors import FlowError
from flows.transforms.chain import ELEMENTWISE

MORE = 'flows/README.md, "What can be compiled"'
_RESHAPES = frozenset({"Reshape", "Flatten"})
_NOT_YET = {
    "Conv": "convolutions are not supported yet: use a multilayer perceptron",
    "MaxPool": "pooling is not supported yet: use a multilayer perceptron",
    "Sign": "ONNX Sign maps 0 to 0, a third value: use a 1-bit quantizer (Brevitas BinaryQuant)",
    "Softmax": "remove it: it does not change the order of the classes",
    "LogSoftmax": "remove it: it does not change the order of the classes",
}


class CheckSupported(Transformation):  # type: ignore[misc]
    """Check that a cleaned QONNX graph is a chain of 1-bit layers; changes nothing.

    Accepted: [Reshape | Flatten] -> [elementwise] -> BipolarQuant -> (MatMul with BipolarQuant
    weights -> [elementwise] -> BipolarQuant)* -> MatMul with BipolarQuant weights ->
    [elementwise] -> output.

    Raises:
        FlowError: unsupported-node (an op without hardware), float-layer (weights or activations
            of a MatMul that are not 1 bit), no-layers.
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        """See the class."""
        for node in model.graph.node:
            self._check_op(model, node)
        matmuls = [n for n in model.graph.node if n.op_type == "MatMul"]
        if not matmuls:
            raise FlowError(
                "no-layers",
                "the graph holds no MatMul",
                "the QONNX file",
                "give a network with at least one 1-bit fully connected layer",
                MORE,
            )
        for node in matmuls:
            self._check_matmul(model, node)
        return model, False

    def _check_op(self, model: ModelWrapper, node: NodeProto) -> None:
        if node.op_type in ELEMENTWISE | _RESHAPES | {"MatMul", "BipolarQuant"}:
            return
        bits = ""
        if node.op_type == "Quant":
            bits = f" with {_constant(model, node, 3)} bits"
        hint = _NOT_YET.get(node.op_type, "leave it out, or use 1-bit layers (BipolarQuant)")
        raise FlowError(
            "unsupported-node",
            f"node {node.name} is a {node.op_type}{bits}, for which there is no hardware",
            f"the QONNX graph, node {node.name} (reads {', '.join(node.input)})",
            hint,
            MORE,
        )

    def _check_matmul(self, model: ModelWrapper, node: NodeProto) -> None:
        weights = model.find_producer(node.input[1])
        if weights is None or weights.op_type != "BipolarQuant":
            raise FlowError(
                "float-layer",
                f"layer {node.name} has weights that are not 1 bit",
                f"the QONNX graph, node {node.name}, weights {node.input[1]}",
                "quantise them: brevitas.nn.QuantLinear with a binary weight_quant "
                "(weight_bit_width=1)",
                MORE,
            )
        producer = model.find_producer(node.input[0])
        while producer is not None and producer.op_type in _RESHAPES | {"Mul"}:
            producer = model.find_producer(producer.input[0])
        is_input = producer is None and node.input[0] == model.graph.input[0].name
        if not is_input and (producer is None or producer.op_type != "BipolarQuant"):
            raise FlowError(
                "float-layer",
                f"layer {node.name} reads activations that are not 1 bit",
                f"the QONNX graph, node {node.name}, input {node.input[0]}"
                + (f" from {producer.name} ({producer.op_type})" if producer is not None else ""),
                "put a 1-bit activation quantizer in front of it (brevitas.nn.QuantIdentity with "
                "a binary act_quant), the network's input included",
                MORE,
            )


def _constant(model: ModelWrapper, node: NodeProto, index: int) -> str:
    value = model.get_initializer(node.input[index])
    return "?" if value is None else f"{float(value.ravel()[0]):g}"
