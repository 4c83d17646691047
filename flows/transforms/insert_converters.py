# SPDX-License-Identifier: Apache-2.0
"""Width converters where two neighbours take a different number of elements per clk."""

from __future__ import annotations

import math
from itertools import pairwise

from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.base import Transformation

from flows.links import insert_link


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
                end = tensor
                for nth, (into, out) in enumerate(pairwise(between)):
                    name = f"{tensor}_dwc{nth}"
                    insert_link(model, reader, end, "AxisDwc", name, PE=into, outLanes=out)
                    end = name
        return model, False
