# SPDX-License-Identifier: Apache-2.0
"""Make every width converter one of a whole ratio, for which FINN's runs at full rate."""

from __future__ import annotations

import math

from onnx import TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.base import Transformation


class SplitUnevenConverters(Transformation):  # type: ignore[misc]
    """Replace a converter between widths of which neither divides the other by two in a row.

    FINN's converter moves a beat per clk on its narrow side only for whole ratios (measured: 4 to 9
    bits takes 12 clk for 36 bits instead of 9), and the folding model promises exact cycles.

    Before: StreamingDataWidthConverter a -> b.
    After:  a -> lcm(a, b) -> b; beats and their order are the same.
    Again:  a second call changes nothing.
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        """See the class."""
        for node in list(model.graph.node):
            if not node.op_type.startswith("StreamingDataWidthConverter"):
                continue
            op = getCustomOp(node)
            narrow, wide = sorted((op.get_nodeattr("inWidth"), op.get_nodeattr("outWidth")))
            if wide % narrow == 0:
                continue
            common = math.lcm(narrow, wide)
            between = model.make_new_valueinfo_name()
            shape = op.get_nodeattr("outShape")
            model.graph.value_info.append(
                helper.make_tensor_value_info(between, TensorProto.FLOAT, shape)
            )
            model.set_tensor_datatype(between, op.get_output_datatype())
            second = helper.make_node(
                node.op_type,
                [between],
                [node.output[0]],
                domain=node.domain,
                backend="fpgadataflow",
                inShape=shape,
                outShape=shape,
                inWidth=common,
                outWidth=op.get_nodeattr("outWidth"),
                dataType=op.get_nodeattr("dataType"),
            )
            op.set_nodeattr("outWidth", common)
            node.output[0] = between
            model.graph.node.insert(list(model.graph.node).index(node) + 1, second)
        return model, False
