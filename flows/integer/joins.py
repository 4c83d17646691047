# SPDX-License-Identifier: Apache-2.0
"""Integers on a grid: requantisation, sums of two branches, clips behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from onnx import NodeProto

from flows.datatypes import int_type
from flows.errors import FlowError
from flows.integer import pair_levels, pairs
from flows.integer.fallback import tabulate
from flows.integer.fit import fit
from flows.integer.lower import MORE, Lowering
from flows.integer.table import (
    MANY,
    Function,
    NotMonotone,
    codes,
    evaluate,
    levels,
    of_codes,
    on_grid,
    results,
)
from flows.integer.value import Ints, Value, is_power_of_two


def grid_step(ctx: Lowering, tensor: str, node: NodeProto) -> float:
    """The step of the power-of-two grid that all values of a tensor lie on.

    Raises:
        FlowError: residual-grid.
    """
    value = ctx.values[tensor]
    exact = not value.nodes and is_power_of_two(abs(value.scale))
    step = value.scale if exact else on_grid(ctx.model, value)
    if step is None:
        names = ", ".join(f"{n.name} ({n.op_type})" for n in value.nodes) or "its scale"
        hint = (
            "quantise it in training with a power-of-two scale (Brevitas: QuantIdentity with "
            "Int8ActPerTensorFixedPoint) in front of this node"
        )
        if tensor == ctx.model.graph.input[0].name:
            hint = "give --input pixel if the network takes 0..255; else " + hint
        raise FlowError(
            "residual-grid",
            f"{node.name} ({node.op_type}) reads {tensor}, whose values are on no power-of-two "
            f"grid: {names}",
            f"the QONNX graph, node {node.name}",
            hint,
            MORE,
        )
    return abs(step)


def materialise(ctx: Lowering, tensor: str, node: NodeProto, step: float | None = None) -> Value:
    """A stream that carries value / step: no nodes, no classes, one factor.

    Args:
        ctx: the walk.
        tensor: of the QONNX graph.
        node: who asks, for messages.
        step: the grid; the coarsest one where None.

    Raises:
        FlowError: residual-grid.
    """
    value = ctx.values[tensor]
    if value.pad is not None:
        raise ctx.refused(node, "reads a padded map", "only convolutions read padded maps")
    step = grid_step(ctx, tensor, node) if step is None else step
    key = f"{tensor}/{step}"
    if key not in ctx.made:
        plain = not value.nodes and value.pool is None and len(value.offset) == 1
        if plain and value.mul == 1 and not value.offset.any() and value.scale == step:
            ctx.made[key] = value
        else:
            whole = np.float64(step)
            made = requantise(
                ctx,
                value,
                results(ctx.model, value, lambda y: np.rint(y / whole).astype(np.int64)),
                node,
            )
            ctx.made[key] = replace(made, scale=step, flat=value.flat)
            if not value.flat and ctx.model.get_tensor_shape(tensor) is not None:
                ctx.hw.realise(made.stream, tensor, step, 1, 0)
    return ctx.made[key]


def requantise(
    ctx: Lowering,
    value: Value,
    function_of: Callable[[int], Function],
    node: NodeProto,
) -> Value:
    """Hardware for an integer function of a stream: nothing, a multiply-add, thresholds or a table.

    Args:
        ctx: the walk.
        value: what the function is of.
        function_of: the function for each class.
        node: who asks, for messages.

    Raises:
        FlowError: no-affine (no multiply-add, nor thresholds or a table of a bearable size),
            not-monotone and share-fit (functions of two sums).
    """
    if value.pool is not None:
        return _pooled(ctx, value, function_of, node)
    if value.share is not None:
        return pair_levels.requantise(ctx, value, function_of, node)
    try:
        found = levels(function_of, value)
    except NotMonotone:
        return tabulate(ctx, value, function_of, None, node)
    affine = fit(found, value.low, value.high)
    if affine is None:
        return tabulate(ctx, value, function_of, found, node)
    low, high = found.low, found.high
    one_class = len(affine.b) == 1 or bool((affine.b == affine.b[:1]).all())
    if one_class and (affine.a == 1).all() and not affine.b.any() and affine.shift == 0:
        if (low, high) == (value.low, value.high):
            return Value(value.stream, value.shape, low, high)
    b = affine.b[:1] if one_class else affine.b
    stream = ctx.hw.add(
        "BnnRequant",
        [value.stream],
        ctx.hw.shapes[value.stream][1:],
        int_type(low, high),
        {"a": affine.a, "b": b},
        shift=affine.shift,
        low=low,
        high=high,
        **value.classes(len(b)),
    )
    return Value(stream, value.shape, low, high)


def _pooled(
    ctx: Lowering,
    value: Value,
    function_of: Callable[[int], Function],
    node: NodeProto,
) -> Value:
    """A pool that waited: the function first, then the maximum of its results.

    Where the function falls with what the pool compares, the maximum becomes a minimum: results y
    become -1 - y in front of it and again behind it, which keeps the limits of an integer type.
    """
    from flows.integer.pools import add_pool, sinks

    pool, bare = value.pool, replace(value, pool=None)
    assert pool is not None
    try:
        if value.share is not None:
            falls = pair_levels.falls(ctx, value, function_of)
        else:
            falls = (levels(function_of, bare).direction < 0) ^ sinks(ctx, value)
    except NotMonotone:
        raise ctx.refused(
            node,
            "a maximum over windows does not commute with the nodes around it",
            "put the MaxPool behind a quantizer, or use monotone nodes between",
        ) from None

    def turned(y: Ints) -> Ints:
        return np.where(falls, -1 - y, y)

    made = requantise(ctx, bare, lambda k: lambda *x: turned(function_of(k)(*x)), node)
    made = add_pool(ctx, made, pool.kernel, "max")
    if not falls.any():
        return made
    return requantise(ctx, made, lambda k: turned, node)


def add(ctx: Lowering, node: NodeProto) -> Value:
    """The sum of two branches, on the finer one's grid."""
    shared = pairs.joined(ctx, node)
    if shared is not None:
        return shared
    step = min(grid_step(ctx, name, node) for name in node.input)
    a, b = (materialise(ctx, name, node, step) for name in node.input)
    if (a.shape, a.flat) != (b.shape, b.flat):
        raise ctx.refused(node, f"adds maps {a.shape} and {b.shape}", "give both one shape")
    low, high = a.low + b.low, a.high + b.high
    stream = ctx.hw.add(
        "BnnAdd",
        [a.stream, b.stream],
        ctx.hw.shapes[a.stream][1:],
        int_type(low, high),
        input1DataType=ctx.hw.types[b.stream],
        low=low,
        high=high,
    )
    if not a.flat:
        ctx.hw.realise(stream, node.output[0], step, 1, 0)
    return Value(stream, a.shape, low, high, step, flat=a.flat)


def clamped(ctx: Lowering, node: NodeProto, value: Value) -> Value:
    """A clip right behind a sum goes into the adder, which then keeps fewer bits."""
    before = value.nodes[:-1]
    if node.op_type not in ("Clip", "Relu") or before or value.high - value.low >= MANY:
        return value
    sources = [n for n in ctx.hw.nodes if n.output[0] == value.stream and n.op_type == "BnnAdd"]
    computed = next(name for name in node.input if name in ctx.values)
    total = ctx.hw.realised.get(value.stream, {}).get("tensor")
    if not sources or total != computed or len(ctx.model.find_consumers(computed)) > 1:
        return value
    x = codes(value)
    y = evaluate(ctx.model, value, of_codes(value, x, 0)).astype(np.float64) / value.scale
    low, high = int(y.min()), int(y.max())
    if not np.array_equal(y, np.repeat(np.clip(x, low, high)[:, None], y.shape[1], axis=1)):
        return value
    ctx.hw.set(sources[0], low=low, high=high)
    ctx.hw.retype(value.stream, int_type(low, high))
    ctx.hw.realised.pop(value.stream, None)
    ctx.hw.realise(value.stream, node.output[0], value.scale, 1, 0)
    return replace(value, low=low, high=high, nodes=())
