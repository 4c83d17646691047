# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

from flows.transforms.scale_pixels import ScalePixels
from sim.lib.networks import Make, network


def test_pixels_in_give_what_fractions_gave() -> None:
    model = ModelWrapper(network(Make((6, 4, 3)), np.random.default_rng(1)))
    model = model.transform(InferShapes())
    pixels = np.arange(6, dtype=np.float32)[None] * 51
    want = execute_onnx(model, {"x": pixels / np.float32(255)})["y"]
    scaled = model.transform(ScalePixels(255.0)).transform(InferShapes())
    assert scaled.get_tensor_datatype("x") == DataType["UINT8"]
    assert np.array_equal(execute_onnx(scaled, {"x": pixels})["y"], want)
    again = scaled.transform(ScalePixels(255.0))
    assert [n.op_type for n in again.graph.node].count("Div") == 1


def test_divisor_one_only_sets_the_type() -> None:
    model = ModelWrapper(network(Make((6, 4, 3)), np.random.default_rng(1)))
    before = len(model.graph.node)
    model = model.transform(ScalePixels(1.0))
    assert len(model.graph.node) == before
    assert model.get_tensor_datatype("x") == DataType["UINT8"]
