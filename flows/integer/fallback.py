# SPDX-License-Identifier: Apache-2.0
"""Functions of integers that are no multiply-add: thresholds or a table, whichever is smaller."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import NodeProto
from qonnx.core.datatype import DataType

from flows.datatypes import int_type
from flows.errors import FlowError
from flows.integer.lower import MORE, Lowering
from flows.integer.table import Function, Levels, codes
from flows.integer.value import Ints, Value
from hw.kernels.bnn_mvu_area import LUT_WORDS
from hw.kernels.map_area import BRAM_PRICE, Area, first_block_stage, levels_area, lookup_area

#: entries of a table per channel up to which a function is looked up
TABLE = 1 << 13
#: thresholds per channel that bnn_levels has room for
LEVELS = 1 << 8


def tabulate(
    ctx: Lowering,
    value: Value,
    function_of: Callable[[int], Function],
    found: Levels | None,
    node: NodeProto,
) -> Value:
    """Hardware for a function of a stream that no multiply-add is.

    Args:
        ctx: the walk.
        value: what the function is of.
        function_of: the function for each class.
        found: its levels; None where it rises and falls.
        node: who asks, for messages.

    Raises:
        FlowError: no-affine (neither thresholds nor a table of a bearable size).
    """
    n = value.high - value.low + 1
    costs: dict[str, float] = {}
    if n <= TABLE and len(value.offset) == 1:
        x = np.repeat(codes(value)[:, None], value.channels, axis=1)
        table = function_of(0)(x)
        costs["table"] = _cost(_table_area(ctx, value, table))
    if found is not None and found.high - found.low <= LEVELS:
        thr, low = thresholds(found, value)
        costs["levels"] = _cost(_levels_area(ctx, value, thr, low, found))
    if not costs:
        raise _refused(value, node, n, found)
    if min(costs, key=lambda name: costs[name]) == "levels":
        assert found is not None
        stream = _add_levels(ctx, value, thr, low, found)
        return Value(stream, value.shape, found.low, found.high)
    low, high = int(table.min()), int(table.max())
    stream = add_table(ctx, value, table.T, int_type(low, high))
    return Value(stream, value.shape, low, high)


def _refused(value: Value, node: NodeProto, n: int, found: Levels | None) -> FlowError:
    names = ", ".join(f"{m.name} ({m.op_type})" for m in value.nodes)
    if found is not None:
        why = f"it has {found.high - found.low} levels, more than {LEVELS}"
    else:
        why = "it both rises and falls, or it falls at a border of the map only"
    table = f"a table of {n} entries per channel is too large"
    if n <= TABLE:
        table = "tables do not depend on the pixel, as padding with 0 makes it"
    return FlowError(
        "no-affine",
        f"the function in front of {node.name} ({node.op_type}) is no rounded multiply-add "
        f"({names}), {why}, and {table}",
        f"the QONNX graph, node {node.name}",
        "use batch norm, clips and other monotone nodes there, or quantise in front of the others",
        MORE,
    )


def thresholds(found: Levels, value: Value) -> tuple[Ints, int]:
    """Codes at which the levels are reached, as many as bnn_levels wants, and the lowest result.

    Levels that are always reached are put in front where the count then is the code, without an
    adder; levels that never are fill up behind.

    Args:
        found: the levels of a function.
        value: its input.

    Returns:
        Shape (classes, 2^K - 1 or 2^K, channels), and the result where none is reached.
    """
    first = found.first
    if len(first) > 1 and (first == first[:1]).all():
        first = first[:1]
    n = found.high - found.low
    count = n if n & (n - 1) == 0 and n > 1 else (1 << n.bit_length()) - 1
    bits = DataType[int_type(found.low, found.high)].bitwidth()
    base = -(1 << (bits - 1)) if found.low < 0 else 0
    low = base if found.high - base <= count else found.low
    rises = found.direction > 0
    always = np.where(rises, value.low, value.high)
    never = np.where(rises, value.high + 1, value.low - 1)
    padded = np.empty((len(first), count, first.shape[2]), np.int64)
    padded[:] = never
    padded[:, : found.low - low] = always
    padded[:, found.low - low : found.high - low] = first
    return padded, low


def _cost(area: Area) -> float:
    return area.lut + BRAM_PRICE * area.bram36


def _input_bits(ctx: Lowering, value: Value) -> int:
    return int(DataType[ctx.hw.types[value.stream]].bitwidth())


def _table_area(ctx: Lowering, value: Value, table: Ints) -> Area:
    out_w = DataType[int_type(int(table.min()), int(table.max()))].bitwidth()
    depth = _entries(ctx, value)
    block = value.channels * depth > LUT_WORDS
    return lookup_area(value.channels, 1, _input_bits(ctx, value), depth, out_w, block)


def _levels_area(ctx: Lowering, value: Value, thr: Ints, low: int, found: Levels) -> Area:
    classes, count, c = thr.shape
    in_w, k = _input_bits(ctx, value), count.bit_length() - (count & 1 ^ 1)
    out_w = DataType[int_type(found.low, found.high)].bitwidth()
    return levels_area(
        c,
        1,
        in_w,
        k,
        out_w,
        low,
        top=count & 1 == 0,
        ways=len(set(found.direction)) > 1,
        classes=classes,
        pixels=value.shape[1:],
        block_from=first_block_stage(c, 1, in_w, k, count & 1 == 0, classes, BRAM_PRICE),
    )


def _add_levels(ctx: Lowering, value: Value, thr: Ints, low: int, found: Levels) -> str:
    return ctx.hw.add(
        "BnnLevels",
        [value.stream],
        ctx.hw.shapes[value.stream][1:],
        int_type(found.low, found.high),
        {"thresholds": thr, "falling": (found.direction < 0).astype(np.int64)},
        low=low,
        **value.classes(len(thr)),
    )


def _entries(ctx: Lowering, value: Value) -> int:
    """Words of a table by the bits of the codes."""
    return 1 << _input_bits(ctx, value) if value.low < 0 else value.high + 1


def add_table(ctx: Lowering, value: Value, table: Ints, datatype: str) -> str:
    """A BnnLookup with a result for every code.

    Args:
        ctx: the walk.
        value: whose stream it reads.
        table: shape (channels, codes), the smallest code first.
        datatype: of the results.
    """
    stream, shape = value.stream, ctx.hw.shapes[value.stream][1:]
    entries = _entries(ctx, value)
    by_bits = np.repeat(table[:, :1], entries, axis=1)  # other codes do not come
    by_bits[:, codes(value) % entries] = table
    return ctx.hw.add(
        "BnnLookup",
        [stream],
        shape,
        datatype,
        {"table": by_bits},
        inShape=None,
        NumChannels=value.channels,
        PE=1,
        MaxInput=entries - 1,
        signedInput=int(value.low < 0),
        numInputVectors=[1, *shape[:-1]],
    )
