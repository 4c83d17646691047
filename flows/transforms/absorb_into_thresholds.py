# SPDX-License-Identifier: Apache-2.0
"""Turn everything between an integer and the next sign into one exact integer threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation

from flows.errors import FlowError
from flows.transforms.chain import Chain, evaluate_chain, find_chain, remove_chain


def step_thresholds(bits: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where each column of a truth table steps.

    Args:
        bits: shape (n, C); row v is the output bit of every channel for the integer v.

    Returns:
        `thr` in 0..n and `falling`, both of shape (C,), with
        `bits[v, c] == ((v >= thr[c]) != falling[c])`. Columns of all 1 give (0, False), of all 0
        (0, True).

    Raises:
        ValueError: a column steps more than once; the message names it.
    """
    steps = np.count_nonzero(bits[1:] != bits[:-1], axis=0)
    if (steps > 1).any():
        raise ValueError(f"channel {int(np.argmax(steps > 1))} steps {int(steps.max())} times")
    thr = np.where(steps == 1, np.argmax(bits != bits[0], axis=0), 0)
    falling = np.where(steps == 1, bits[0], ~bits[0])
    return thr.astype(np.int64), falling


class AbsorbIntoThresholds(Transformation):  # type: ignore[misc]
    """Fold batch norm, scale and clip into the 1-bit MultiThreshold behind them, exactly.

    Before: integer source (uint8 graph input, or XnorPopcountMatMul: 0..MW matches) -> any chain
            of per-channel nodes -> MultiThreshold with one threshold.
    After:  the source -> MultiThreshold with integer thresholds, shape (C, 1). The graph's output
            is equal for every input: the chain was run over every value of the source.
            Falling channels (negative gamma) are made rising: a match count by complementing its
            weight column (matches become MW - matches), an input element by inverting its bit
            and the weights that read it.
    Again:  a second call changes nothing.

    Raises:
        FlowError: not-monotone (a channel is no single step: its sign flips twice within reach).
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        """See the class."""
        source = model.graph.input[0].name
        if model.get_tensor_datatype(source) == DataType["UINT8"]:
            self._absorb(model, source, None)
        for node in list(model.graph.node):
            if node.op_type == "XnorPopcountMatMul":
                self._absorb(model, node.output[0], node)
        return model, False

    def _absorb(self, model: ModelWrapper, source: str, matmul: NodeProto | None) -> None:
        chain = find_chain(model, source)
        if chain.consumer is None or chain.consumer.op_type != "MultiThreshold":
            return
        n_values = 256 if matmul is None else model.get_tensor_shape(matmul.input[1])[0] + 1
        n_channels = model.get_tensor_shape(source)[-1]
        grid = np.repeat(np.arange(n_values, dtype=np.float32)[:, None], n_channels, axis=1)
        before = model.get_initializer(chain.consumer.input[1])
        bits = evaluate_chain(model, chain, grid) >= before[:, 0][None, :]
        thr, falling = self._steps(chain, bits)
        remove_chain(model, chain)
        if matmul is None:
            _invert_rows(model, chain.consumer, falling)
        else:
            _complement_columns(model, matmul, falling)
            thr = np.where(falling, n_values - thr, thr)
        model.set_initializer(chain.consumer.input[1], thr[:, None].astype(np.float32))
        largest = DataType.get_smallest_possible(n_values)
        model.set_tensor_datatype(chain.consumer.input[1], largest)

    def _steps(
        self, chain: Chain, bits: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        try:
            return step_thresholds(bits)
        except ValueError as err:
            raise FlowError(
                "not-monotone",
                f"the function between {chain.start} and its sign is no single step: {err}",
                "nodes " + ", ".join(f"{n.name} ({n.op_type})" for n in chain.nodes),
                "train with a monotone nonlinearity in front of the sign (for AdaBin's Maxout: "
                "keep n*p >= 0)",
                'flows/README.md, "What can be compiled"',
            ) from None


def _complement_columns(model: ModelWrapper, matmul: NodeProto, which: NDArray[np.bool_]) -> None:
    weights = model.get_initializer(matmul.input[1]).copy()
    weights[:, which] = 1 - weights[:, which]
    model.set_initializer(matmul.input[1], weights)


def _invert_rows(model: ModelWrapper, threshold: NodeProto, which: NDArray[np.bool_]) -> None:
    """Invert input bits `which` (rising instead of falling) and the weights that read them."""
    if not which.any():
        return
    reader = model.find_consumers(threshold.output[0])[0]
    if reader.op_type != "XnorPopcountMatMul":
        raise FlowError(
            "unsupported-node",
            f"the input binarisation falls with the pixel and {reader.op_type} reads it",
            f"the QONNX graph, node {reader.name}",
            "put a 1-bit MatMul behind the input binarisation",
        )
    weights = model.get_initializer(reader.input[1]).copy()
    weights[which, :] = 1 - weights[which, :]
    model.set_initializer(reader.input[1], weights)
    listed = ",".join(str(i) for i in np.flatnonzero(which))
    model.set_metadata_prop("inverted_inputs", listed)  # the checks undo it when they compare
