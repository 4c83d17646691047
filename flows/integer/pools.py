# SPDX-License-Identifier: Apache-2.0
"""Pooling: maxima wait for the quantizer behind them, sums need a grid."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper

from flows.datatypes import int_type
from flows.integer.lower import Lowering
from flows.integer.table import evaluate, of_codes
from flows.integer.value import Ints, Pending, Value, is_power_of_two


def _attributes(node: NodeProto) -> dict[str, Any]:
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def _kernel(ctx: Lowering, node: NodeProto) -> tuple[int, int]:
    """The window of a pool whose windows lie side by side."""
    given = _attributes(node)
    kernel: tuple[int, ...] = tuple(given.get("kernel_shape", ()))
    strides: tuple[int, ...] = tuple(given.get("strides", (1, 1)))
    dilations: tuple[int, ...] = tuple(given.get("dilations", (1, 1)))
    pads: tuple[int, ...] = tuple(given.get("pads", (0, 0, 0, 0)))
    auto = given.get("auto_pad", b"NOTSET")
    plain = dilations == (1, 1) and not any(pads) and not given.get("ceil_mode", 0)
    if kernel != strides or not plain or auto not in (b"NOTSET", b"VALID"):
        raise ctx.refused(
            node,
            f"pools {kernel} with strides {strides}, pads {pads}, dilations {dilations}",
            "windows that lie side by side: stride = kernel, no padding, ceil_mode=False; of "
            'resnet18-imagenet, network = "resnet18" is the form without such a pool',
        )
    return int(kernel[0]), int(kernel[1])


def add_pool(
    ctx: Lowering, value: Value, kernel: tuple[int, int], mode: str, mask: Ints | None = None
) -> Value:
    """Add a BnnPool behind a stream; `mask` says in which channels of bits it is an AND."""
    c, rows, columns = value.shape
    out = (c, rows // kernel[0], columns // kernel[1])
    n = kernel[0] * kernel[1] if mode == "sum" else 1
    low, high = value.low * n, value.high * n
    stream = ctx.hw.add(
        "BnnPool",
        [value.stream],
        (out[1], out[2], c),
        int_type(low, high),
        {"mask": np.zeros(c, np.int64) if mask is None else mask},
        inShape=[rows, columns, c],
        kernel=list(kernel),
        mode=mode,
    )
    return replace(value, stream=stream, shape=out, low=low, high=high, raw=False)


def sinks(ctx: Lowering, value: Value) -> NDArray[np.bool_]:
    """Channels in which what the waiting pool compares falls with the code."""
    assert value.pool is not None
    ends = np.repeat(np.array([[value.low], [value.high]]), value.channels, axis=1)
    compared = evaluate(ctx.model, value, of_codes(value, ends, 0), value.pool.n_nodes)
    falls: NDArray[np.bool_] = compared[1] < compared[0]
    return falls


def _is_sum(ctx: Lowering, value: Value) -> bool:
    """Whether a stream comes straight from an integer unit."""
    makers = [n for n in ctx.hw.nodes if n.output[0] == value.stream]
    return any(n.op_type == "BnnImvu" for n in makers)


def max_pool(ctx: Lowering, node: NodeProto) -> Value:
    """A maximum: of bits at once, of anything else behind the next quantizer."""
    value, kernel = ctx.value(node), _kernel(ctx, node)
    if value.pad is not None or value.flat:
        raise ctx.refused(node, "reads a padded or flattened map", "pool the map itself")
    sums = value.raw or _is_sum(ctx, value)  # wide: fewer bits are kept behind a quantizer
    if value.nodes or sums or value.border is not None or value.scale * value.mul < 0:
        if value.pool is not None:
            raise ctx.refused(node, "follows another pool without a quantizer between", "quantise")
        return replace(value, pool=Pending(kernel, len(value.nodes)))
    made = add_pool(ctx, value, kernel, "max")
    if len(value.offset) == 1 and (value.offset == value.offset.flat[0]).all():
        offset = int(value.offset.flat[0])
        ctx.hw.realise(made.stream, node.output[0], value.scale, value.mul, offset)
    return made


def _sum(ctx: Lowering, node: NodeProto, kernel: tuple[int, int]) -> Value:
    from flows.integer.joins import materialise

    return add_pool(ctx, materialise(ctx, node.input[0], node), kernel, "sum")


def _mean(ctx: Lowering, node: NodeProto, kernel: tuple[int, int]) -> Value:
    made = _sum(ctx, node, kernel)
    n = kernel[0] * kernel[1]
    if is_power_of_two(n):
        ctx.hw.realise(made.stream, node.output[0], made.scale / n, 1, 0)
        return replace(made, scale=made.scale / n)
    name = f"{node.name}_count"
    ctx.model.set_initializer(name, np.array(n, np.float32))
    start = f"{node.output[0]}_sum"
    division = helper.make_node("Div", [start, name], [node.output[0]], name=node.name)
    return replace(made, nodes=(division,), start=start)


def average_pool(ctx: Lowering, node: NodeProto) -> Value:
    """A sum, divided: exactly where the window has 2^k pixels."""
    return _mean(ctx, node, _kernel(ctx, node))


def global_average_pool(ctx: Lowering, node: NodeProto) -> Value:
    """The mean over the map."""
    _, rows, columns = ctx.value(node).size
    return _mean(ctx, node, (rows, columns))


def _over_map(ctx: Lowering, node: NodeProto) -> tuple[int, int]:
    """Rows and columns of the map that a reduction takes together."""
    axes = _attributes(node).get("axes")
    if axes is None and len(node.input) > 1:
        axes = ctx.constant(node.input[1])
    rank = len(ctx.model.get_tensor_shape(node.input[0]))
    if axes is None or sorted(int(a) % rank for a in np.asarray(axes).ravel()) != [2, 3]:
        raise ctx.refused(node, f"reduces axes {axes}", "reduce rows and columns")
    _, rows, columns = ctx.value(node).size
    return rows, columns


def reduce_mean(ctx: Lowering, node: NodeProto) -> Value:
    """The mean over rows and columns."""
    return _mean(ctx, node, _over_map(ctx, node))


def reduce_sum(ctx: Lowering, node: NodeProto) -> Value:
    """The sum over rows and columns."""
    made = _sum(ctx, node, _over_map(ctx, node))
    ctx.hw.realise(made.stream, node.output[0], made.scale, 1, 0)
    return made
