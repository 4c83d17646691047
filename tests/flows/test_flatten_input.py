# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from flows.errors import FlowError
from flows.importer import import_qonnx
from sim.lib.networks import Make, write_network


def test_image_input_becomes_a_row(tmp_path: Path) -> None:
    make = Make((12, 4, 2), image_shape=(1, 3, 4))
    model = import_qonnx(write_network(tmp_path / "n.onnx", make, 1))
    assert model.get_tensor_shape(model.graph.input[0].name) == [1, 12]
    assert "Flatten" not in {n.op_type for n in model.graph.node}


def test_map_input_without_flatten_is_refused(tmp_path: Path) -> None:
    make = Make((4, 3, 2), image_shape=(2, 3, 4))
    path = write_network(tmp_path / "n.onnx", make, 1)
    proto = onnx.load(str(path))
    flatten = proto.graph.node[0]
    proto.graph.node[1].input[0] = flatten.input[0]
    proto.graph.node.remove(flatten)
    shape = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2, 3, 2])
    proto.graph.output[0].CopyFrom(shape)
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(FlowError, match="input-shape"):
        import_qonnx(path)
