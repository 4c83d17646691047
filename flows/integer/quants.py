# SPDX-License-Identifier: Apache-2.0
"""Quantizers of activations: signs become thresholds, others rounded multiply-adds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto
from qonnx.custom_op.registry import getCustomOp

from flows.datatypes import int_type
from flows.errors import FlowError
from flows.integer import pairs
from flows.integer.joins import requantise
from flows.integer.lower import MORE, Lowering
from flows.integer.pools import add_pool, sinks
from flows.integer.table import Levels, NotMonotone, levels, quantized, results
from flows.integer.value import Ints, Value


def _scale(ctx: Lowering, node: NodeProto) -> float:
    scale = ctx.constant(node.input[1])
    if scale is None or scale.size != 1 or not float(scale.ravel()[0]) > 0:
        raise FlowError(
            "quant-scale",
            f"activation quantizer {node.name} has no single positive constant scale",
            f"the QONNX graph, node {node.name}, input {node.input[1]}",
            "use one scale per tensor for activations (Brevitas: scaling_per_output_channel=False)",
            MORE,
        )
    return float(scale.ravel()[0])


def bipolar(ctx: Lowering, node: NodeProto) -> Value:
    """BipolarQuant: one threshold per channel, and per class of pixels at a border."""
    value, scale = ctx.value(node), _scale(ctx, node)
    if value.pad is not None:
        raise ctx.refused(node, "reads a padded map", "pad behind the quantizer")
    function_of = results(ctx.model, value, lambda y: (y >= 0).astype(np.int64))
    try:
        if value.share is None:
            stream, mask = _compared(ctx, node, value, levels(function_of, value))
        else:
            stream, mask = pairs.compare(ctx, value, function_of)
    except NotMonotone as err:
        names = ", ".join(f"{n.name} ({n.op_type})" for n in value.nodes)
        raise FlowError(
            "not-monotone",
            f"the function in front of {node.name} is no single step: {err}",
            f"nodes {names}",
            "train with a monotone nonlinearity in front of the sign (for AdaBin's Maxout: keep "
            "n*p >= 0)",
            MORE,
        ) from None
    made = Value(stream, value.shape, 0, 1, scale, 2, np.array([[-1]]), flat=value.flat)
    if value.pool is not None:
        made = add_pool(ctx, made, value.pool.kernel, "max", mask.astype(np.int64))
    if not value.flat:
        ctx.hw.realise(made.stream, node.output[0], scale, 2, -1)
    return made


def _compared(
    ctx: Lowering, node: NodeProto, value: Value, found: Levels
) -> tuple[str, NDArray[np.bool_]]:
    """The stream of bits, and the channels in which a waiting max-pool is an AND of them."""
    thr, falling = _thresholds(found, value)
    falls = np.asarray(falling.any(axis=0))
    stream = _fused(ctx, node, value, thr, falling)
    if stream is None:
        stream = _compare(ctx, value, thr, falling)
    return stream, falls if value.pool is None else falls ^ sinks(ctx, value)


def _thresholds(found: Levels, value: Value) -> tuple[Ints, np.ndarray]:
    """Bit = (code >= thr) ^ falling, both of shape (classes, channels)."""
    n_classes, c = len(value.offset), value.channels
    if found.low == found.high:
        always = found.low == 1
        thr = np.full((n_classes, c), value.low if always else value.high + 1)
        return thr, np.zeros((n_classes, c), bool)
    first = found.first[:, 0]
    falls = np.broadcast_to(found.direction < 0, first.shape)
    return np.where(falls, first + 1, first), falls.copy()


def _fused(
    ctx: Lowering, node: NodeProto, value: Value, thr: Ints, falling: np.ndarray
) -> str | None:
    """Put the thresholds into the unit that counts, where nobody else reads its counts.

    Falling channels are made rising: the weights' complement counts MW - matches.
    """
    if not value.raw or len(thr) > 1 or ctx.hw.readers(value.stream):
        return None
    if _has_other_readers(ctx, node, value.stream):
        return None
    unit = ctx.hw.producer(value.stream)
    weights = unit.input[1]
    mw = ctx.hw.constants[weights].shape[0]
    w = ctx.hw.constants[weights].copy()
    falls = falling[0]
    w[:, falls] = 1 - w[:, falls]
    ctx.hw.constants[weights] = w
    name = f"{unit.name}_thresholds"
    rising = np.where(falls, mw + 1 - thr[0], thr[0])
    ctx.hw.constants[name] = rising[:, None].astype(np.float32)
    unit.input.append(name)
    ctx.hw.set(unit, noActivation=0)
    ctx.hw.retype(value.stream, "BINARY")
    return value.stream


def _has_other_readers(ctx: Lowering, node: NodeProto, stream: str) -> bool:
    """Whether any tensor between a stream's unit and a node is read by others, too."""
    waiting = list(node.input[:1])
    while waiting:
        name = waiting.pop()
        if name not in ctx.values or ctx.values[name].stream != stream:
            continue
        if len(ctx.model.find_consumers(name)) > 1:
            return True
        waiting += ctx.model.find_producer(name).input
    return False


def _compare(ctx: Lowering, value: Value, thr: Ints, falling: np.ndarray) -> str:
    shape = ctx.hw.shapes[value.stream][1:]
    classes = value.classes(len(thr))
    if not classes:
        thr, falling = thr[:1], falling[:1]
    return ctx.hw.add(
        "BnnBinarize",
        [value.stream],
        shape,
        int_type(0, 1),
        {"thresholds": thr, "falling": falling.astype(np.int64)},
        **classes,
    )


def quant(ctx: Lowering, node: NodeProto) -> Value:
    """Quant of activations: integers of a few bits."""
    value, scale = ctx.value(node), _scale(ctx, node)
    zero, bits = (ctx.constant(node.input[i]) for i in (2, 3))
    if zero is None or bits is None or np.any(zero) or bits.size != 1:
        raise FlowError(
            "quant-scale",
            f"quantizer {node.name} has a zero point, or no constant bit width",
            f"the QONNX graph, node {node.name}",
            "quantise symmetrically (Brevitas: Int8ActPerTensorFixedPoint)",
            MORE,
        )
    if value.pad is not None:
        raise ctx.refused(node, "reads a padded map", "pad behind the quantizer")
    op = getCustomOp(node)
    function_of = quantized(
        ctx.model,
        value,
        scale,
        int(bits.ravel()[0]),
        bool(op.get_nodeattr("signed")),
        bool(op.get_nodeattr("narrow")),
        str(op.get_nodeattr("rounding_mode")),
    )
    made = requantise(ctx, value, function_of, node)
    made = replace(made, scale=scale, flat=value.flat)
    if not value.flat:
        ctx.hw.realise(made.stream, node.output[0], scale, 1, 0)
    return made
