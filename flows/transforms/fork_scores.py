# SPDX-License-Identifier: Apache-2.0
"""Give the accelerator a second output: the scores argmax decides on."""

from __future__ import annotations

from onnx import NodeProto, TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation


class ForkScores(Transformation):  # type: ignore[misc]
    """Copy the stream in front of argmax to a graph output.

    Before: scores -> BnnArgmax -> label, the only output.
    After:  scores -> AxisFork -> BnnArgmax -> label, and AxisFork -> scores: outputs (label,
            scores). Whoever does not want scores keeps that stream's tready high; it costs then
            two flip-flops.
    Again:  a second call changes nothing.
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        """See the class."""
        argmax = next(n for n in model.graph.node if n.op_type == "BnnArgmax")
        scores = argmax.input[0]
        producer = model.find_producer(scores)
        if producer.op_type == "AxisFork":
            return model, False
        copies = ["scores_to_argmax", "scores"]
        fork = fork_node(model, scores, copies)
        infos = [
            helper.make_tensor_value_info(c, TensorProto.FLOAT, model.get_tensor_shape(scores))
            for c in copies
        ]
        model.graph.value_info.append(infos[0])
        model.graph.output.append(infos[1])
        model.graph.node.insert(list(model.graph.node).index(argmax), fork)
        argmax.input[0] = copies[0]
        for copy in copies:
            model.set_tensor_datatype(copy, model.get_tensor_datatype(scores))
        return model, False


def fork_node(model: ModelWrapper, stream: str, copies: list[str]) -> NodeProto:
    """An AxisFork that copies a stream to two tensors; not in the graph yet."""
    *vectors, channels = model.get_tensor_shape(stream)
    return helper.make_node(
        "AxisFork",
        [stream],
        copies,
        name=f"fork_{stream}",
        domain="flows.ops",
        backend="fpgadataflow",
        NumChannels=channels,
        PE=1,
        NumOutputStreams=2,
        inputDataType=model.get_tensor_datatype(stream).name,
        numInputVectors=list(vectors),
    )
