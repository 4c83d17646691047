# SPDX-License-Identifier: Apache-2.0
"""Models that cannot be compiled: one clear error that names the node and the way out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from flows.errors import FlowError
from flows.importer import import_qonnx
from sim.lib.networks import Make, network


def save(proto: onnx.ModelProto, path: Path) -> Path:
    path.write_bytes(proto.SerializeToString())
    return path


def proto() -> onnx.ModelProto:
    return network(Make((8, 5, 3), batch_norm=True), np.random.default_rng(1))


def test_float_weights(tmp_path: Path) -> None:
    model = proto()
    matmul = next(n for n in model.graph.node if n.op_type == "MatMul")
    sign = next(n for n in model.graph.node if n.output[0] == matmul.input[1])
    matmul.input[1] = sign.input[0]
    with pytest.raises(FlowError, match=r"float-layer.*weights that are not 1 bit"):
        import_qonnx(save(model, tmp_path / "m.onnx"))


def test_float_activations(tmp_path: Path) -> None:
    model = proto()
    second = [n for n in model.graph.node if n.op_type == "MatMul"][1]
    sign = next(n for n in model.graph.node if n.output[0] == second.input[0])
    relu = helper.make_node("Relu", [sign.input[0]], [sign.output[0]], name="Relu_here")
    model.graph.node.insert(list(model.graph.node).index(sign), relu)
    model.graph.node.remove(sign)
    with pytest.raises(FlowError, match="float-layer") as caught:
        import_qonnx(save(model, tmp_path / "m.onnx"))
    assert "Relu" in caught.value.where


@pytest.mark.parametrize("op", ["Softmax", "Sign", "Erf"])
def test_node_without_hardware_is_named(op: str, tmp_path: Path) -> None:
    model = proto()
    last = model.graph.node[-1]
    last.output[0] = "before"
    model.graph.node.append(helper.make_node(op, ["before"], ["y"], name="odd_one"))
    with pytest.raises(FlowError, match=f"unsupported-node.*{op}"):
        import_qonnx(save(model, tmp_path / "m.onnx"))


def test_two_inputs(tmp_path: Path) -> None:
    model = proto()
    extra = helper.make_tensor_value_info("x2", 1, [1, 3])
    model.graph.input.append(extra)
    model.graph.node[-1].output[0] = "before"
    model.graph.node.append(helper.make_node("Add", ["before", "x2"], ["y"]))
    with pytest.raises(FlowError, match="graph-ports"):
        import_qonnx(save(model, tmp_path / "m.onnx"))


def test_no_layers(tmp_path: Path) -> None:
    ports = [helper.make_tensor_value_info(n, 1, [1, 3]) for n in "xy"]
    two = numpy_helper.from_array(np.float32([2]), "two")
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "two"], ["y"])], "g", [ports[0]], [ports[1]], [two]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    with pytest.raises(FlowError, match="no-layers"):
        import_qonnx(save(model, tmp_path / "m.onnx"))


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07"])
def test_corrupt_file(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(FlowError, match="model-corrupt"):
        import_qonnx(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match="model-missing"):
        import_qonnx(tmp_path / "none.onnx")
