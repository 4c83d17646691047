# SPDX-License-Identifier: Apache-2.0
"""Walk a QONNX graph in order and build the hardware graph that computes the same, in integers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from flows.errors import FlowError
from flows.integer.hardware import Hardware
from flows.integer.sums import Sum
from flows.integer.table import evaluate, split_constant
from flows.integer.value import Padding, Value
from flows.transforms.chain import ELEMENTWISE

MORE = 'flows/README.md, "What can be compiled"'


class Lowering:
    """State of one walk: the QONNX graph, the hardware graph, a Value per computed tensor."""

    def __init__(self, model: ModelWrapper, input_kind: str) -> None:
        self.model, self.hw, self.input_kind = model, Hardware(), input_kind
        self.values: dict[str, Value] = {}
        self.made: dict[str, Value] = {}  # integers on a grid, by QONNX tensor
        self.sums: dict[str, Sum] = {}  # what the units with weights of 1 bit count, by stream

    def constant(self, name: str) -> np.ndarray | None:
        """A constant: an initialiser, or 1-bit or few-bit weights made from one."""
        array = self.model.get_initializer(name)
        if array is not None:
            return np.asarray(array)
        node = self.model.find_producer(name)
        if node is not None and node.op_type == "Transpose":
            return self._transposed(node)
        if node is None or node.op_type not in ("BipolarQuant", "Quant", "IntQuant"):
            return None
        inputs = {n: self.model.get_initializer(n) for n in node.input}
        if any(array is None for array in inputs.values()):
            return None
        context = {**inputs, node.output[0]: None}
        getCustomOp(node).execute_node(context, self.model.graph)
        return np.asarray(context[node.output[0]], np.float32)

    def _transposed(self, node: NodeProto) -> np.ndarray | None:
        """Weights of a Gemm, which qonnx turns for MatMul."""
        array = self.constant(node.input[0])
        axes = next((tuple(a.ints) for a in node.attribute if a.name == "perm"), None)
        return None if array is None else array.transpose(axes)

    def value(self, node: NodeProto, index: int = 0) -> Value:
        """What input `index` of a node is.

        Raises:
            FlowError: unsupported-node, where it is a constant.
        """
        name = node.input[index]
        if name not in self.values:
            raise self.refused(node, f"input {name} is a constant", "fold constants first")
        return self.values[name]

    def refused(self, node: NodeProto, why: str, hint: str) -> FlowError:
        """The error for a node that no hardware can be made for."""
        return FlowError(
            "unsupported-node",
            f"node {node.name} ({node.op_type}): {why}",
            f"the QONNX graph, node {node.name} (reads {', '.join(n for n in node.input if n)})",
            hint,
            MORE,
        )


Handler = Callable[[Lowering, NodeProto], Value]


def _handlers() -> dict[str, Handler]:
    from flows.integer import convs, pools, quants, shapes

    return {
        "Conv": convs.conv,
        "MatMul": convs.matmul,
        "Gemm": convs.matmul,
        "BipolarQuant": quants.bipolar,
        "Quant": quants.quant,
        "IntQuant": quants.quant,
        "MaxPool": pools.max_pool,
        "AveragePool": pools.average_pool,
        "GlobalAveragePool": pools.global_average_pool,
        "ReduceMean": pools.reduce_mean,
        "ReduceSum": pools.reduce_sum,
        "Reshape": shapes.reshape,
        "Flatten": shapes.reshape,
        "Squeeze": shapes.reshape,
        "Slice": shapes.slice_,
        "Pad": shapes.pad,
        "Identity": shapes.identity,
        "Dropout": shapes.identity,
    }


def lower_graph(model: ModelWrapper, input_kind: str) -> ModelWrapper:
    """Stage lower of a network with maps.

    Args:
        model: what import_qonnx gave, QONNX dialect, channels first.
        input_kind: one of flows.config.INPUTS.

    Returns:
        A graph of flows.ops, not folded: input (1, rows, columns, channels) as the accelerator is
        fed, output the label (1, 1). Attributes `realises` say which tensors of `model` its streams
        carry.

    Raises:
        FlowError: unsupported-node, not-monotone, residual-grid, pad-value, quant-scale, ...
    """
    from flows.integer import joins, scores, shapes

    ctx = Lowering(model, input_kind)
    source = model.graph.input[0].name
    ctx.values[source] = shapes.graph_input(ctx, source).named(source)
    handlers = _handlers()
    for node in model.graph.node:
        if all(ctx.constant(name) is not None for name in node.output):
            continue
        if node.op_type == "Add" and _joins(ctx, node):
            value = joins.add(ctx, node)
        elif node.op_type in handlers:
            value = handlers[node.op_type](ctx, node)
        elif node.op_type in ELEMENTWISE:
            value = _elementwise(ctx, node)
        else:
            raise ctx.refused(node, "there is no hardware for it", "leave it out, or replace it")
        ctx.values[node.output[0]] = value.named(node.output[0])
    output = scores.scores(ctx, ctx.values[model.graph.output[0].name])
    return ctx.hw.model(output)


def _joins(ctx: Lowering, node: NodeProto) -> bool:
    """Whether an Add sums two branches, not two functions of one stream."""
    if not all(name in ctx.values for name in node.input):
        return False
    a, b = (ctx.values[name] for name in node.input)
    return not (a.same_base(b) and (a.nodes or b.nodes))


def _elementwise(ctx: Lowering, node: NodeProto) -> Value:
    from flows.integer import joins

    computed = list(dict.fromkeys(name for name in node.input if name in ctx.values))
    value = ctx.values[computed[0]]
    nodes = list(value.nodes)
    for name in computed[1:]:
        other = ctx.values[name]
        if not value.same_base(other):
            raise ctx.refused(
                node,
                "combines two computed tensors",
                "sums of two branches (Add) are the only joins there is hardware for",
            )
        nodes += [n for n in other.nodes if n not in nodes]
    for name in node.input:
        split_constant(ctx.model, value, name)
    new = replace(value, nodes=(*nodes, node))
    if value.pad is not None:
        new = replace(new, pad=_through(ctx, node, value.pad, value.channels))
    return joins.clamped(ctx, node, new)


def _through(ctx: Lowering, node: NodeProto, pad: Padding, channels: int) -> Padding:
    """Padding behind a per-channel node: its value becomes the node's."""
    x = Value("", (channels, 1, 1), 0, 0, pad.value, 1, np.ones((1, 1), np.int64))
    x = replace(x, nodes=(node,), start=next(n for n in node.input if n in ctx.values))
    y = evaluate(ctx.model, x, np.ones((1, channels), np.int64))
    if not (y == y[0, 0]).all():
        raise ctx.refused(
            node, "makes the padding differ from channel to channel", "pad behind this node"
        )
    return replace(pad, value=float(y[0, 0]))
