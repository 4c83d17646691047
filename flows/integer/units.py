# SPDX-License-Identifier: Apache-2.0
"""Hardware of a layer: a window, a unit that counts matches or sums products, scale and bias."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper

from flows.datatypes import int_type
from flows.integer.border import Border, Window, inside
from flows.integer.inputs import Input
from flows.integer.lower import Lowering
from flows.integer.sums import Sum
from flows.integer.value import Ints, Value, is_power_of_two
from flows.integer.weights import Weights


def add_layer(
    ctx: Lowering,
    node: NodeProto,
    read: Input,
    weights: Weights,
    window: Window,
    groups: int,
    bias: NDArray[Any] | None,
    vector: bool = False,
) -> Value:
    """Add the hardware of a convolution or matrix.

    Args:
        ctx: the walk.
        node: the layer, for messages and names.
        read: what it reads.
        weights: shape (outputs, channels / groups, kernel rows, columns).
        window: its geometry; a matrix sees the whole map.
        groups: of channels.
        bias: per output, or None.
        vector: the layer is a matrix: its output is a vector.
    """
    border, taps = inside(window)
    if read.pad is not None:
        border, taps = Border((0,), (0,)), np.ones_like(taps[:1])
    per_tap = weights.w.sum(axis=1)  # (outputs, kernel rows, columns)
    inner = np.einsum("krc,orc->ko", taps, per_tap)  # sum of the weights inside
    n = weights.w.shape[1]
    counts = read.bits and weights.signs
    flipped = -weights.w if counts and read.step < 0 else weights.w
    outputs = len(weights.w)
    shape = (outputs, 1, 1) if vector else (outputs, *window.output)
    columns = flipped.transpose(0, 2, 3, 1).reshape(outputs, -1)  # channels fastest
    plain = weights.signs and bool((columns == 1).all())
    boxed = plain and outputs == 1 and n > 1 and not vector and not window.copies
    stream = read.value.stream
    if not (boxed or vector or window.copies):
        stream = _window(ctx, read, window, groups)
    if counts:
        zeros = np.einsum("krc,orc->ko", ~taps, (flipped < 0).sum(axis=1))
        count = taps.reshape(len(taps), -1).sum(axis=1)[:, None] * n
        step = abs(read.step)
        offset = -2 * zeros - count + (1 if read.step > 0 else -1) * read.zero * inner
        if boxed:
            made = replace(_boxed(ctx, node, read, window, n, shape), mul=2, offset=offset)
        else:
            made = _binary(ctx, stream, columns, shape, groups)
            made = replace(made, mul=2, offset=offset, raw=read.pad is not None)
    else:
        if boxed:
            made, n_neg = _boxed(ctx, node, read, window, n, shape), np.zeros(1, np.int64)
        else:
            made, n_neg = _integer(ctx, node, read, stream, columns, weights, shape, groups)
        step = read.step
        offset = n_neg[None, :] + read.zero * inner
        if read.bits:  # bits b stand for 2b - 1: sums of b, doubled
            offset = 2 * n_neg[None, :] + (read.zero - 1) * inner
            made = replace(made, mul=2)
        made = replace(made, offset=offset)
    if weights.signs:
        low, high = _range(read)
        mw, ones = columns.shape[1], (columns > 0).sum(axis=1)
        ctx.sums[made.stream] = Sum(read.value.stream, window, low, high, mw, ones, counts)
    if read.pad is None and len(taps) > 1:
        made = replace(made, border=border)
    made = _scaled(ctx, node, made, weights.scale * step)
    return made if bias is None else _biased(ctx, node, made, bias)


def _range(read: Input) -> tuple[int, int]:
    """Smallest and largest code of what a layer reads, the padding's included."""
    return min(read.value.low, read.pad or 0), max(read.value.high, read.pad or 0)


def _boxed(
    ctx: Lowering, node: NodeProto, read: Input, window: Window, n: int, shape: tuple[int, int, int]
) -> Value:
    """The plain sum over windows, as the sum over pixels of the sum over their n channels.

    So the line buffer keeps one number per pixel, not all channels a second time.
    """
    pixel, taps = np.ones((1, n), np.int64), np.ones((1, prod(window.kernel)), np.int64)
    at = (1, window.rows, window.columns)
    one = Weights(pixel, np.ones(1), 1)
    if read.bits:
        sums = _binary(ctx, read.value.stream, pixel, at, 1)
    else:
        sums, _ = _integer(ctx, node, read, read.value.stream, pixel, one, at, 1)
    of_pixels = Input(sums, 1.0, 0, (read.pad or 0) * n, False)
    stream = _window(ctx, of_pixels, window, 1)
    made, _ = _integer(ctx, node, of_pixels, stream, taps, one, shape, 1)
    return made


def _window(ctx: Lowering, read: Input, window: Window, groups: int) -> str:
    c = read.value.channels
    stream: str = ctx.hw.add(
        "BnnWindow",
        [read.value.stream],
        (*window.output, prod(window.kernel) * c),
        ctx.hw.types[read.value.stream],
        inShape=[window.rows, window.columns, c],
        kernel=list(window.kernel),
        strides=list(window.strides),
        dilations=list(window.dilations),
        pads=list(window.pads),
        padValue=read.pad or 0,
        groups=groups,
    )
    return stream


def _binary(
    ctx: Lowering, stream: str, columns: Ints, shape: tuple[int, int, int], groups: int
) -> Value:
    outputs, mw = columns.shape
    vectors = [1] if shape[1:] == (1, 1) else [1, *shape[1:]]
    out = ctx.hw.add(
        "BnnMvu",
        [stream],
        (outputs,) if vectors == [1] else (*shape[1:], outputs),
        int_type(0, mw) if mw > 1 else "UINT1",
        {"weights": (columns.T > 0).astype(np.int64)},
        inShape=None,
        MW=mw,
        MH=outputs,
        SIMD=1,
        PE=1,
        groups=groups,
        weightDataType="BINARY",
        binaryXnorMode=1,
        noActivation=1,
        numInputVectors=vectors,
    )
    return Value(out, shape, 0, mw)


def _integer(
    ctx: Lowering,
    node: NodeProto,
    read: Input,
    stream: str,
    columns: Ints,
    weights: Weights,
    shape: tuple[int, int, int],
    groups: int,
) -> tuple[Value, Ints]:
    """A unit that sums products; -1 weights take -1 - x, which costs no carry.

    Returns:
        Its sums, and per output what has to be added to them.
    """
    x_low, x_high = _range(read)
    positive, negative = np.maximum(columns, 0), np.minimum(columns, 0)
    low = positive.sum(axis=1) * x_low + negative.sum(axis=1) * x_high
    high = positive.sum(axis=1) * x_high + negative.sum(axis=1) * x_low
    n_neg = np.zeros(len(columns), np.int64)
    kept = columns.T
    if weights.signs:
        n_neg = (columns < 0).sum(axis=1)
        low, high = low - n_neg, high - n_neg
        kept = (columns.T > 0).astype(np.int64)
    if max(-low.min(), high.max()) >= 1 << 24:
        raise ctx.refused(node, "its sums exceed 24 bits, which float32 rounds", "fewer bits")
    outputs, mw = columns.shape
    source = ctx.hw.shapes[stream][1:]
    flat = shape[1:] == (1, 1)
    signed = int_type(min(int(low.min()), -1), int(high.max()))
    out = ctx.hw.add(
        "BnnImvu",
        [stream],
        (outputs,) if flat else (*shape[1:], outputs),
        signed,
        {"weights": kept},
        inShape=[prod(source)] if flat else list(source),
        MW=mw,
        MH=outputs,
        SIMD=1,
        PE=1,
        groups=groups,
        weightBits=weights.bits,
    )
    return Value(out, shape, int(low.min()), int(high.max())), n_neg


def _scaled(ctx: Lowering, node: NodeProto, value: Value, scale: NDArray[np.float64]) -> Value:
    """One scale for all outputs, or a Mul per output."""
    value = replace(value, start=f"{node.output[0]}_sum")
    if (scale == scale[0]).all():
        return replace(value, scale=float(scale[0]))
    return _constant(ctx, node, value, "Mul", scale)


def _constant(ctx: Lowering, node: NodeProto, value: Value, op: str, array: NDArray[Any]) -> Value:
    """One more node with a number per output channel."""
    name, out = f"{node.name}_{op.lower()}", f"{node.output[0]}_{op.lower()}"
    shape = ctx.model.get_tensor_shape(node.output[0])
    ctx.model.set_initializer(
        name, array.astype(np.float32).reshape(1, -1, *[1] * (len(shape) - 2))
    )
    ctx.model.set_tensor_shape(out, shape)
    source = value.nodes[-1].output[0] if value.nodes else value.start
    made = helper.make_node(op, [source, name], [out], name=name)
    return replace(value, nodes=(*value.nodes, made))


def _biased(ctx: Lowering, node: NodeProto, value: Value, bias: NDArray[Any]) -> Value:
    """A bias on the grid of the sums is part of the integer; any other is a node."""
    units = bias.ravel().astype(np.float64) / (value.scale or 1.0)
    whole = np.rint(units)
    exact = not value.nodes and is_power_of_two(abs(value.scale))
    if exact and np.array_equal(units, whole) and np.abs(whole).max() < 1 << 24:
        return replace(value, offset=value.offset + whole.astype(np.int64)[None, :])
    return _constant(ctx, node, value, "Add", bias.ravel())
