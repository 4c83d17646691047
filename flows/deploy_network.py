# SPDX-License-Identifier: Apache-2.0
"""A folded graph as bnnflow_host/network.py reads it: a graph of streams, and constants.

Forks, width converters and FIFOs change no value: their readers read what they read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flows.errors import FlowError

if TYPE_CHECKING:
    from flows.ops.map_op import BorderOp

Arrays = dict[str, NDArray[Any]]
Constants = list[NDArray[np.int64]]
#: the kind of a layer, what it must know, its constants
Layer = tuple[str, dict[str, Any], Arrays]

COPIES = ("AxisFork", "AxisDwc", "AxisFifo")
LABELS = "BnnArgmax"  # the driver takes the argmax of the scores itself
TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "int64")


def network_arrays(model: Any) -> Arrays:
    """Entries of the .npz: `graph`, JSON, and the constants of layer n as "n.<name>".

    Args:
        model: the folded graph.

    Raises:
        FlowError: deploy-op, for a node that package has no layer for.
    """
    from qonnx.custom_op.registry import getCustomOp

    from flows.generate import streams_of

    source = model.graph.input[0].name
    copies: dict[str, str] = {}  # stream -> the one it is a copy of
    layers: list[dict[str, Any]] = []
    arrays: Arrays = {}
    for node in model.graph.node:
        _check_known(node)
        op = getCustomOp(node)
        n_streams = len(op.in_ports)
        streams = [copies.get(name, name) for name in node.input[:n_streams]]
        if node.op_type in COPIES:
            copies |= dict.fromkeys(node.output, streams[0])
        elif node.op_type in _LAYERS:
            given = [model.get_initializer(name) for name in node.input[n_streams:]]
            kind, about, own = _LAYERS[node.op_type](op, [g.astype(np.int64) for g in given])
            out = node.output[0]
            datatype = model.get_tensor_datatype(out)
            about |= {"kind": kind, "inputs": streams, "output": out}
            about["shape"] = [int(n) for n in op.get_normal_output_shape()[1:]]
            about["dtype"] = _type_of(datatype.min(), datatype.max())
            for name, array in own.items():
                small = _type_of(array.min(), array.max())
                arrays[f"{len(layers)}.{name}"] = array.astype(small)
            layers.append(about)
    scores = next(s.tensor for s in streams_of(model) if s.prefix == "m_axis_score")
    graph = {"source": source, "shape": [int(n) for n in model.get_tensor_shape(source)[1:]]}
    graph |= {"scores": copies.get(scores, scores), "layers": layers}
    return {"graph": np.array(json.dumps(graph)), **arrays}


def _type_of(low: float, high: float) -> str:
    """The first of TYPES that holds low .. high."""
    return next(t for t in TYPES if np.iinfo(t).min <= low and high <= np.iinfo(t).max)


def _check_known(node: Any) -> None:
    if node.op_type not in {*_LAYERS, *COPIES, LABELS}:
        raise FlowError(
            "deploy-op",
            f"the driver's NumPy back end has no layer {node.op_type}",
            f"node {node.name}",
            "this run works without a deploy folder: python -m flows.classify --stage rtl",
        )


def _numbers(op: Any, *names: str) -> dict[str, int]:
    return {name: int(op.attr(name)) for name in names}


def _classes(op: BorderOp) -> Arrays:
    """The class of every pixel, where there are several."""
    classes = op.pixel_classes()
    return {} if classes is None else {"classes": classes}


def _binarize(op: Any, constants: Constants) -> Layer:
    thr, falling = op.thresholds(constants)
    return "binarize", {}, {"thr": thr, "sense": falling, **_classes(op)}


def _requant(op: Any, constants: Constants) -> Layer:
    a, b = constants
    return "requant", _numbers(op, "shift", "low", "high"), {"a": a, "b": b, **_classes(op)}


def _levels(op: Any, constants: Constants) -> Layer:
    thr, falling = constants
    return "levels", _numbers(op, "low"), {"thr": thr, "falling": falling, **_classes(op)}


def _lookup(op: Any, constants: Constants) -> Layer:
    return "lookup", {}, {"table": constants[0]}


def _window(op: Any, constants: Constants) -> Layer:
    shapes = {name: list(op.shape(name)) for name in ("kernel", "strides", "dilations", "pads")}
    about = {**shapes, "in_shape": list(op.shape("inShape")), **_numbers(op, "groups")}
    return "window", {**about, "pad_value": int(op.attr("padValue"))}, {}


def _rows(op: Any, weights: NDArray[np.int64], bits: bool) -> tuple[dict[str, Any], Arrays]:
    """Weights (MW, MH) as rows, bits packed; and what unpacks them."""
    about = {"bits": bits, "columns": len(weights), **_numbers(op, "groups")}
    if not bits:
        return about, {"weights": weights.T}
    return about, {"weights": np.packbits(weights.T.astype(np.uint8), axis=1, bitorder="little")}


def _mvu(op: Any, constants: Constants) -> Layer:
    about, arrays = _rows(op, constants[0], True)
    if not op.raw:
        arrays["thr"], arrays["sense"] = op.rows(constants[1])
    return "mvu", about, arrays


def _imvu(op: Any, constants: Constants) -> Layer:
    return "imvu", *_rows(op, constants[0], int(op.attr("weightBits")) == 1)


def _pool(op: Any, constants: Constants) -> Layer:
    mask = constants[0]
    shapes = {"kernel": list(op.shape("kernel")), "in_shape": list(op.shape("inShape"))}
    return "pool", {**shapes, "mode": op.attr("mode")}, {"mask": mask} if mask.any() else {}


def _add(op: Any, constants: Constants) -> Layer:
    return "add", _numbers(op, "low", "high"), {}


def _affine(op: Any, constants: Constants) -> Layer:
    a, b, c = constants
    about = _numbers(op, "shift", "low", "high")
    return "affine", about, {"a": a, "b": b, "c": c, **_classes(op)}


def _channel_pad(op: Any, constants: Constants) -> Layer:
    return "channel_pad", _numbers(op, "before", "after"), {}


_LAYERS: dict[str, Callable[[Any, Constants], Layer]] = {
    "BnnAdd": _add,
    "BnnAffine": _affine,
    "BnnBinarize": _binarize,
    "BnnChannelPad": _channel_pad,
    "BnnImvu": _imvu,
    "BnnLevels": _levels,
    "BnnLookup": _lookup,
    "BnnMvu": _mvu,
    "BnnPool": _pool,
    "BnnRequant": _requant,
    "BnnWindow": _window,
    "BnnWindowWide": _window,
}
