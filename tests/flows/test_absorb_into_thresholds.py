# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper

from flows.errors import FlowError
from flows.importer import import_qonnx, streamline
from flows.transforms.absorb_into_thresholds import step_thresholds
from sim.lib.networks import Make, network, write_network


@given(st.integers(1, 40), st.data())
def test_step_thresholds_reproduce_every_step(n: int, data: st.DataObject) -> None:
    thr = np.array([data.draw(st.integers(0, n)) for _ in range(5)])
    falling = np.array([data.draw(st.booleans()) for _ in range(5)])
    bits = (np.arange(n)[:, None] >= thr) != falling
    got_thr, got_falling = step_thresholds(bits)
    assert np.array_equal((np.arange(n)[:, None] >= got_thr) != got_falling, bits)


def test_a_column_with_two_steps_is_named() -> None:
    bits = np.array([[0, 0], [0, 1], [0, 0]], bool)
    with pytest.raises(ValueError, match="channel 1 steps 2 times"):
        step_thresholds(bits)


def test_streamlined_graph_holds_only_counts_and_thresholds(tmp_path: Path) -> None:
    make = Make((11, 6, 4), batch_norm=True, clip=True)
    model = streamline(import_qonnx(write_network(tmp_path / "n.onnx", make, 1)), "pixel/255")
    kinds = [n.op_type for n in model.graph.node]
    assert kinds == [
        "MultiThreshold", "XnorPopcountMatMul", "MultiThreshold", "XnorPopcountMatMul", "TopK",
    ]  # fmt: skip
    for node in model.graph.node:
        if node.op_type == "MultiThreshold":
            thr = model.get_initializer(node.input[1])
            assert np.array_equal(thr, np.rint(thr))


def test_function_that_turns_twice_is_refused(tmp_path: Path) -> None:
    proto = network(Make((9, 4, 2)), np.random.default_rng(1))
    index = next(i for i, n in enumerate(proto.graph.node) if n.op_type == "MatMul")
    matmul = proto.graph.node[index]
    sign = next(n for n in proto.graph.node if n.input[0] == matmul.output[0])
    # |x| - 3: 1 for large sums of either sign, like a Maxout with n*p < 0
    absolute = helper.make_node("Abs", [matmul.output[0]], ["abs"], name="Abs")
    proto.graph.initializer.append(
        helper.make_tensor("three", 1, [1], np.array([3], np.float32).tobytes(), raw=True)
    )
    shift = helper.make_node("Sub", ["abs", "three"], ["vee"], name="Vee")
    sign.input[0] = "vee"
    proto.graph.node.insert(index + 1, absolute)
    proto.graph.node.insert(index + 2, shift)
    path = tmp_path / "vee.onnx"
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(FlowError, match="not-monotone") as caught:
        streamline(import_qonnx(path), "pixel/255")
    assert "Abs" in caught.value.where
