# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

from qonnx.custom_op.registry import getCustomOp

from flows.transforms.specialise_ops import SpecialiseOps
from sim.lib.networks import Make, write_network
from sim.lib.stages import run_stages


def test_all_nodes_are_ours_and_widths_are_the_kernels(tmp_path: Path) -> None:
    make = Make((40, 12, 10), batch_norm=True)
    s = run_stages(write_network(tmp_path / "n.onnx", make, 1))
    ops = [n.op_type for n in s.specialised.graph.node]
    assert ops == ["BnnBinarize", "BnnMvu", "BnnMvu", "AxisFork", "BnnArgmax"]
    assert {n.domain for n in s.specialised.graph.node} == {"flows.ops"}
    raw = getCustomOp(s.specialised.graph.node[2])
    assert raw.get_output_datatype().name == "UINT4"  # 0..12 matches
    argmax = getCustomOp(s.specialised.graph.node[4])
    assert argmax.get_input_datatype().name == "UINT4"
    again = s.specialised.transform(SpecialiseOps())
    assert [n.op_type for n in again.graph.node] == ops


def test_unreachable_threshold_becomes_never() -> None:
    import numpy as np
    from onnx import helper

    node = helper.make_node(
        "BnnMvu", ["x", "w", "t"], ["y"], domain="flows.ops", backend="fpgadataflow",
        MW=7, MH=3, PE=1, SIMD=1, noActivation=0, binaryXnorMode=1, inputDataType="BINARY",
        weightDataType="BINARY", outputDataType="BINARY",
    )  # fmt: skip
    op = getCustomOp(node)
    thr, sense = op.rows(np.array([[0], [7], [8]], np.float32))
    assert thr.tolist() == [0, 7, 0] and sense.tolist() == [0, 0, 1]
    w = np.zeros((7, 3), np.float32)
    bits = op.compute([np.zeros((1, 7), np.int64)], [w, np.array([[0], [7], [8]], np.float32)])
    assert bits[0].tolist() == [[1, 1, 0]]
