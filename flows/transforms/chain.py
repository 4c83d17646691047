# SPDX-License-Identifier: Apache-2.0
"""Find and evaluate a chain of per-channel float nodes, exactly as ONNX defines them.

Batch norms, scales and clips between a match count and the next sign are functions of one integer
of known range. Instead of rewriting their algebra (which rounds), bnnflow runs them over every
value the integer can have. What comes out is exact by construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper

from flows.errors import FlowError

#: ONNX ops that act on each channel by itself, so that a chain of them is one function per channel
ELEMENTWISE = frozenset(
    "Add Sub Mul Div Neg Abs BatchNormalization Clip Relu LeakyRelu PRelu Identity Pow Sqrt "
    "Tanh HardSigmoid Sigmoid Round Floor Ceil".split()
)


@dataclass(frozen=True)
class Chain:
    """Nodes from tensor `start` to tensor `end`, and the node that reads `end` (None: output)."""

    start: str
    end: str
    nodes: tuple[NodeProto, ...]
    consumer: NodeProto | None


def find_chain(model: ModelWrapper, start: str) -> Chain:
    """Walk from `start` over elementwise nodes with one reader each.

    Raises:
        FlowError: unsupported-node, where a node reads the chain together with another tensor that
            is not a constant (a residual connection), or the chain forks.
    """
    nodes: list[NodeProto] = []
    tensor = start
    while True:
        consumers = model.find_consumers(tensor)
        if len(consumers) > 1:
            names = ", ".join(n.name for n in consumers)
            raise FlowError(
                "unsupported-node",
                f"tensor {tensor} is read by several nodes ({names})",
                "the QONNX graph",
                "use a chain of layers; residual connections are not supported yet",
                'flows/README.md, "What can be compiled"',
            )
        node = consumers[0] if consumers else None
        if node is None or node.op_type not in ELEMENTWISE:
            return Chain(start, tensor, tuple(nodes), node)
        for name in node.input:
            if name and name != tensor and model.get_initializer(name) is None:
                raise FlowError(
                    "unsupported-node",
                    f"node {node.name} ({node.op_type}) combines two computed tensors",
                    f"the QONNX graph, node {node.name}",
                    "use a chain of layers; residual connections are not supported yet",
                    'flows/README.md, "What can be compiled"',
                )
        nodes.append(node)
        tensor = node.output[0]


def evaluate_chain(
    model: ModelWrapper,
    chain: Chain,
    values: NDArray[np.float32],
    others: Mapping[str, NDArray[np.float32]] | None = None,
) -> NDArray[np.float32]:
    """Run the chain's nodes in onnxruntime, without graph optimisations.

    Args:
        model: the graph that holds the chain and its constants.
        chain: what to run; an empty chain gives `values` back.
        values: shape (n, C) or (n, C, 1, 1), float32: the values of tensor `chain.start`.
        others: further tensors that the nodes read, shape (n, 1) or (n, 1, 1, 1).

    Returns:
        The same shape, float32: the values of tensor `chain.end`.
    """
    if not chain.nodes:
        return values
    constants = [
        onnx.numpy_helper.from_array(model.get_initializer(name), name)
        for name in dict.fromkeys(name for node in chain.nodes for name in node.input)
        if name and model.get_initializer(name) is not None
    ]
    shape = ["n", *values.shape[1:]]
    given = {chain.start: values.astype(np.float32), **(others or {})}
    graph = helper.make_graph(
        list(chain.nodes),
        "chain",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *array.shape[1:]])
            for name, array in given.items()
        ],
        [helper.make_tensor_value_info(chain.end, TensorProto.FLOAT, shape)],
        initializer=constants,
    )
    opset = next(o.version for o in model.model.opset_import if o.domain in ("", "ai.onnx"))
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    result: NDArray[np.float32] = session.run(None, given)[0]
    return result


def remove_chain(model: ModelWrapper, chain: Chain) -> None:
    """Take the chain's nodes out of the graph; the consumer then reads `chain.start`."""
    for node in chain.nodes:
        model.graph.node.remove(node)
    if not chain.nodes:
        return
    if chain.consumer is not None:
        for i, name in enumerate(chain.consumer.input):
            if name == chain.end:
                chain.consumer.input[i] = chain.start
    else:
        raise ValueError("a chain that ends in a graph output has no reader to connect")
