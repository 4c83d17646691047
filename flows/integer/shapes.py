# SPDX-License-Identifier: Apache-2.0
"""Input, reshapes, slices and padding: what changes where a value stands, not what it is."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np
from onnx import NodeProto, helper

from flows.integer.border import every_nth
from flows.integer.hardware import SOURCE
from flows.integer.joins import materialise
from flows.integer.lower import Lowering
from flows.integer.table import is_split
from flows.integer.value import Padding, Value


def graph_input(ctx: Lowering, source: str) -> Value:
    """The pixels, or bits, that the accelerator is fed; a vector until something says otherwise."""
    shape = ctx.model.get_tensor_shape(source)
    channels, rows, columns = shape[1:] if len(shape) == 4 else (prod(shape[1:]), 1, 1)
    bipolar = ctx.input_kind == "bipolar"
    stream = ctx.hw.input(
        _channels_last((channels, rows, columns)), "BINARY" if bipolar else "UINT8"
    )
    value = Value(stream, (channels, rows, columns), 0, 1 if bipolar else 255)
    if bipolar:
        return replace(value, mul=2, offset=np.array([[-1]]))
    if ctx.input_kind == "pixel/255":
        # a node, not a scale: the quotient is rounded as the network's user rounds it
        name = "pixel_divisor"
        if ctx.model.get_initializer(name) is None:
            ctx.model.set_initializer(name, np.array(255, np.float32))
        node = helper.make_node("Div", ["pixels", name], [source], name="pixels")
        return replace(value, nodes=(node,), start="pixels")
    return value


def _channels_last(shape: tuple[int, int, int]) -> tuple[int, ...]:
    channels, rows, columns = shape
    return (rows, columns, channels) if (rows, columns) != (1, 1) else (channels,)


def identity(ctx: Lowering, node: NodeProto) -> Value:
    """The input."""
    return ctx.value(node)


def reshape(ctx: Lowering, node: NodeProto) -> Value:
    """A map to a vector and back; the stream stays."""
    value = ctx.value(node)
    shape = ctx.model.get_tensor_shape(node.output[0])
    if value.pad is not None:
        raise ctx.refused(node, "reads a padded map", "only convolutions read padded maps")
    if len(shape) == 2:
        return replace(value, flat=value.shape[1:] != (1, 1))
    if len(shape) != 4 or shape[0] != 1:
        raise ctx.refused(
            node, f"reshapes to {shape}", "use (1, channels, rows, columns) or (1, n)"
        )
    wanted = (shape[1], shape[2], shape[3])
    if value.flat and value.shape == wanted:
        return replace(value, flat=False)
    if value.stream == SOURCE and prod(value.shape) == prod(wanted):
        # the accelerator is fed pixel by pixel, whatever the shape the graph was given
        ctx.hw.shapes[value.stream] = (1, *_channels_last(wanted))
        return replace(value, shape=wanted, flat=False)
    if value.shape == wanted:
        return value
    raise ctx.refused(node, f"reshapes a map {value.shape} to {wanted}", "keep the maps' shape")


def slice_(ctx: Lowering, node: NodeProto) -> Value:
    """Every n-th row and column: a window of one pixel with a step."""
    value = ctx.value(node)
    given = [ctx.constant(name) if name else None for name in node.input[1:]]
    if len(node.input) < 3 or given[0] is None or given[1] is None or value.flat:
        raise ctx.refused(node, "its limits are not constant", "export with constant slices")
    starts, ends = given[0], given[1]
    axes = given[2] if len(given) > 2 and given[2] is not None else np.arange(len(starts))
    steps = given[3] if len(given) > 3 and given[3] is not None else np.ones(len(starts))
    strides = [1, 1]
    if value.pad is not None:
        raise ctx.refused(node, "reads a padded map", "only convolutions read padded maps")
    for start, end, axis, step in zip(starts, ends, np.asarray(axes) % 4, steps, strict=True):
        size = (1, *value.size)[int(axis)]
        if int(start) != 0 or int(end) < size or (int(axis) < 2 and int(step) != 1):
            raise ctx.refused(
                node, "takes a part of the map", "slices may only skip rows or columns"
            )
        if int(axis) >= 2:
            strides[int(axis) - 2] = int(step)
    if strides == [1, 1]:
        return value
    if value.pool is not None:
        value = materialise(ctx, node.input[0], node)
    if any(is_split(ctx.model, name) for n in value.nodes for name in n.input):
        raise ctx.refused(node, "skips pixels of different constants", "quantise in front of it")
    if value.border is not None:
        border, kept = every_nth(value.border, (strides[0], strides[1]))
        value = replace(value, border=border, offset=value.offset[kept])
    c, rows, columns = value.shape
    out = (c, -(-rows // strides[0]), -(-columns // strides[1]))
    stream = ctx.hw.add(
        "BnnWindow",
        [value.stream],
        (out[1], out[2], c),
        ctx.hw.types[value.stream],
        inShape=[rows, columns, c],
        kernel=[1, 1],
        strides=strides,
    )
    return replace(value, stream=stream, shape=out, raw=False)


def pad(ctx: Lowering, node: NodeProto) -> Value:
    """Around a map: left to the convolution behind. Of channels: zeros, on a grid."""
    value = ctx.value(node)
    pads = ctx.constant(node.input[1]) if len(node.input) > 1 else None
    if pads is None:
        attribute = next((a for a in node.attribute if a.name == "pads"), None)
        pads = None if attribute is None else np.array(attribute.ints)
    mode = next((a.s.decode() for a in node.attribute if a.name == "mode"), "constant")
    if pads is None or mode != "constant" or value.flat or (np.array(pads) < 0).any():
        raise ctx.refused(node, "pads by other than a constant", "use F.pad with constant sizes")
    number = ctx.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else None
    amount = 0.0 if number is None else float(np.asarray(number).ravel()[0])
    n, c, top, left, n1, c1, bottom, right = (int(p) for p in np.asarray(pads).ravel())
    if n or n1 or ((c or c1) and (top or left or bottom or right)):
        raise ctx.refused(node, "pads images, or channels and pixels at once", "use two nodes")
    if c or c1:
        return _channels(ctx, node, c, c1, amount)
    if not (top or left or bottom or right):
        return value
    old = value.pad or Padding(0, 0, 0, 0, amount)
    if old.value != amount:
        raise ctx.refused(node, "pads a padded map with another value", "pad once")
    grown = Padding(old.top + top, old.left + left, old.bottom + bottom, old.right + right, amount)
    return replace(value, pad=grown)


def _channels(ctx: Lowering, node: NodeProto, before: int, after: int, amount: float) -> Value:
    if amount != 0:
        raise ctx.refused(node, f"adds channels of {amount}", "add channels of 0")
    value = materialise(ctx, node.input[0], node)
    c, rows, columns = value.shape
    low, high = min(value.low, 0), max(value.high, 0)
    stream = ctx.hw.add(
        "BnnChannelPad",
        [value.stream],
        (rows, columns, before + c + after),
        ctx.hw.types[value.stream],  # it holds 0, too
        before=before,
        after=after,
    )
    shape = (before + c + after, rows, columns)
    ctx.hw.realise(stream, node.output[0], value.scale, 1, 0)
    return replace(value, stream=stream, shape=shape, low=low, high=high, raw=False)
