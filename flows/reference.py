# SPDX-License-Identifier: Apache-2.0
"""The integer reference: the hardware graph on a whole batch, in packed NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from flows import finn_env  # noqa: F401  (sets FINN up)
from flows.packed import packed_input


def as_fed(images: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Images in the order of the accelerator's input: maps pixel by pixel.

    Args:
        images: shape (N, n), maps channel by channel.
        shape: of the accelerator's input, (1, rows, columns, channels) or (1, n).

    Returns:
        Shape (N, *shape[1:]).
    """
    if len(shape) != 4:
        return images
    _, rows, columns, channels = shape
    maps = images.reshape(-1, channels, rows, columns).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(maps)


def run_reference(model: ModelWrapper, images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """Every tensor of a specialised or folded graph, for every image.

    Args:
        model: a graph of our ops.
        images: shape (N, n), pixels or bits, maps channel by channel as QONNX has them; of a packed
            graph (flows/packed.py) the pixels.

    Returns:
        Arrays of shape (N, channels) or (N, rows, columns, channels), integers, by tensor name.
    """
    source = model.graph.input[0].name
    shape = tuple(model.get_tensor_shape(source))
    fed, packed = as_fed(images, shape), packed_input(model)
    values: dict[str, NDArray[Any]] = {source: packed.bits(fed) if packed else fed}
    for node in model.graph.node:
        op = getCustomOp(node)
        n_streams = len(op.in_ports)
        streams = [values[name] for name in node.input[:n_streams]]
        constants = [model.get_initializer(name) for name in node.input[n_streams:]]
        results = op.compute(streams, constants)
        values.update(zip(node.output, results, strict=True))
    return values
