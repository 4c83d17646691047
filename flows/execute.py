# SPDX-License-Identifier: Apache-2.0
"""Run every stage of a network on the same images and say what each layer gave."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.change_batchsize import ChangeBatchSize
from qonnx.transformation.infer_shapes import InferShapes

from flows import finn_env  # noqa: F401  (sets FINN up)
from flows.packed import HostBinarize, packed_input
from flows.reference import run_reference

#: images per call of qonnx's executor, at most, and bytes of all tensors, which it keeps
CHUNK, CHUNK_BYTES = 2000, 2**29


@dataclass(frozen=True)
class Layer:
    """A tensor of the QONNX graph and the integers that stand for it.

    tensor = scale * (mul * code + offset); `name` is the hardware node that makes the codes.
    """

    name: str
    tensor: str
    scale: float
    mul: int
    offset: int

    def codes(self, values: NDArray[Any], shape: list[int]) -> NDArray[Any]:
        """Codes, channels last, shape (N, elements); not whole where the tensor is something else.

        Args:
            values: the tensor, shape (N, elements), channels first.
            shape: its shape, for one image.
        """
        if len(shape) == 4:
            maps = values.reshape(-1, *shape[1:]).transpose(0, 2, 3, 1)
            values = maps.reshape(len(values), -1)
        exact = (values.astype(np.float64) / self.scale - self.offset) / self.mul
        near = np.rint(exact)
        # the product as QONNX' quantizers form it, in float32: equal, or the tensor is another one
        again = np.float32(self.scale) * (self.mul * near + self.offset).astype(np.float32)
        if not np.array_equal(again, values):
            return exact
        limit = np.abs(near).max(initial=0)
        return near.astype(np.int8 if limit < 128 else np.int32)


@dataclass(frozen=True)
class Outputs:
    """What one stage computed for N images.

    Attributes:
        stage: its name.
        layers: (name, integers of shape (N, elements)) of every quantised tensor, in stream order;
            maps with their channels last.
        scores: shape (N, C): floats for QONNX, integers from the streamlined graph on.
        labels: shape (N,).
    """

    stage: str
    layers: list[tuple[str, NDArray[Any]]]
    scores: NDArray[Any]
    labels: NDArray[np.int64]

    def first(self, n: int) -> Outputs:
        """What it computed for the first n images."""
        layers = [(name, codes[:n]) for name, codes in self.layers]
        return Outputs(self.stage, layers, self.scores[:n], self.labels[:n])


def float_input(images: NDArray[np.uint8], input_kind: str) -> NDArray[np.float32]:
    """The network's float input for what the accelerator is fed (flows.config.INPUTS)."""
    if input_kind == "bipolar":
        return images.astype(np.float32) * 2 - 1
    values = images.astype(np.float32)
    return values / np.float32(255) if input_kind == "pixel/255" else values


def chunk_of(model: ModelWrapper) -> int:
    """How many images at a time qonnx's executor may run: maps of a thousand would fill a machine.

    Args:
        model: a graph of batch size 1.
    """
    shaped = model.transform(InferShapes())
    names = [name for node in shaped.graph.node for name in node.output]
    elements = sum(math.prod(shaped.get_tensor_shape(name) or [1]) for name in names)
    return max(1, min(CHUNK, CHUNK_BYTES // (4 * int(elements))))


def run_chunks(
    model: ModelWrapper, inputs: NDArray[np.float32], wanted: list[str]
) -> Iterator[dict[str, NDArray[Any]]]:
    """Run a graph in qonnx's executor, some images at a time.

    Args:
        model: a graph with one input, batch size 1.
        inputs: shape (N, n).
        wanted: names of tensors.

    Yields:
        The wanted tensors of the next images, each of shape (images, elements).
    """
    source = model.graph.input[0].name
    batched, size, most = model, 0, chunk_of(model)
    for start in range(0, len(inputs), most):
        chunk = inputs[start : start + most]
        if len(chunk) != size:
            size = len(chunk)
            batched = model.transform(ChangeBatchSize(size)).transform(InferShapes())
        context = execute_onnx(batched, {source: chunk}, return_full_exec_context=True)
        yield {name: np.asarray(context[name]).reshape(len(chunk), -1) for name in wanted}


def run_tensors(
    model: ModelWrapper, inputs: NDArray[np.float32], wanted: list[str]
) -> dict[str, NDArray[Any]]:
    """All of `run_chunks`: the wanted tensors, each of shape (N, elements)."""
    parts = list(run_chunks(model, inputs, wanted))
    return {name: np.concatenate([part[name] for part in parts]) for name in wanted}


def run_qonnx(
    model: ModelWrapper,
    images: NDArray[np.uint8],
    input_kind: str,
    layers: list[Layer] | None = None,
) -> Outputs:
    """The imported QONNX graph (stage import), as its float operations say.

    Args:
        model: that graph.
        images: shape (N, n), as its input wants them.
        input_kind: one of flows.config.INPUTS.
        layers: what to keep, as the integers they stand for; every sign's bits where None.
    """
    if layers is None:
        layers = [
            Layer(n.output[0], n.output[0], float(model.get_initializer(n.input[1]).max()), 2, -1)
            for n in model.graph.node
            if n.op_type == "BipolarQuant" and model.get_initializer(n.input[0]) is None
        ]
    output = model.graph.output[0].name
    shape = model.get_tensor_shape(model.graph.input[0].name)
    inputs = float_input(images, input_kind).reshape(len(images), *shape[1:])
    values = run_tensors(model, inputs, [*(layer.tensor for layer in layers), output])
    kept = [
        (layer.name, layer.codes(values[layer.tensor], model.get_tensor_shape(layer.tensor)))
        for layer in layers
    ]
    return Outputs("qonnx", kept, values[output], values[output].argmax(axis=1))


def run_streamlined(model: ModelWrapper, images: NDArray[np.uint8]) -> Outputs:
    """The streamlined graph, as qonnx executes match counts, thresholds and TopK."""
    binary = [n.output[0] for n in model.graph.node if n.op_type == "MultiThreshold"]
    scores = next(n.input[0] for n in model.graph.node if n.op_type == "TopK")
    label = model.graph.output[0].name
    values = run_tensors(model, images.astype(np.float32), [*binary, scores, label])
    layers = [(name, values[name].astype(np.uint8)) for name in binary]
    exact = values[scores].astype(np.int64)
    return Outputs("streamlined", layers, exact, values[label][:, 0].astype(np.int64))


def run_integer(model: ModelWrapper, images: NDArray[np.uint8]) -> Outputs:
    """The integer reference on the folded (or specialised) graph."""
    values = run_reference(model, images)
    packed = input_layer(model)
    found = [(packed.node, values[model.graph.input[0].name])] if packed else []
    found += [(n.name, values[n.output[0]]) for n in model.graph.node if is_layer(model, n)]
    kept = [(name, codes.reshape(len(images), -1)) for name, codes in found]
    label, scores = (output.name for output in model.graph.output)
    return Outputs(
        "integer",
        kept,
        values[scores].reshape(len(images), -1).astype(np.int64),
        values[label].reshape(-1).astype(np.int64),
    )


def is_layer(model: ModelWrapper, node: NodeProto) -> bool:
    """Whether a hardware node's output is a layer that every stage has."""
    if node.domain != "flows.ops":
        return False
    if layer_of(node) is not None:
        return True
    binary = model.get_tensor_datatype(node.output[0]).name == "BINARY"
    return node.op_type in ("BnnBinarize", "BnnMvu") and binary and not has_layers(model)


def input_layer(model: ModelWrapper) -> HostBinarize | None:
    """The sign of a packed input, where it is a layer that every stage has."""
    packed = packed_input(model)
    return packed if packed is not None and (packed.realises or not has_layers(model)) else None


def has_layers(model: ModelWrapper) -> bool:
    """Whether the graph says itself which QONNX tensors its streams are (flows/integer)."""
    return any(layer_of(node) is not None for node in model.graph.node)


def layer_of(node: NodeProto) -> Layer | None:
    """The QONNX tensor that a hardware node's output is."""
    found = next((a.s.decode() for a in node.attribute if a.name == "realises"), "")
    return Layer(node.name, **json.loads(found)) if found else None


def layers_of(model: ModelWrapper) -> list[Layer] | None:
    """All of them, in stream order; None for a graph that came through FINN's streamliner."""
    found = [layer for node in model.graph.node if (layer := layer_of(node)) is not None]
    packed = packed_input(model)
    if packed is not None and packed.realises:
        found.insert(0, Layer(packed.node, **json.loads(packed.realises)))
    return found or None
