# SPDX-License-Identifier: Apache-2.0
"""What a layer reads: integers or bits, and the codes of the padding around them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from onnx import NodeProto, helper

from flows.errors import FlowError
from flows.integer.joins import grid_step, materialise
from flows.integer.lower import MORE, Lowering
from flows.integer.table import MANY, codes, evaluate, of_codes
from flows.integer.value import Value, is_power_of_two


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


def padding_of(ctx: Lowering, node: NodeProto, value: Value) -> tuple[tuple[int, ...], float]:
    """Top, left, bottom, right of a convolution's padding, and the value padded with."""
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


def read_input(ctx: Lowering, node: NodeProto, value: Value, padded: bool, number: float) -> Input:
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
    if value.share is not None or value.high - value.low >= MANY:
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
