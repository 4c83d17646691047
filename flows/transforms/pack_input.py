# SPDX-License-Identifier: Apache-2.0
"""Leave the sign of the input to the driver: a bit per value crosses the bus, not a byte."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.base import Transformation

from flows.errors import FlowError
from flows.packed import HostBinarize, packed_input


class PackInput(Transformation):  # type: ignore[misc]
    """Take the BnnBinarize that reads the graph's input out of the hardware.

    Before: a specialised graph of flows.ops, input UINT8 -> BnnBinarize -> the layers.
    After:  input BINARY -> the layers; thresholds and directions are metadata of the graph
            (flows.packed.packed_input), one for all values or one each.
    Again:  a second call changes nothing.

    Raises:
        FlowError: packed-input (another op reads the input, or it is 1-bit as it is).
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        """See the class."""
        if packed_input(model) is not None:
            return model, False
        source = model.graph.input[0].name
        node = _binarize_of(model, source)
        _host_binarize(model, node).keep(model)
        bits = node.output[0]
        for reader in model.find_consumers(bits):
            for i, name in enumerate(reader.input):
                if name == bits:
                    reader.input[i] = source
        model.graph.node.remove(node)
        gone = {bits, *node.input[1:]}
        for kept in (model.graph.value_info, model.graph.initializer):
            for entry in [entry for entry in kept if entry.name in gone]:
                kept.remove(entry)
        model.set_tensor_datatype(source, DataType["BINARY"])
        return model, False


def _binarize_of(model: ModelWrapper, source: str) -> NodeProto:
    """The BnnBinarize of pixels that alone reads the input."""
    if model.get_tensor_datatype(source) != DataType["UINT8"]:
        raise FlowError(
            "packed-input",
            f"--packed, but the network's input {source} is 1-bit as it is",
            "--packed, --input",
            "leave --packed out (--no-packed): the driver packs such an input in any case",
            'flows/README.md, "Packed input"',
        )
    readers: list[NodeProto] = model.find_consumers(source)
    if len(readers) == 1 and readers[0].op_type == "BnnBinarize":
        return readers[0]
    names = ", ".join(f"{node.name} ({node.op_type})" for node in readers)
    raise FlowError(
        "packed-input",
        f"--packed, but {names} reads the 8-bit pixels themselves, and not their sign",
        "04_specialise.onnx in the run folder",
        "leave --packed out (--no-packed), or train the network with a BipolarQuant at its input",
        'flows/README.md, "Packed input"',
    )


def _host_binarize(model: ModelWrapper, node: NodeProto) -> HostBinarize:
    op = getCustomOp(node)
    constants = [model.get_initializer(name) for name in node.input[1:]]
    classes = op.pixel_classes()
    thresholds, falling = (
        _of_values(of_class, classes, op.shape("inShape")) for of_class in op.thresholds(constants)
    )
    never = thresholds > 255  # what a byte cannot say, its opposite can: always, and falling
    thresholds, falling = np.where(never, 0, np.maximum(thresholds, 0)), falling ^ never
    realises = str(op.attr("realises"))
    inverted = np.zeros(len(thresholds), np.int64)
    if realises:
        inverted[:] = json.loads(realises)["mul"] < 0
    listed = model.get_metadata_prop("inverted_inputs")  # of AbsorbIntoThresholds
    inverted[[int(i) for i in listed.split(",")] if listed else []] = 1
    return HostBinarize(
        node.name, _shortest(thresholds), _shortest(falling), _shortest(inverted), realises
    )


def _of_values(
    of_class: NDArray[Any], classes: NDArray[Any] | None, shape: tuple[int, ...]
) -> NDArray[np.int64]:
    """Constants (classes, C) of a BnnBinarize for every value of an image, in stream order."""
    of_pixel = of_class[0] if classes is None else of_class[classes]
    return np.broadcast_to(of_pixel, shape).reshape(-1).astype(np.int64)


def _shortest(values: NDArray[np.int64]) -> NDArray[np.uint8]:
    """One value where all are equal."""
    return (values[:1] if (values == values[0]).all() else values).astype(np.uint8)
