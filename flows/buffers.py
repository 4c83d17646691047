# SPDX-License-Identifier: Apache-2.0
"""Buffers of a folded graph: what flows/schedule.py finds becomes line buffers and FIFOs."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from flows.links import insert_link
from flows.schedule import Sizes, size_buffers
from flows.schedule_graph import Graph
from flows.schedule_kinds import Node, Sink, Source
from flows.schedule_nodes import (
    converter,
    matvec,
    pad_channels,
    pixelwise,
    pool,
    shared,
    wide_window,
    window,
)
from hw.kernels.axis_area import fifo_area
from hw.kernels.bnn_pool_ref import merge_clk
from hw.kernels.bnn_window_area import window_area

#: clk through a kernel, at most; too much only makes buffers deeper (flows/schedule.py)
LATENCY = {
    "AxisFifo": 2,  # of a graph that has its FIFOs already
    "AxisFork": 2,
    "AxisDwc": 2,
    "BnnAdd": 3,
    "BnnAffine": 6,
    "BnnBinarize": 2,
    "BnnChannelPad": 3,
    "BnnLevels": 10,
    "BnnLookup": 4,
    "BnnPool": 3,
    "BnnRequant": 5,
    "BnnWindow": 4,
    "BnnWindowWide": 4,
    "BnnMvu": 5,  # and its PIPE
    "BnnImvu": 10,
    "BnnArgmax": 8,
}

#: beats of the smallest axis_fifo
LEAST_FIFO = 2


def beats(shape: tuple[int, ...]) -> int:
    """Beats per frame of a folded shape."""
    return prod(shape[:-1])


def schedule_graph(model: ModelWrapper) -> Graph:
    """A folded graph as the schedule sees it: a stream per tensor.

    Args:
        model: every stream has one reader, and both ends have as many lanes.
    """
    first = getCustomOp(model.graph.node[0])
    source = model.graph.input[0].name
    nodes: list[Node] = [Source("source", (source,), beats(first.get_folded_input_shape()))]
    bits = {source: int(first.get_instream_width())}
    for node in model.graph.node:
        op = getCustomOp(node)
        nodes.append(_node(op, node))
        for i, tensor in enumerate(node.output):
            bits[tensor] = int(op.get_outstream_width(i))
    for output in model.graph.output:
        producer = model.find_producer(output.name)
        index = list(producer.output).index(output.name)
        n = beats(getCustomOp(producer).get_folded_output_shape(index))
        nodes.append(Sink(f"sink_{output.name}", (output.name,), n))
    return Graph(tuple(nodes), bits)


def _node(op: Any, node: NodeProto) -> Node:
    name, outputs, latency = node.name, list(node.output), LATENCY[node.op_type]
    inputs = list(node.input[: len(op.in_ports)])
    into, out = beats(op.get_folded_input_shape()), beats(op.get_folded_output_shape())
    if node.op_type == "BnnWindowWide":
        return wide_window(name, inputs[0], outputs[0], op.kernel_parameters([]), latency)
    if node.op_type == "BnnWindow":
        return window(name, inputs[0], outputs[0], op.geometry(), latency)
    if node.op_type in ("BnnMvu", "BnnImvu"):
        fold_c = int(op.get_nodeattr("MW")) // int(op.get_nodeattr("SIMD"))
        replay = bool(op.get_nodeattr("replay"))
        vectors = out // op.passes
        latency += op.pipe if node.op_type == "BnnMvu" else 0
        return matvec(name, inputs[0], outputs[0], vectors, fold_c, op.passes, replay, latency)
    if node.op_type == "BnnPool":
        rows, columns, channels = op.shape("inShape")
        (kr, kc), m = op.shape("kernel"), op.pixels
        shape = rows, columns // m, channels // op.lanes
        given = op.kernel_parameters([])
        latency += merge_clk(m, kc, given["IN_W"], given["MODE"])
        return pool(name, inputs[0], outputs[0], shape, (kr, max(1, kc // m)), latency)
    if node.op_type == "BnnChannelPad":
        pixels = prod(op.shape("inShape")[:-1])
        return pad_channels(
            name, inputs[0], outputs[0], pixels, into // pixels, out // pixels, latency
        )
    if node.op_type == "BnnArgmax":
        return matvec(name, inputs[0], outputs[0], 1, into, 1, False, latency)
    if node.op_type == "BnnAffine":
        every = into // beats(op.get_folded_input_shape(1))
        return shared(name, inputs, outputs, into, every, latency)
    if into != out:
        return converter(name, inputs[0], outputs[0], into, out, latency)
    return pixelwise(name, inputs, outputs, into, latency)


def insert_buffers(model: ModelWrapper, bram_price: float) -> tuple[ModelWrapper, Sizes]:
    """Set the windows' depths and put FIFOs where the schedule asks for them.

    Args:
        model: a folded graph, see schedule_graph.
        bram_price: LUTs that a BRAM36 is worth: says where a buffer lives.

    Returns:
        The graph, and what was found.
    """
    sizes = size_buffers(schedule_graph(model))
    for node in list(model.graph.node):
        if node.name in sizes.depths:
            op = getCustomOp(node)
            op.set_nodeattr("depth", int(sizes.depths[node.name]))
            block = _in_block_ram(window_area, op.kernel_parameters([]), bram_price)
            op.set_nodeattr("ram_style", "block" if block else "distributed")
    for tensor, depth in sizes.fifos.items():
        _insert_fifo(model, tensor, max(depth, LEAST_FIFO), bram_price)
    return model, sizes


def _in_block_ram(
    area: Callable[[dict[str, int]], tuple[float, float]], given: dict[str, int], bram_price: float
) -> bool:
    costs = []
    for block in (0, 1):
        lut, bram36 = area({**given, "RAM_BLOCK": block})
        costs.append(lut + bram_price * bram36)
    return costs[1] < costs[0]


def _insert_fifo(model: ModelWrapper, tensor: str, depth: int, bram_price: float) -> None:
    reader = model.find_consumer(tensor)
    if reader is None:
        return  # an output of the top: whoever reads it buffers
    lanes = int(getCustomOp(reader).get_folded_input_shape(list(reader.input).index(tensor))[-1])
    node = insert_link(model, reader, tensor, "AxisFifo", f"{tensor}_fifo", PE=lanes, depth=depth)
    op = getCustomOp(node)
    block = _in_block_ram(fifo_area, op.kernel_parameters([]), bram_price)
    op.set_nodeattr("ram_style", "block" if block else "distributed")
