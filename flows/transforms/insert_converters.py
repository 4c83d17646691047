# SPDX-License-Identifier: Apache-2.0
"""Width converters where two neighbours take a different number of elements per clk.

A beat from memory comes in whole bytes; a 1-bit input of another width gets a converter, too.
"""

from __future__ import annotations

import math
from itertools import pairwise

from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.base import Transformation

from flows.beats import dense_lanes
from flows.links import insert_link


class InsertConverters(Transformation):  # type: ignore[misc]
    """Put AxisDwc between a stream's two ends, through the least common multiple where uneven.

    Before: a folded graph of flows.ops, one reader per stream.
    After:  both ends of every stream have as many lanes; a frame of a 1-bit input takes the fewest
            bytes that it can, in beats of whole bytes.
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
                end = tensor
                for nth, (into, out) in enumerate(pairwise(between)):
                    name = f"{tensor}_dwc{nth}"
                    insert_link(model, reader, end, "AxisDwc", name, PE=into, outLanes=out)
                    end = name
        _fill_bytes(model)
        return model, False


def _fill_bytes(model: ModelWrapper) -> None:
    """Read a 1-bit input in beats that leave no bit of a byte unused, where such beats exist."""
    source = model.graph.input[0].name
    if model.get_tensor_datatype(source).bitwidth() != 1:
        return
    reader = model.find_consumer(source)
    lanes = int(getCustomOp(reader).get_folded_input_shape(0)[-1])
    wide = dense_lanes(math.prod(model.get_tensor_shape(source)), lanes)
    if wide != lanes:
        insert_link(model, reader, source, "AxisDwc", f"{source}_dwc", PE=wide, outLanes=lanes)
