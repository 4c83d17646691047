# SPDX-License-Identifier: Apache-2.0
"""Drop the reshape at the input: a stream of pixels has no shape."""

from __future__ import annotations

import numpy as np
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation

from flows.errors import FlowError


class FlattenInput(Transformation):  # type: ignore[misc]
    """Make the graph input a row vector and remove what only reshapes it.

    Before: input (1, ...) -> Reshape or Flatten to (1, n) -> the layers.
    After:  input (1, n) -> the layers; element order as before (C order).
    Again:  a second call changes nothing.

    Raises:
        FlowError: input-shape (the layers do not read a row vector).
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        """See the class."""
        source = model.graph.input[0].name
        while True:
            consumers = model.find_consumers(source)
            if len(consumers) != 1 or consumers[0].op_type not in ("Reshape", "Flatten"):
                break
            node = consumers[0]
            for reader in model.find_consumers(node.output[0]):
                for i, name in enumerate(reader.input):
                    if name == node.output[0]:
                        reader.input[i] = source
            model.set_tensor_shape(source, model.get_tensor_shape(node.output[0]))
            model.graph.node.remove(node)
        shape = model.get_tensor_shape(source)
        if len(shape) != 2 or shape[0] != 1:
            n = int(np.prod(shape))
            raise FlowError(
                "input-shape",
                f"the graph input {source} has shape {shape}, not (1, n)",
                "the QONNX file's input",
                f"export with one flat input, e.g. shape (1, {n}); convolutions are not supported "
                "yet",
                'flows/README.md, "What can be compiled"',
            )
        return model, False
