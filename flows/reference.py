# SPDX-License-Identifier: Apache-2.0
"""The integer reference: the hardware graph on a whole batch, in packed NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from flows import finn_env  # noqa: F401  (sets FINN up)
from flows.ops.base import KernelOp


def run_reference(model: ModelWrapper, images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """Every tensor of a specialised or folded graph, for every image.

    Args:
        model: a graph of our ops (and FINN's width converters, which change nothing here).
        images: shape (N, n): what the accelerator is fed, pixels or bits.

    Returns:
        Arrays of shape (N, channels), integers, by tensor name.
    """
    values: dict[str, NDArray[Any]] = {model.graph.input[0].name: images}
    for node in model.graph.node:
        op = getCustomOp(node)
        if isinstance(op, KernelOp):
            n_streams = len(op.in_ports)
            streams = [values[name] for name in node.input[:n_streams]]
            constants = [model.get_initializer(name) for name in node.input[n_streams:]]
            results = op.compute(streams, constants)
        else:
            results = [values[node.input[0]]]
        values.update(zip(node.output, results, strict=True))
    return values
