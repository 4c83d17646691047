# SPDX-License-Identifier: Apache-2.0
"""Stages lower and specialise: streamlined graph -> FINN's abstract hardware ops -> ours."""

from __future__ import annotations

from finn.transformation.fpgadataflow.convert_to_hw.binary_matrix_vector_activation import (
    InferBinaryMatrixVectorActivation,
)
from finn.transformation.fpgadataflow.convert_to_hw.label_select import InferLabelSelectLayer
from finn.transformation.fpgadataflow.convert_to_hw.thresholding import InferThresholdingLayer
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.general import GiveReadableTensorNames, GiveUniqueNodeNames
from qonnx.transformation.infer_datatypes import InferDataTypes
from qonnx.transformation.infer_shapes import InferShapes

from flows import finn_env  # noqa: F401  (sets FINN up)
from flows.errors import FlowError
from flows.transforms.fork_scores import ForkScores
from flows.transforms.fork_streams import ForkStreams
from flows.transforms.specialise_ops import SpecialiseOps


def lower(model: ModelWrapper) -> ModelWrapper:
    """Stage lower: FINN's abstract hardware ops, not folded yet; with maps: one reader a stream.

    Raises:
        FlowError: unsupported-node, for a node no hardware op was found for.
    """
    if all(node.domain == "flows.ops" for node in model.graph.node):
        return model.transform(ForkStreams())
    for step in (
        InferBinaryMatrixVectorActivation(),
        InferThresholdingLayer(),
        InferLabelSelectLayer(),
        InferShapes(),
        InferDataTypes(),
    ):
        model = model.transform(step)
    for node in model.graph.node:
        if node.domain not in ("finn.custom_op.fpgadataflow", "flows.ops"):
            raise FlowError(
                "unsupported-node",
                f"node {node.name} ({node.op_type}) is left over after streamlining",
                "02_streamline.onnx in the run folder",
                "look at what precedes it; it stands between two 1-bit layers and is no threshold",
                'flows/README.md, "What can be compiled"',
            )
    return model.transform(GiveUniqueNodeNames())


def specialise(model: ModelWrapper) -> ModelWrapper:
    """Stage specialise: our kernels in place of the ops FINN has only in HLS; scores as output."""
    for step in (
        SpecialiseOps(),
        ForkScores(),
        InferShapes(),
        GiveUniqueNodeNames(),
        GiveReadableTensorNames(),
        InferDataTypes(),
    ):
        model = model.transform(step)
    return model
