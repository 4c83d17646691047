# SPDX-License-Identifier: Apache-2.0
"""Width converters where two neighbours take a different number of elements per clk."""

from __future__ import annotations

import math
from itertools import pairwise
from math import prod

from onnx import TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.base import Transformation


class InsertConverters(Transformation):  # type: ignore[misc]
    """Put AxisDwc between a stream's two ends, through the least common multiple where uneven.

    Before: a folded graph of flows.ops, one reader per stream.
    After:  both ends of every stream have as many lanes.
    Again:  a second call changes nothing.
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        """See the class."""
        for node in list(model.graph.node):
            producer = getCustomOp(node)
            for i, tensor in enumerate(list(node.output)):
                reader = model.find_consumer(tensor)
                if reader is None:
                    continue
                index = list(reader.input).index(tensor)
                lanes = int(producer.get_folded_output_shape(i)[-1])
                wanted = int(getCustomOp(reader).get_folded_input_shape(index)[-1])
                between = [lanes]
                if lanes % wanted and wanted % lanes:
                    between.append(math.lcm(lanes, wanted))
                if lanes != wanted:
                    between.append(wanted)
                for nth, (into, out) in enumerate(pairwise(between)):
                    self._insert(model, reader, index, f"{tensor}_dwc{nth}", into, out)
        return model, False

    @staticmethod
    def _insert(
        model: ModelWrapper, reader: object, index: int, name: str, into: int, out: int
    ) -> None:
        tensor = reader.input[index]  # type: ignore[attr-defined]
        shape, datatype = model.get_tensor_shape(tensor), model.get_tensor_datatype(tensor)
        n = prod(shape)
        node = helper.make_node(
            "AxisDwc",
            [tensor],
            [name],
            name=name,
            domain="flows.ops",
            backend="fpgadataflow",
            inShape=[n],
            outShape=[n],
            PE=into,
            outLanes=out,
            inputDataType=datatype.name,
            outputDataType=datatype.name,
        )
        info = helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        model.graph.value_info.append(info)
        model.set_tensor_datatype(name, datatype)
        reader.input[index] = name  # type: ignore[attr-defined]
        model.graph.node.insert(list(model.graph.node).index(reader), node)
