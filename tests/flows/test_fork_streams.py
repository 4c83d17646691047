# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from flows.integer.hardware import Hardware
from flows.reference import run_reference
from flows.transforms.fork_streams import ForkStreams


def graph(readers: int) -> ModelWrapper:
    """A stream with several readers, whose sums meet again."""
    hw = Hardware()
    x = hw.input((2, 3, 4), "UINT8")
    limits = {"low": 0, "high": 1023, "input1DataType": "UINT10"}

    def shifted(stream: str, b: int) -> str:
        constants = {"a": np.ones(4, np.int64), "b": np.full((1, 4), b)}
        return hw.add("BnnRequant", [stream], (2, 3, 4), "UINT10", constants, low=0, high=1023)

    source = shifted(x, 1)
    total, *others = [shifted(source, i) for i in range(readers)]
    for other in others:
        total = hw.add("BnnAdd", [total, other], (2, 3, 4), "UINT10", **limits)
    return hw.model(total)


@pytest.mark.parametrize("readers", [1, 2, 3, 5])
def test_every_stream_has_one_reader_and_nothing_changes(readers: int) -> None:
    images = np.random.default_rng(1).integers(0, 60, (5, 24), dtype=np.uint8)
    before = graph(readers)
    want = run_reference(before, images)[before.graph.output[0].name]
    model = graph(readers).transform(ForkStreams())
    names = [name for node in model.graph.node for name in node.output]
    assert all(len(model.find_consumers(name)) <= 1 for name in names)
    forks = [node for node in model.graph.node if node.op_type == "AxisFork"]
    assert len(forks) == readers - 1
    assert all(getCustomOp(f).get_normal_input_shape() == (1, 2, 3, 4) for f in forks)
    found = run_reference(model, images)[model.graph.output[0].name]
    assert np.array_equal(found, want)
    again = len(model.graph.node)
    assert len(model.transform(ForkStreams()).graph.node) == again
