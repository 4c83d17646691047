# SPDX-License-Identifier: Apache-2.0
"""Stages import and streamline: any QONNX file of 1-bit layers -> integers and match counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from finn.transformation.qonnx.convert_qonnx_to_finn import ConvertQONNXtoFINN
from finn.transformation.streamline import Streamline
from finn.transformation.streamline.reorder import MoveScalarMulPastMatMul
from finn.transformation.streamline.round_thresholds import RoundAndClipThresholds
from google.protobuf.message import DecodeError
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.bipolar_to_xnor import ConvertBipolarMatMulToXnorPopcount
from qonnx.transformation.fold_constants import FoldConstants
from qonnx.transformation.gemm_to_matmul import GemmToMatMul
from qonnx.transformation.general import (
    GiveReadableTensorNames,
    GiveUniqueNodeNames,
    GiveUniqueParameterTensors,
    RemoveStaticGraphInputs,
    RemoveUnusedTensors,
)
from qonnx.transformation.infer_datatypes import InferDataTypes
from qonnx.transformation.infer_shapes import InferShapes
from qonnx.transformation.insert_topk import InsertTopK
from qonnx.transformation.remove import RemoveIdentityOps
from qonnx.util.cleanup import cleanup_model

from flows import finn_env  # noqa: F401  (sets FINN up)
from flows.errors import FlowError
from flows.integer.lower import lower_graph
from flows.transforms.absorb_into_thresholds import AbsorbIntoThresholds
from flows.transforms.check_supported import MORE, CheckSupported
from flows.transforms.flatten_input import FlattenInput
from flows.transforms.map_scores import MapScores
from flows.transforms.scale_pixels import ScalePixels
from flows.transforms.unit_scale_activations import UnitScaleActivations

#: ops that only networks with maps, or layers of several bits, have
MAPS = frozenset(
    "Conv MaxPool AveragePool GlobalAveragePool ReduceMean Quant IntQuant Slice Pad".split()
)


def load_qonnx(path: Path) -> ModelWrapper:
    """Read a QONNX file, cleaned and with batch size 1.

    Raises:
        FlowError: model-missing, model-corrupt.
    """
    if not path.is_file():
        raise FlowError(
            "model-missing",
            "there is no such model file",
            str(path),
            "give a QONNX file with --model, or train one: make train",
        )
    try:
        proto = onnx.load(str(path))
        onnx.checker.check_model(proto, check_custom_domain=False)
        if not proto.graph.node:
            raise ValueError("the file holds no graph")
    except (onnx.checker.ValidationError, DecodeError, ValueError) as err:
        raise FlowError(
            "model-corrupt",
            f"not a readable QONNX model: {str(err).strip().splitlines()[0][:200]}",
            str(path),
            "export it again (brevitas.export.export_qonnx), or check the download",
        ) from err
    _refuse_twins(proto, path)
    return cleanup_model(ModelWrapper(_with_batch_of_one(proto), fix_float64=True))


def _refuse_twins(proto: onnx.ModelProto, path: Path) -> None:
    """A node that reads one tensor twice: qonnx renames only the first of the two."""
    for node in proto.graph.node:
        read = [name for name in node.input if name]
        if len(set(read)) < len(read):
            raise FlowError(
                "unsupported-node",
                f"node {node.name} ({node.op_type}) reads one tensor twice",
                str(path),
                "write x + x as 2 * x, and leave squares out",
                'flows/README.md, "What can be compiled"',
            )


def _with_batch_of_one(proto: onnx.ModelProto) -> onnx.ModelProto:
    constants = {tensor.name for tensor in proto.graph.initializer}
    for value in (*proto.graph.input, *proto.graph.output):
        if value.name in constants:
            continue
        dims = value.type.tensor_type.shape.dim
        if len(dims) > 1 and (dims[0].dim_param or dims[0].dim_value != 1):
            dims[0].ClearField("dim_param")
            dims[0].dim_value = 1
    return proto


def import_qonnx(path: Path) -> ModelWrapper:
    """Stage import: load, tidy, check that every layer can become hardware.

    Returns:
        The graph with a flat input (1, n), float, QONNX dialect.

    Raises:
        FlowError: graph-ports (not one input and one output); see load_qonnx and CheckSupported.
    """
    model = load_qonnx(path)
    for step in (
        RemoveStaticGraphInputs(),
        RemoveIdentityOps(),
        GemmToMatMul(),
        FoldConstants(exclude_op_types=["BipolarQuant", "Quant"]),
        InferShapes(),
        GiveUniqueNodeNames(),
        GiveReadableTensorNames(),
    ):
        model = model.transform(step)
    _check_ports(model)
    if has_maps(model):
        return _free_of_batch(model)
    for step in (CheckSupported(), FlattenInput(), InferShapes()):
        model = model.transform(step)
    return model


def _check_ports(model: ModelWrapper) -> None:
    ports = len(model.graph.input), len(model.graph.output)
    if ports != (1, 1):
        raise FlowError(
            "graph-ports",
            f"the graph has {ports[0]} inputs and {ports[1]} outputs, not one of each",
            "the QONNX file",
            "export a model with one input and one output",
            MORE,
        )


def _free_of_batch(model: ModelWrapper) -> ModelWrapper:
    """Let reshapes keep their input's first dimension: the proof runs many images at once."""
    for node in model.graph.node:
        if node.op_type == "Reshape" and node.input[1]:
            shape = model.get_initializer(node.input[1])
            if shape is not None and len(shape) > 1 and shape[0] == 1:
                model.set_initializer(node.input[1], np.array([0, *shape[1:]], np.int64))
    return model


def has_maps(model: ModelWrapper) -> bool:
    """Whether a network is more than a chain of 1-bit matrices: flows/integer then lowers it."""
    return any(node.op_type in MAPS or _joins(model, node) for node in model.graph.node)


def _joins(model: ModelWrapper, node: onnx.NodeProto) -> bool:
    """Whether a node adds two computed tensors up: a residual, or AdaBin's two sums."""
    return node.op_type == "Add" and all(model.get_initializer(name) is None for name in node.input)


def streamline(model: ModelWrapper, input_kind: str) -> ModelWrapper:
    """Stage streamline: QONNX -> XNOR match counts, integer thresholds, integer scores, TopK.

    Args:
        model: what import_qonnx gave.
        input_kind: one of flows.config.INPUTS.

    Returns:
        A graph in FINN's dialect; input UINT8 or BINARY (1, n), output the label (1, 1). With maps:
        a graph of flows.ops, see flows.integer.lower.

    Raises:
        FlowError: not-monotone, quant-scale, input-kind.
    """
    if has_maps(model):
        return lower_graph(model, input_kind)
    model = model.transform(UnitScaleActivations()).transform(InferShapes())
    model = _set_input(model, input_kind)
    for step in (
        ConvertQONNXtoFINN(),
        InferShapes(),
        GiveUniqueNodeNames(),
        GiveUniqueParameterTensors(),
        MoveScalarMulPastMatMul(),
        InferDataTypes(),
        ConvertBipolarMatMulToXnorPopcount(),
        GiveUniqueNodeNames(),
        AbsorbIntoThresholds(),
        MapScores(),
        InferShapes(),
        InferDataTypes(),
        Streamline(),
        RoundAndClipThresholds(),
        InsertTopK(k=1),
        InferShapes(),
        RemoveUnusedTensors(),
        GiveUniqueNodeNames(),
        GiveReadableTensorNames(),
        InferDataTypes(),
    ):
        model = model.transform(step)
    return model


def _set_input(model: ModelWrapper, input_kind: str) -> ModelWrapper:
    source = model.graph.input[0].name
    first = model.find_consumers(source)[0]
    if input_kind == "bipolar":
        if first.op_type != "MatMul":
            raise FlowError(
                "input-kind",
                f"--input bipolar, but the input is read by {first.name} ({first.op_type})",
                "the QONNX graph's input",
                "use --input pixel/255 (a network that binarises its pixels itself)",
            )
        model.set_tensor_datatype(source, DataType["BIPOLAR"])
        return model
    if first.op_type == "MatMul":
        raise FlowError(
            "input-kind",
            f"the input is read by a 1-bit layer ({first.name}) without being binarised",
            "the QONNX graph's input",
            "add --input bipolar if it is fed -1 and +1, or binarise it in the network",
        )
    return model.transform(ScalePixels(255.0 if input_kind == "pixel/255" else 1.0))
