# SPDX-License-Identifier: Apache-2.0
"""What the folding solver has to know of a specialised graph: its units and what stands around."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from flows import finn_env  # noqa: F401  (sets FINN up)
from flows.areas import area_of
from flows.estimate import Area
from flows.folding import Layer
from hw.kernels.bnn_window_area import window_area
from hw.kernels.bnn_window_ref import min_depth

#: ops with a choice of PE and SIMD
UNITS = ("BnnMvu", "BnnImvu")


def layers_of(model: ModelWrapper, bram_price: float = 0.0) -> list[Layer]:
    """The matrix-vector units of a specialised graph, in stream order.

    Args:
        model: every stream has one reader.
        bram_price: LUTs that a BRAM36 is worth: windows' line buffers live where they cost least.
    """
    units = [node for node in model.graph.node if node.op_type in UNITS]
    return [_layer(model, node, bram_price) for node in units]


def _layer(model: ModelWrapper, node: NodeProto, bram_price: float) -> Layer:
    op = getCustomOp(node)
    mw, mh = int(op.get_nodeattr("MW")), int(op.get_nodeattr("MH"))
    groups = int(op.get_nodeattr("groups"))
    *outer, _ = op.get_normal_output_shape()
    given: dict[str, Any] = {"vectors": prod(outer), "groups": groups}
    costs = [_cost_behind(model, node)]
    front = model.find_producer(node.input[0])
    if front is not None and front.op_type == "BnnWindow":
        rows, columns, channels = getCustomOp(front).shape("inShape")
        given |= {"pixels": rows * columns, "channels": channels // groups, "replay": False}
        if bram_price:
            costs.append(_window_cost(getCustomOp(front), mh // groups, bram_price))
    given["extra"] = lambda pe, simd: sum((cost(pe, simd) for cost in costs), Area(0, 0))
    before = _unit_before(model, node)
    given["source"] = before.name if before is not None else ""
    if node.op_type == "BnnMvu":
        return Layer(node.name, mw, mh, raw=op.raw, **given)
    source = op.get_input_datatype()
    return Layer(
        node.name,
        mw,
        mh,
        raw=True,
        kind="integer",
        in_w=int(source.bitwidth()),
        in_signed=bool(source.signed()),
        w_w=int(op.get_nodeattr("weightBits")),
        out_w=int(op.get_output_datatype().bitwidth()),
        **given,
    )


def _window_cost(op: Any, rows: int, bram_price: float) -> Callable[[int, int], Area]:
    """LUTs and block RAMs of a window for a unit's folding; two rows of slack in its buffer."""
    geometry = op.geometry()

    def cost(pe: int, simd: int) -> Area:
        given = {**geometry, "SIMD": simd, "PASSES": rows // pe}
        given["DEPTH"] = min_depth(given) + 2 * geometry["COLS"] * geometry["C"] // simd
        options = [window_area({**given, "RAM_BLOCK": block}) for block in (0, 1)]
        lut, bram36 = min(options, key=lambda area: area[0] + bram_price * area[1])
        return Area(lut, bram36, lut)

    return cost


def _cost_behind(model: ModelWrapper, node: NodeProto) -> Callable[[int, int], Area]:
    """Area of what stands between a unit and the next window or unit, for its PE."""
    behind: list[NodeProto] = []
    reader = model.find_consumer(node.output[0])
    while reader is not None and reader.op_type not in (*UNITS, "BnnWindow", "BnnArgmax"):
        behind.append(reader)
        reader = model.find_consumer(reader.output[0])
    return lambda pe, simd: sum((area_of(model, other, pe) for other in behind), Area(0, 0))


def _unit_before(model: ModelWrapper, node: NodeProto) -> NodeProto | None:
    """The unit whose output reaches this one over nodes that keep its lanes."""
    producer: NodeProto | None = model.find_producer(node.input[0])
    while producer is not None and producer.op_type not in UNITS:
        producer = model.find_producer(producer.input[0])
    return producer
