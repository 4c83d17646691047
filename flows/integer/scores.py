# SPDX-License-Identifier: Apache-2.0
"""The end of the network: integer scores in the order of the float ones, and their argmax."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from flows.datatypes import int_type, smallest_type
from flows.errors import FlowError
from flows.integer import pairs
from flows.integer.fallback import add_table
from flows.integer.lower import MORE, Lowering
from flows.integer.table import codes, evaluate, of_codes
from flows.integer.value import Value, is_power_of_two
from flows.transforms.map_scores import fit_score_map


def scores(ctx: Lowering, value: Value) -> str:
    """Add what turns the last layer's integers into scores and a label.

    Returns:
        The label's tensor.

    Raises:
        FlowError: scores-shape, scores-order.
    """
    if value.shape[1:] != (1, 1) or value.pool is not None or value.pad is not None:
        raise FlowError(
            "scores-shape",
            f"the network ends in maps of {value.shape}, not in one score per class",
            "the QONNX graph's output",
            "end in a classifier: average the maps or flatten them in front of a linear layer",
            MORE,
        )
    if value.share is not None:
        return _label(ctx, value, pairs.scores(ctx, value))
    value = _absorbed(ctx, value)
    n = value.high - value.low + 1
    exact = not value.nodes and value.scale > 0 and is_power_of_two(value.scale)
    if exact and len(value.offset) == 1:
        stream = _integer(ctx, value)
    elif n * value.channels < 1 << 22:
        stream = _mapped(ctx, value)
    else:
        raise FlowError(
            "scores-order",
            f"the scores are float functions of integers of {n} values: too many to compare",
            "the QONNX graph, behind its last layer",
            "quantise the classifier with power-of-two scales and a bias on their grid",
            MORE,
        )
    return _label(ctx, value, stream)


def _label(ctx: Lowering, value: Value, stream: str) -> str:
    label: str = ctx.hw.add(
        "BnnArgmax",
        [stream],
        (1,),
        f"UINT{max(1, (value.channels - 1).bit_length())}",
        inShape=None,
        Labels=value.channels,
        PE=1,
        K=1,
        numInputVectors=[1],
    )
    return label


def _absorbed(ctx: Lowering, value: Value) -> Value:
    """Leading nodes that are exact on integers become part of scale and offset."""
    while value.nodes and is_power_of_two(abs(value.scale)):
        node = value.nodes[0]
        constants = [ctx.model.get_initializer(name) for name in node.input]
        array = next((c for c in constants if c is not None), None)
        forks = any(value.start in other.input for other in value.nodes[1:])
        if array is None or forks or node.op_type not in ("Add", "Mul"):
            return value
        numbers = array.ravel().astype(np.float64)
        if node.op_type == "Mul":
            if numbers.size != 1 or not is_power_of_two(abs(float(numbers[0]))):
                return value
            scale = value.scale * float(numbers[0])
            value = replace(value, nodes=value.nodes[1:], scale=scale, start=node.output[0])
            continue
        units = numbers / value.scale
        if not np.array_equal(units, np.rint(units)) or np.abs(units).max() >= 1 << 24:
            return value
        offset = value.offsets + np.rint(units).astype(np.int64)[None, :]
        value = replace(value, nodes=value.nodes[1:], offset=offset, start=node.output[0])
    return value


def _integer(ctx: Lowering, value: Value) -> str:
    """Mul * code + offset: the scores themselves, but for a positive factor."""
    offset = value.offsets[0]
    if (offset == offset[0]).all():
        return value.stream
    low = int((value.mul * value.low + offset).min())
    high = int((value.mul * value.high + offset).max())
    return ctx.hw.add(
        "BnnRequant",
        [value.stream],
        ctx.hw.shapes[value.stream][1:],
        int_type(low, high),
        {"a": np.full(value.channels, value.mul), "b": offset[None, :]},
        low=low,
        high=high,
        clamp=0,
    )


def _mapped(ctx: Lowering, value: Value) -> str:
    """The cheapest integer map with the order of the float scores over every reachable value."""
    found = fit_score_map(evaluate(ctx.model, value, of_codes(value, codes(value), 0)))
    if found.kind == "identity":
        return value.stream
    shape = ctx.hw.shapes[value.stream][1:]
    low, high = int(found.table.min()), int(found.table.max())
    if found.kind == "affine":
        offset = found.offset - found.slope * value.low
        return ctx.hw.add(
            "BnnRequant",
            [value.stream],
            shape,
            int_type(low, high) if (low, high) != (0, 1) else "UINT1",
            {"a": found.slope, "b": offset[None, :]},
            low=low,
            high=high,
            clamp=0,
        )
    return add_table(ctx, value, found.table.T, smallest_type(found.table).name)
