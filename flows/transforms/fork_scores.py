# SPDX-License-Identifier: Apache-2.0
"""Give the accelerator a second output: the scores argmax decides on."""

from __future__ import annotations

from onnx import TensorProto, helper
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
        shape = model.get_tensor_shape(scores)
        datatype = model.get_tensor_datatype(scores)
        copies = ["scores_to_argmax", "scores"]
        infos = [helper.make_tensor_value_info(c, TensorProto.FLOAT, shape) for c in copies]
        model.graph.value_info.append(infos[0])
        model.graph.output.append(infos[1])
        fork = helper.make_node(
            "AxisFork",
            [scores],
            copies,
            domain="flows.ops",
            backend="fpgadataflow",
            NumChannels=shape[-1],
            PE=1,
            NumOutputStreams=2,
            inputDataType=datatype.name,
            numInputVectors=[1],
        )
        model.graph.node.insert(list(model.graph.node).index(argmax), fork)
        argmax.input[0] = copies[0]
        for copy in copies:
            model.set_tensor_datatype(copy, datatype)
        return model, False
