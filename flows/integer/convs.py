# SPDX-License-Identifier: Apache-2.0
"""Convolutions and matrices: 1-bit weights on bits count matches, all others sum integers."""

from __future__ import annotations

from dataclasses import replace

from onnx import NodeProto, helper

from flows.integer.border import Window, inside
from flows.integer.inputs import padding_of, read_input
from flows.integer.lower import Lowering
from flows.integer.units import add_layer
from flows.integer.value import Value
from flows.integer.weights import integer_weights, quantised_weights


def conv(ctx: Lowering, node: NodeProto) -> Value:
    """A convolution of bits or integers."""
    value = ctx.value(node)
    array, quantizer = quantised_weights(ctx, node)
    if array.ndim != 4 or value.flat:
        raise ctx.refused(node, "is no 2-dimensional convolution", "use maps and 2-d kernels")
    given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    pads, number = padding_of(ctx, node, value)
    window = Window(
        value.size[1],
        value.size[2],
        (array.shape[2], array.shape[3]),
        tuple(given.get("strides", (1, 1))),
        tuple(given.get("dilations", (1, 1))),
        pads,  # type: ignore[arg-type]
    )
    groups = int(given.get("group", 1))
    weights = integer_weights(ctx, node, array, quantizer)
    read = read_input(ctx, node, value, any(pads), number)
    if min(window.output) < 1 or array.shape[1] * groups != read.value.channels:
        raise ctx.refused(node, "does not fit its input map", "compare its shapes")
    if not inside(window)[1].any(axis=(1, 2)).all():
        raise ctx.refused(node, "has windows that see only padding", "pad less")
    bias = ctx.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else None
    return add_layer(ctx, node, read, weights, window, groups, bias)


def matmul(ctx: Lowering, node: NodeProto) -> Value:
    """A matrix: a convolution that sees its whole input at once."""
    value = ctx.value(node)
    array, quantizer = quantised_weights(ctx, node)
    given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if given.get("transA", 0) or given.get("alpha", 1.0) != 1 or given.get("beta", 1.0) != 1:
        raise ctx.refused(node, "is a Gemm with factors", "use MatMul, or Gemm with factors of 1")
    if not given.get("transB", 0):
        array = array.T
    c, rows, columns = value.size
    if array.shape[1] != c * rows * columns:
        raise ctx.refused(node, f"reads {array.shape[1]} of {c * rows * columns} inputs", "flatten")
    weights = integer_weights(ctx, node, array, quantizer)
    # the stream brings pixel by pixel what PyTorch flattens channel by channel
    w = weights.w.reshape(-1, c, rows, columns)
    read = read_input(ctx, node, value, False, 0.0)
    bias = ctx.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else None
    window = Window(rows, columns, (rows, columns))
    return add_layer(ctx, node, read, replace(weights, w=w), window, 1, bias, vector=True)
