# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

from flows.errors import FlowError
from flows.transforms.chain import evaluate_chain, find_chain
from sim.lib.networks import Make, network


def first_matmul(model: ModelWrapper) -> str:
    return next(n.output[0] for n in model.graph.node if n.op_type == "MatMul")


def test_chain_of_batch_norm_and_clip_ends_at_the_quantizer() -> None:
    make = Make((6, 4, 3), batch_norm=True, clip=True)
    model = ModelWrapper(network(make, np.random.default_rng(1)))
    chain = find_chain(model, first_matmul(model))
    assert [n.op_type for n in chain.nodes] == ["BatchNormalization", "Clip"]
    assert chain.consumer is not None and chain.consumer.op_type == "BipolarQuant"


def test_evaluation_is_bitwise_what_the_whole_graph_computes() -> None:
    rng = np.random.default_rng(2)
    model = ModelWrapper(network(Make((9, 5), final="bn"), rng)).transform(InferShapes())
    chain = find_chain(model, first_matmul(model))
    for _ in range(5):
        x = rng.random((1, 9)).astype(np.float32)
        context = execute_onnx(model, {"x": x}, return_full_exec_context=True)
        assert np.array_equal(evaluate_chain(model, chain, context[chain.start]), context["y"])


def test_empty_chain_gives_its_values_back() -> None:
    model = ModelWrapper(network(Make((3, 2)), np.random.default_rng(3)))
    chain = find_chain(model, first_matmul(model))
    values = np.arange(6, dtype=np.float32).reshape(3, 2)
    assert np.array_equal(evaluate_chain(model, chain, values), values)


def test_residual_connection_is_refused_by_name() -> None:
    model = ModelWrapper(network(Make((3, 2), final="scalar"), np.random.default_rng(4)))
    add = next(n for n in model.graph.node if n.op_type == "Add")
    mul = next(n for n in model.graph.node if n.op_type == "Mul" and n.input[0] != "x")
    add.input[1] = mul.input[0]
    with pytest.raises(FlowError, match="unsupported-node"):
        find_chain(model, first_matmul(model))
