# SPDX-License-Identifier: Apache-2.0
"""The FIFO of a shortcut is as deep as the schedule says for a reason, shown in the RTL."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from flows.buffers import schedule_graph
from flows.build import build
from flows.config import FlowConfig
from flows.errors import CheckFailed
from flows.files import read_json
from sim.lib.maps import MapGraph

SAME = (1, 1, 1, 1)


def residual(path: Path) -> Path:
    """A block whose shortcut waits for a padded 3x3 convolution."""
    g = MapGraph((1, 8, 8), seed=5)
    x = g.quant(g.norm(g.conv(g.source, 4, pads=SAME)), 4, 0.25)
    branch = g.quant(g.norm(g.conv(g.pad(g.sign(x), SAME, -1.0), 4)), 4, 0.25)
    y = g.sign(g.add(branch, x))
    onnx.save(g.model(g.linear(y, 4)), str(path))
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fifos")
    model = residual(folder / "block.onnx")
    config = FlowConfig(str(model), target_fps=150_000, images="random:20", input="pixel")
    build(folder / "run", config, last="check")
    return folder / "run"


def deepest(model: ModelWrapper) -> tuple[str, int]:
    """Name and depth of the deepest FIFO."""
    fifos = [n for n in model.graph.node if n.op_type == "AxisFifo"]
    return max(
        ((n.name, int(getCustomOp(n).get_nodeattr("depth"))) for n in fifos), key=lambda f: f[1]
    )


def test_the_interval_is_exact(run: Path) -> None:
    check = read_json(run / "check.json")
    assert check["interval_measured"] == check["interval_predicted"]
    folded = ModelWrapper(str(run / "05_fold.onnx"))
    assert deepest(folded)[1] > 2
    assert schedule_graph(folded).period == check["interval_measured"]


def test_a_shorter_one_loses_rate_or_stops(run: Path) -> None:
    """The sizes a FIFO can have are powers of two; a quarter of it is not enough."""
    path = run / "05_fold.onnx"
    model = ModelWrapper(str(path))
    name, depth = deepest(model)
    node = next(n for n in model.graph.node if n.name == name)
    assert 8 < depth <= 32
    getCustomOp(node).set_nodeattr("depth", 4)
    model.save(str(path))
    config = FlowConfig(**read_json(run / "flow.json"))
    with pytest.raises(CheckFailed) as failed:
        build(run, config, first="generate", last="check")
    assert failed.value.code in ("cycles-differ", "sim-stuck")
