# SPDX-License-Identifier: Apache-2.0
"""Give every stream one reader."""

from __future__ import annotations

from onnx import TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation

from flows.transforms.fork_scores import fork_node


class ForkStreams(Transformation):  # type: ignore[misc]
    """Put an AxisFork behind each stream that several nodes read.

    Before: a graph of flows.ops in which a tensor, the input too, may have several readers.
    After:  every tensor has one; of n readers the first n - 2 get a copy from a fork each, in
            stream order, the last two share one.
    Again:  a second call changes nothing.
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        """See the class."""
        streams = [model.graph.input[0].name]
        streams += [name for node in model.graph.node for name in node.output]
        for stream in streams:
            readers = model.find_consumers(stream)
            while len(readers) > 1:
                copies = [f"{stream}_{len(readers)}{side}" for side in "ab"]
                fork = fork_node(model, stream, copies)
                fork.name = f"fork_{copies[0]}"
                for copy in copies:
                    shape = model.get_tensor_shape(stream)
                    info = helper.make_tensor_value_info(copy, TensorProto.FLOAT, shape)
                    model.graph.value_info.append(info)
                    model.set_tensor_datatype(copy, model.get_tensor_datatype(stream))
                first = list(model.graph.node).index(readers[0])
                for i, reader in enumerate(readers):
                    for j, name in enumerate(reader.input):
                        if name == stream:
                            reader.input[j] = copies[min(i, 1)]
                model.graph.node.insert(first, fork)
                stream, readers = copies[1], readers[1:]
        return model, False
