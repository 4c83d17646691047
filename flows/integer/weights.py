# SPDX-License-Identifier: Apache-2.0
"""Weights of a layer as integers and a scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from flows.errors import FlowError
from flows.integer.lower import MORE, Lowering
from flows.integer.value import Ints


@dataclass(frozen=True)
class Weights:
    """Integer weights (outputs, inputs / groups, kernel rows, columns) times scale per output."""

    w: Ints
    scale: NDArray[np.float64]
    bits: int

    @property
    def signs(self) -> bool:
        """Whether all weights are -1 or +1."""
        return self.bits == 1


def quantised_weights(ctx: Lowering, node: NodeProto) -> tuple[NDArray[np.float64], NodeProto]:
    """Float weights and the quantizer they come from."""
    name = node.input[1]
    quantizer = ctx.model.find_producer(name)
    if quantizer is not None and quantizer.op_type == "Transpose":
        quantizer = ctx.model.find_producer(quantizer.input[0])
    array = ctx.constant(name)
    if quantizer is None or array is None or quantizer.op_type not in ("BipolarQuant", "Quant"):
        raise FlowError(
            "float-layer",
            f"layer {node.name} has weights that are not quantised",
            f"the QONNX graph, node {node.name}, weights {name}",
            "quantise them: a binary weight_quant, or Brevitas' Int8WeightPerTensorFixedPoint for "
            "first, last and shortcut layers",
            MORE,
        )
    return array.astype(np.float64), quantizer


def integer_weights(
    ctx: Lowering, node: NodeProto, array: NDArray[np.float64], quantizer: NodeProto
) -> Weights:
    """Weights (outputs, ...) as integers and a scale for each output."""
    n = len(array)
    if quantizer.op_type == "BipolarQuant":
        size = np.abs(array).reshape(n, -1)
        if not np.array_equal(size, np.repeat(size[:, :1], size.shape[1], axis=1)):
            raise ctx.refused(
                node, "1-bit weights of several sizes in one filter", "one scale each"
            )
        return Weights(np.where(array > 0, 1, -1).astype(np.int64), size[:, 0], 1)
    scale = ctx.constant(quantizer.input[1])
    assert scale is not None
    if scale.size not in (1, n):
        raise ctx.refused(node, "has weight scales per input", "use one per tensor or per output")
    per_output = np.broadcast_to(scale.ravel().astype(np.float64), (n,))
    w = np.rint(array / per_output.reshape(n, *[1] * (array.ndim - 1))).astype(np.int64)
    bits = max(2, int(max(-w.min() - 1, w.max(), 1)).bit_length() + 1)
    return Weights(w, per_output, bits)
