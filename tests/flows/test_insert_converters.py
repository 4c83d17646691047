# SPDX-License-Identifier: Apache-2.0
import itertools

import numpy as np
import pytest
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from flows.integer.hardware import Hardware
from flows.transforms.insert_converters import InsertConverters


def graph(before: int, behind: int) -> ModelWrapper:
    """Two nodes of 12 channels that take a different number of them per clk."""
    hw = Hardware()
    stream = hw.input((2, 2, 12), "UINT8")
    for lanes in (before, behind):
        constants = {"a": np.ones(12, np.int64), "b": np.zeros((1, 12), np.int64)}
        stream = hw.add(
            "BnnRequant", [stream], (2, 2, 12), "UINT4", constants, low=0, high=15, PE=lanes
        )
    return hw.model(stream)


@pytest.mark.parametrize(
    ("before", "behind", "ratios"),
    [
        (4, 4, []),
        (2, 6, [(2, 6)]),
        (12, 3, [(12, 3)]),
        (4, 6, [(4, 12), (12, 6)]),
        (3, 4, [(3, 12), (12, 4)]),
    ],
)
def test_converters_have_whole_ratios(
    before: int, behind: int, ratios: list[tuple[int, int]]
) -> None:
    model = graph(before, behind).transform(InsertConverters())
    ops = [getCustomOp(n) for n in model.graph.node if n.op_type == "AxisDwc"]
    assert [(op.lanes, op.get_nodeattr("outLanes")) for op in ops] == ratios
    assert [op.get_exp_cycles() for op in ops] == [48 // min(ratio) for ratio in ratios]
    streams = list(model.graph.node)
    for node, reader in itertools.pairwise(streams):
        out, into = getCustomOp(node), getCustomOp(reader)
        assert out.get_folded_output_shape()[-1] == into.get_folded_input_shape()[-1]
        assert out.get_outstream_width() == into.get_instream_width()
    assert len(model.transform(InsertConverters()).graph.node) == len(streams)


@pytest.mark.parametrize(("lanes", "beat"), [(8, 8), (2, 8), (12, 24), (24, 24), (3, 24)])
@pytest.mark.parametrize("datatype", ["BINARY", "UINT8"])
def test_bits_come_in_whole_bytes(lanes: int, beat: int, datatype: str) -> None:
    hw = Hardware()
    stream = hw.input((2, 2, 24), datatype)
    constants = {"thr": np.ones((1, 24), np.int64), "falling": np.zeros((1, 24), np.int64)}
    stream = hw.add("BnnBinarize", [stream], (2, 2, 24), "BINARY", constants, PE=lanes)
    model = hw.model(stream).transform(InsertConverters())
    first = getCustomOp(model.graph.node[0])
    converted = datatype == "BINARY" and beat != lanes
    assert [n.op_type for n in model.graph.node] == ["AxisDwc"] * converted + ["BnnBinarize"]
    assert first.get_folded_input_shape()[-1] == (beat if converted else lanes)
    assert first.get_folded_output_shape()[-1] == lanes
    nodes = len(model.graph.node)
    assert len(model.transform(InsertConverters()).graph.node) == nodes
