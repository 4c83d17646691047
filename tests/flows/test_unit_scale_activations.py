# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from onnx import numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

from flows.errors import FlowError
from flows.transforms.unit_scale_activations import UnitScaleActivations
from sim.lib.networks import Make, network


def test_scale_moves_behind_and_values_stay() -> None:
    rng = np.random.default_rng(1)
    model = ModelWrapper(network(Make((8, 5, 3), act_scale=0.5), rng)).transform(InferShapes())
    x = {"x": rng.random((1, 8)).astype(np.float32)}
    moved = model.transform(UnitScaleActivations()).transform(InferShapes())
    assert np.array_equal(execute_onnx(moved, x)["y"], execute_onnx(model, x)["y"])
    for node in moved.graph.node:
        if node.op_type == "BipolarQuant" and moved.get_initializer(node.input[0]) is None:
            assert moved.get_initializer(node.input[1]) == 1
    nodes = len(moved.graph.node)
    assert len(moved.transform(UnitScaleActivations()).graph.node) == nodes


@pytest.mark.parametrize("scale", [[0.0], [-1.0], [1.0, 2.0]])
def test_scale_that_is_no_positive_number_is_refused(scale: list[float]) -> None:
    proto = network(Make((8, 2, 3)), np.random.default_rng(1))
    sign = [n for n in proto.graph.node if n.op_type == "BipolarQuant"][2]
    constant = next(c for c in proto.graph.initializer if c.name == sign.input[1])
    constant.CopyFrom(numpy_helper.from_array(np.array(scale, np.float32), constant.name))
    model = ModelWrapper(proto)
    with pytest.raises(FlowError, match="quant-scale"):
        model.transform(UnitScaleActivations())
