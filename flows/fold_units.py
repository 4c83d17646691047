# SPDX-License-Identifier: Apache-2.0
"""What the folding solver has to know of a specialised graph: its units and what stands around."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import gcd, prod
from typing import Any

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from flows import finn_env  # noqa: F401  (sets FINN up)
from flows.areas import area_of
from flows.beats import dense_lanes
from flows.estimate import Area
from flows.fold_layers import Fold, Layer, converter_area, divisors
from hw.kernels import bnn_window_wide_ref
from hw.kernels.bnn_window_area import window_area
from hw.kernels.bnn_window_ref import min_depth
from hw.kernels.bnn_window_wide_area import window_wide_area

#: LUT sites per bit of an AxisFork, whose two registers have a way past
FORK = 0.5
#: LUT sites of a comparison of 8 bits with a constant, stream included
FIXED = 1.55
#: ops with a choice of PE and SIMD
UNITS = ("BnnMvu", "BnnImvu")
#: what takes the pixels of a beat side by side
SIDE_BY_SIDE = (
    "AxisFork",
    "BnnAdd",
    "BnnAffine",
    "BnnBinarize",
    "BnnLevels",
    "BnnLookup",
    "BnnRequant",
)


def layers_of(model: ModelWrapper, bram_price: float = 0.0) -> list[Layer]:
    """The matrix-vector units of a specialised graph, in stream order.

    Args:
        model: every stream has one reader.
        bram_price: LUTs that a BRAM36 is worth: windows' line buffers live where they cost least.
    """
    units = [node for node in model.graph.node if node.op_type in UNITS]
    layers = [_layer(model, node, bram_price) for node in units]
    first = next((i for i, layer in enumerate(layers) if layer.source == ""), 0)
    return [
        replace(layer, beside=layers[first].name) if layer.source == "" and i != first else layer
        for i, layer in enumerate(layers)
    ]


def _layer(model: ModelWrapper, node: NodeProto, bram_price: float) -> Layer:
    op = getCustomOp(node)
    mw, mh = int(op.get_nodeattr("MW")), int(op.get_nodeattr("MH"))
    groups = int(op.get_nodeattr("groups"))
    *outer, _ = op.get_normal_output_shape()
    given: dict[str, Any] = {"vectors": prod(outer), "groups": groups}
    costs = [_cost_behind(model, node)]
    several = [m for m in divisors(outer[-1])[1:] if groups == 1 and _takes(model, node, m)]
    front = model.find_producer(node.input[0])
    if front is not None and front.op_type == "BnnWindow":
        window = getCustomOp(front)
        rows, columns, channels = window.shape("inShape")
        given |= {"pixels": rows * columns, "channels": channels // groups, "replay": False}
        given |= _wide(window, several) if groups == 1 else {}
        if bram_price:
            costs.append(_window_cost(window, mh // groups, bram_price, given.get("step", 1)))
    elif len(outer) > 1:
        given["several"] = tuple(several)
    if front is None and op.get_input_datatype().bitwidth() == 1:
        costs.append(lambda fold: _input_cost(prod(outer) * mw, fold.simd * fold.m))
    costs.append(_cost_in_front(model, node, Layer(node.name, mw, mh, **given)))
    given["extra"] = lambda fold: sum((cost(fold) for cost in costs), Area(0, 0))
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


def wide_geometry(geometry: dict[str, int], simd: int, m: int, step: int) -> dict[str, int]:
    """Parameters of the bnn_window_wide that sends SIMD values of each of M windows per clk."""
    kept = {key: value for key, value in geometry.items() if key != "GROUPS"}
    return {**kept, "SIMD": simd, "M": m, "PIX": m * step}


def _wide(op: Any, several: list[int]) -> dict[str, Any]:
    """How much of a window may be sent per clk: Layer.taps, several and step."""
    geometry, (kr, kc) = op.geometry(), op.shape("kernel")
    channels, taps = geometry["C"], kr * kc

    def fits(n: int, m: int, step: int) -> bool:
        return bnn_window_wide_ref.fits(wide_geometry(geometry, n * channels, m, step))

    stride = geometry["STRIDE_C"]
    step = stride if fits(taps, 1, stride) else 1
    return {
        "taps": tuple(n for n in divisors(taps)[1:] if fits(n, 1, step)),
        "several": tuple(m for m in several if fits(taps, m, step)),
        "step": step,
    }


def takes_side_by_side(node: NodeProto, m: int) -> bool:
    """Whether a node that is no unit takes M pixels of a row per clk; M divides the row."""
    if node.op_type != "BnnPool":
        return node.op_type in SIDE_BY_SIDE
    op = getCustomOp(node)
    (_, columns, _), (_, kc) = op.shape("inShape"), op.shape("kernel")
    return columns % kc == 0 and gcd(m, kc) in (m, kc)


def _takes(model: ModelWrapper, node: NodeProto, m: int) -> bool:
    """Whether all nodes between a unit and the next one take M pixels per clk."""
    for reader in (r for tensor in node.output for r in model.find_consumers(tensor)):
        if reader.op_type in UNITS:
            continue
        if reader.op_type == "BnnWindow" and model.find_consumer(reader.output[0]).op_type in UNITS:
            continue
        if not takes_side_by_side(reader, m):
            return False
        left = m
        if reader.op_type == "BnnPool":
            left = m // gcd(m, getCustomOp(reader).shape("kernel")[1])
        if left > 1 and not _takes(model, reader, left):
            return False
    return True


def _input_cost(n: int, lanes: int) -> Area:
    """The converter behind a 1-bit input of n values (InsertConverters)."""
    return converter_area(dense_lanes(n, lanes), lanes)


def _window_cost(op: Any, rows: int, bram_price: float, step: int) -> Callable[[Fold], Area]:
    """LUTs and block RAMs of a window for a unit's folding; two rows of slack in its buffer."""
    geometry = op.geometry()

    def cost(fold: Fold) -> Area:
        given = {**geometry, "SIMD": fold.simd, "PASSES": rows // fold.pe}
        if fold.simd > geometry["C"] or fold.m > 1:
            given = wide_geometry(given, fold.simd, fold.m, step)
            lut, bram36 = window_wide_area(given)
            return Area(lut, bram36, lut)
        given["DEPTH"] = min_depth(given) + 2 * geometry["COLS"] * geometry["C"] // fold.simd
        options = [window_area({**given, "RAM_BLOCK": block}) for block in (0, 1)]
        lut, bram36 = min(options, key=lambda area: area[0] + bram_price * area[1])
        return Area(lut, bram36, lut)

    return cost


def _cost_behind(model: ModelWrapper, node: NodeProto) -> Callable[[Fold], Area]:
    """Area of what stands between a unit and the next window or unit, for its folding."""
    behind: list[tuple[NodeProto, int]] = []
    shrink = 1  # pixels of a row that pools have made one
    reader = model.find_consumer(node.output[0])
    tensor = node.output[0]
    while reader is not None and reader.op_type not in (*UNITS, "BnnWindow", "BnnArgmax"):
        if reader.op_type == "BnnAffine" and tensor != reader.input[0]:
            break  # what is shared: the unit of the channels counts it
        behind.append((reader, shrink))
        tensor = reader.output[0]
        shrink *= getCustomOp(reader).shape("kernel")[1] if reader.op_type == "BnnPool" else 1
        reader = model.find_consumer(reader.output[0])
    return lambda fold: sum(
        (area_of(model, other, fold.pe, max(1, fold.m // n)) for other, n in behind),
        Area(0, 0),
    )


def _cost_in_front(model: ModelWrapper, node: NodeProto, layer: Layer) -> Callable[[Fold], Area]:
    """Area of what stands between the network's input and the unit that says how wide it is.

    Only where other units read the same: for one alone a narrower input takes more rows, and what
    stands in front of it is small beside those.
    """
    front: list[NodeProto] = []
    tensor = node.input[0]
    while (producer := model.find_producer(tensor)) is not None:
        if producer.op_type in UNITS or tensor != producer.output[0]:
            return lambda fold: Area(0, 0)
        if producer.op_type != "BnnWindow":
            front.append(producer)
        tensor = producer.input[0]
    if not any(other.op_type == "AxisFork" for other in front):
        return lambda fold: Area(0, 0)

    def cost(fold: Fold) -> Area:
        lanes = fold.lanes_in(layer)
        channels = layer.channels or layer.mw
        each = min(lanes, channels), max(1, lanes // channels)
        area = Area(FORK * lanes * layer.in_w, 0, 2 * lanes * layer.in_w)
        for other in front:
            if other.op_type == "BnnBinarize" and _one_number(model, other.input[1]):
                area = area + Area(FIXED * lanes, 0, 2 * lanes)
            else:
                area = area + area_of(model, other, *each)
        return area

    return cost


def _one_number(model: ModelWrapper, name: str) -> bool:
    """Whether a constant is the same for every channel: a pixel's threshold is."""
    array = model.get_initializer(name)
    return array is not None and bool((array == array.flat[0]).all())


def _unit_before(model: ModelWrapper, node: NodeProto) -> NodeProto | None:
    """The unit whose output reaches this one over nodes that keep its lanes."""
    producer: NodeProto | None = model.find_producer(node.input[0])
    while producer is not None and producer.op_type not in UNITS:
        producer = model.find_producer(producer.input[0])
    return producer
