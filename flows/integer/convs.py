# SPDX-License-Identifier: Apache-2.0
"""Convolutions and matrices: 1-bit weights on bits count matches, all others sum integers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper

from flows.errors import FlowError
from flows.integer.border import Border, Window, inside
from flows.integer.hardware import int_type
from flows.integer.joins import grid_step, materialise
from flows.integer.lower import MORE, Lowering
from flows.integer.table import MANY, codes, evaluate, of_codes
from flows.integer.value import Ints, Value, is_power_of_two


@dataclass(frozen=True)
class Weights:
    """Integer weights (outputs, inputs / groups, kernel rows, columns) times scale per output."""

    w: Ints
    scale: NDArray[np.float64]
    bits: int

    @property
    def signs(self) -> bool:
        """Whether all weights are -1 or +1."""
        return self.bits == 1


def _weights(ctx: Lowering, node: NodeProto) -> tuple[NDArray[np.float64], NodeProto]:
    """Float weights and the quantizer they come from."""
    name = node.input[1]
    quantizer = ctx.model.find_producer(name)
    if quantizer is not None and quantizer.op_type == "Transpose":
        quantizer = ctx.model.find_producer(quantizer.input[0])
    array = ctx.constant(name)
    if quantizer is None or array is None or quantizer.op_type not in ("BipolarQuant", "Quant"):
        raise FlowError(
            "float-layer",
            f"layer {node.name} has weights that are not quantised",
            f"the QONNX graph, node {node.name}, weights {name}",
            "quantise them: a binary weight_quant, or Brevitas' Int8WeightPerTensorFixedPoint for "
            "first, last and shortcut layers",
            MORE,
        )
    return array.astype(np.float64), quantizer


def _integers(
    ctx: Lowering, node: NodeProto, array: NDArray[np.float64], quantizer: NodeProto
) -> Weights:
    """Weights (outputs, ...) as integers and a scale for each output."""
    n = len(array)
    if quantizer.op_type == "BipolarQuant":
        size = np.abs(array).reshape(n, -1)
        if not np.array_equal(size, np.repeat(size[:, :1], size.shape[1], axis=1)):
            raise ctx.refused(
                node, "1-bit weights of several sizes in one filter", "one scale each"
            )
        return Weights(np.where(array > 0, 1, -1).astype(np.int64), size[:, 0], 1)
    scale = ctx.constant(quantizer.input[1])
    assert scale is not None
    if scale.size not in (1, n):
        raise ctx.refused(node, "has weight scales per input", "use one per tensor or per output")
    per_output = np.broadcast_to(scale.ravel().astype(np.float64), (n,))
    w = np.rint(array / per_output.reshape(n, *[1] * (array.ndim - 1))).astype(np.int64)
    bits = max(2, int(max(-w.min() - 1, w.max(), 1)).bit_length() + 1)
    return Weights(w, per_output, bits)


@dataclass(frozen=True)
class Input:
    """What a layer reads: value = step * (code + zero); `pad` is the code around the map.

    pad None: taps outside count as 0, and the constants depend on the pixel.
    """

    value: Value
    step: float
    zero: int
    pad: int | None
    bits: bool


def _padding(ctx: Lowering, node: NodeProto, value: Value) -> tuple[tuple[int, ...], float]:
    given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    own = tuple(given.get("pads", (0, 0, 0, 0)))
    if given.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        raise ctx.refused(node, "has automatic padding", "export explicit pads")
    if value.pad is None:
        return own, 0.0
    p = value.pad
    both = (p.top, p.left, p.bottom, p.right)
    if any(own) and any(both) and p.value != 0:
        raise ctx.refused(node, f"pads with 0 what was padded with {p.value:g}", "pad once")
    return tuple(a + b for a, b in zip(own, both, strict=True)), p.value


def _input(ctx: Lowering, node: NodeProto, value: Value, padded: bool, number: float) -> Input:
    """How the codes of a layer's input stand for its values, and the code of the padding."""
    if value.pool is not None or value.border is not None:
        value = materialise(ctx, node.input[0], node)
    found = _affine(ctx, value)
    if found is None:
        grid_step(ctx, node.input[0], node)
        pads = value.pad
        made = materialise(ctx, _unpadded(ctx, node, value), node)
        value = replace(made, pad=pads, flat=value.flat)
        found = _affine(ctx, value)
        assert found is not None
    step, zero = found
    if value.bits:
        return _bits(ctx, node, value, step, zero, padded, number)
    pad: int | None = 0
    if padded:
        code = number / step - zero
        fits = code == round(code) and value.low <= code <= value.high
        pad = int(code) if fits else None
        if pad is None and number != 0:
            raise _pad_value(node, number, "no value of its input")
    return Input(value, step, zero, pad, False)


def _unpadded(ctx: Lowering, node: NodeProto, value: Value) -> str:
    """A name under which the value without its padding can be asked for."""
    if value.pad is None:
        return str(node.input[0])
    name = f"{node.input[0]}/unpadded"
    ctx.values[name] = replace(value, pad=None)
    return name


def _affine(ctx: Lowering, value: Value) -> tuple[float, int] | None:
    """Step and zero with value = step * (code + zero) in every channel, or None."""
    if value.high - value.low >= MANY:
        return None
    x = codes(value)
    y = evaluate(ctx.model, value, of_codes(value, x, 0)).astype(np.float64)
    if len(value.offset) > 1 or not (y == y[:, :1]).all():
        return None
    if len(y) == 1:  # a constant: one step from 0, or 0
        step = abs(float(y[0, 0])) or 1.0
        return step, int(y[0, 0] / step) - value.low
    step = float(y[1, 0] - y[0, 0])
    if step == 0:
        return None
    if not value.bits and not is_power_of_two(abs(step)) and value.nodes:
        return None
    zero = y[0, 0] / step - value.low
    if value.bits:  # signs: 2b - 1, whatever their size
        half = (y[0, 0] + y[1, 0]) / step
        if half != round(half):
            return None
        return step, int(half)  # the step is twice the half; see _bits
    if zero != round(zero):
        return None
    if not np.array_equal(y[:, 0], step * (x + zero)):
        return None
    return step, int(zero)


def _bits(
    ctx: Lowering,
    node: NodeProto,
    value: Value,
    step: float,
    zero: int,
    padded: bool,
    number: float,
) -> Input:
    """Bits stand for two levels: half a step below and above `zero` half steps."""
    levels = (step * (zero - 1) / 2, step * (zero + 1) / 2)
    pad: int | None = 0
    if padded:
        pad = levels.index(number) if number in levels else None
        if pad is None and number != 0:
            raise _pad_value(node, number, f"neither {levels[0]:g} nor {levels[1]:g}")
    return Input(value, step / 2, zero, pad, True)


def _pad_value(node: NodeProto, number: float, why: str) -> FlowError:
    return FlowError(
        "pad-value",
        f"layer {node.name} reads a map padded with {number:g}, which is {why}",
        f"the QONNX graph, node {node.name}",
        "pad with -1, +1 or 0 (F.pad(x, ..., value=-1) in front of the convolution)",
        MORE,
    )


def conv(ctx: Lowering, node: NodeProto) -> Value:
    """A convolution of bits or integers."""
    value = ctx.value(node)
    array, quantizer = _weights(ctx, node)
    if array.ndim != 4 or value.flat:
        raise ctx.refused(node, "is no 2-dimensional convolution", "use maps and 2-d kernels")
    given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    pads, number = _padding(ctx, node, value)
    window = Window(
        value.size[1],
        value.size[2],
        (array.shape[2], array.shape[3]),
        tuple(given.get("strides", (1, 1))),
        tuple(given.get("dilations", (1, 1))),
        pads,  # type: ignore[arg-type]
    )
    groups = int(given.get("group", 1))
    weights = _integers(ctx, node, array, quantizer)
    read = _input(ctx, node, value, any(pads), number)
    if min(window.output) < 1 or array.shape[1] * groups != read.value.channels:
        raise ctx.refused(node, "does not fit its input map", "compare its shapes")
    bias = ctx.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else None
    return _layer(ctx, node, read, weights, window, groups, bias)


def matmul(ctx: Lowering, node: NodeProto) -> Value:
    """A matrix: a convolution that sees its whole input at once."""
    value = ctx.value(node)
    array, quantizer = _weights(ctx, node)
    given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if given.get("transA", 0) or given.get("alpha", 1.0) != 1 or given.get("beta", 1.0) != 1:
        raise ctx.refused(node, "is a Gemm with factors", "use MatMul, or Gemm with factors of 1")
    if not given.get("transB", 0):
        array = array.T
    c, rows, columns = value.size
    if array.shape[1] != c * rows * columns:
        raise ctx.refused(node, f"reads {array.shape[1]} of {c * rows * columns} inputs", "flatten")
    weights = _integers(ctx, node, array, quantizer)
    # the stream brings pixel by pixel what PyTorch flattens channel by channel
    w = weights.w.reshape(-1, c, rows, columns)
    read = _input(ctx, node, value, False, 0.0)
    bias = ctx.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else None
    window = Window(rows, columns, (rows, columns))
    return _layer(ctx, node, read, replace(weights, w=w), window, 1, bias, vector=True)


def _layer(
    ctx: Lowering,
    node: NodeProto,
    read: Input,
    weights: Weights,
    window: Window,
    groups: int,
    bias: NDArray[Any] | None,
    vector: bool = False,
) -> Value:
    border, taps = inside(window)
    if read.pad is not None:
        border, taps = Border((0,), (0,)), np.ones_like(taps[:1])
    per_tap = weights.w.sum(axis=1)  # (outputs, kernel rows, columns)
    inner = np.einsum("krc,orc->ko", taps, per_tap)  # sum of the weights inside
    n = weights.w.shape[1]
    counts = read.bits and weights.signs
    flipped = -weights.w if counts and read.step < 0 else weights.w
    stream = read.value.stream
    if not vector and not window.copies:
        stream = _window(ctx, read, window, groups)
    outputs = len(weights.w)
    shape = (outputs, 1, 1) if vector else (outputs, *window.output)
    columns = flipped.transpose(0, 2, 3, 1).reshape(outputs, -1)  # channels fastest
    if counts:
        zeros = np.einsum("krc,orc->ko", ~taps, (flipped < 0).sum(axis=1))
        count = taps.reshape(len(taps), -1).sum(axis=1)[:, None] * n
        step = abs(read.step)
        offset = -2 * zeros - count + (1 if read.step > 0 else -1) * read.zero * inner
        made = _binary(ctx, stream, columns, shape, groups)
        made = replace(made, mul=2, offset=offset, raw=read.pad is not None)
    else:
        made, n_neg = _integer(ctx, node, read, stream, columns, weights, shape, groups)
        step = read.step
        offset = n_neg[None, :] + read.zero * inner
        if read.bits:  # bits b stand for 2b - 1: sums of b, doubled
            offset = 2 * n_neg[None, :] + (read.zero - 1) * inner
            made = replace(made, mul=2)
        made = replace(made, offset=offset)
    if read.pad is None and len(taps) > 1:
        made = replace(made, border=border)
    made = _scaled(ctx, node, made, weights.scale * step)
    return made if bias is None else _biased(ctx, node, made, bias)


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
    x_low = min(read.value.low, read.pad or 0, 0 if read.pad is None else read.value.low)
    x_high = max(read.value.high, read.pad or 0)
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
        return replace(value, offset=value.offset + whole.astype(np.int64)[None, :], raw=value.raw)
    return _constant(ctx, node, value, "Add", bias.ravel())
