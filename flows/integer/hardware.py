# SPDX-License-Identifier: Apache-2.0
"""The graph of hardware ops while it is built: streams, constants, what each stands for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.util.basic import qonnx_make_model

from flows.datatypes import smallest_type

SOURCE = "global_in"


class Hardware:
    """A growing graph of `flows.ops` nodes; tensors are (1, rows, columns, channels) or (1, n)."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, NDArray[np.floating[Any]]] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.types: dict[str, str] = {}
        self.realised: dict[str, dict[str, Any]] = {}
        self._count: dict[str, int] = {}

    def input(self, shape: tuple[int, ...], datatype: str) -> str:
        """The graph's input; shape without the batch."""
        self.shapes[SOURCE], self.types[SOURCE] = (1, *shape), datatype
        return SOURCE

    def add(
        self,
        op: str,
        streams: list[str],
        shape: tuple[int, ...],
        datatype: str,
        constants: Mapping[str, NDArray[Any]] | None = None,
        **attributes: Any,
    ) -> str:
        """Add a node with one output.

        Args:
            op: its type, of flows.ops.
            streams: tensors it reads.
            shape: of its output, without the batch.
            datatype: of its output.
            constants: integer arrays by name, in the order of the node's inputs.
            attributes: of the node, besides inShape, outShape and datatypes.

        Returns:
            The output tensor.
        """
        index = self._count.get(op, 0)
        self._count[op] = index + 1
        name = f"{op}_{index}"
        out = f"{name}_out"
        names = []
        for key, array in (constants or {}).items():
            tensor = f"{name}_{key}"
            self.constants[tensor] = _as_floats(np.asarray(array), tensor)
            names.append(tensor)
        attributes.setdefault("inShape", list(self.shapes[streams[0]][1:]))
        attributes.setdefault("outShape", list(shape))
        attributes.setdefault("PE", 1)
        if attributes["inShape"] is None:
            del attributes["inShape"], attributes["outShape"]
        node = helper.make_node(
            op,
            [*streams, *names],
            [out],
            name=name,
            domain="flows.ops",
            backend="fpgadataflow",
            inputDataType=self.types[streams[0]],
            outputDataType=datatype,
            **attributes,
        )
        self.nodes.append(node)
        self.shapes[out], self.types[out] = (1, *shape), datatype
        return out

    def producer(self, stream: str) -> NodeProto:
        """The node that makes a stream."""
        return next(n for n in self.nodes if n.output[0] == stream)

    def readers(self, stream: str) -> list[NodeProto]:
        """The nodes that read a stream."""
        return [n for n in self.nodes if stream in n.input]

    def set(self, node: NodeProto, **attributes: Any) -> None:
        """Change attributes of a node that was added."""
        for key, value in attributes.items():
            for old in [a for a in node.attribute if a.name == key]:
                node.attribute.remove(old)
            node.attribute.append(helper.make_attribute(key, value))

    def retype(self, stream: str, datatype: str) -> None:
        """Change the datatype of a node's output."""
        self.types[stream] = datatype
        self.set(self.producer(stream), outputDataType=datatype)

    def realise(self, stream: str, tensor: str, scale: float, mul: int, offset: int) -> None:
        """Note for the proof that a QONNX tensor is scale * (mul * stream + offset).

        It travels as the attribute `realises` of the stream's node.
        """
        entry = {"tensor": tensor, "scale": scale, "mul": mul, "offset": offset}
        self.realised.setdefault(stream, entry)

    def model(self, output: str) -> ModelWrapper:
        """The graph, with one output."""

        def info(tensor: str) -> Any:
            return helper.make_tensor_value_info(tensor, TensorProto.FLOAT, self.shapes[tensor])

        inner = [t for t in self.shapes if t not in (SOURCE, output)]
        for node in self.nodes:
            if node.output[0] in self.realised:
                self.set(node, realises=json.dumps(self.realised[node.output[0]]))
        graph = helper.make_graph(
            self.nodes,
            "lowered",
            [info(SOURCE)],
            [info(output)],
            value_info=[info(t) for t in inner],
        )
        model = ModelWrapper(qonnx_make_model(graph, opset_imports=[helper.make_opsetid("", 13)]))
        for tensor, array in self.constants.items():
            model.set_initializer(tensor, array)
            model.set_tensor_datatype(tensor, smallest_type(array.astype(np.int64)))
        for tensor, datatype in self.types.items():
            model.set_tensor_datatype(tensor, DataType[datatype])
        return model


def _as_floats(array: NDArray[Any], tensor: str) -> NDArray[np.floating[Any]]:
    """Integers as the floats of a graph: of 32 bits, or of 64 where those do not hold them."""
    for kind in (np.float32, np.float64):
        floats: NDArray[np.floating[Any]] = array.astype(kind)
        if np.array_equal(floats.astype(np.int64), array):
            return floats
    raise ValueError(f"{tensor} does not fit a float64 tensor")
