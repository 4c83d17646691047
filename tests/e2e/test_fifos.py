# SPDX-License-Identifier: Apache-2.0
"""The FIFO of a shortcut is as deep as the schedule says for a reason, shown in the RTL.

The schedule's depth is an upper bound, because the latencies that go into it are: with it the RTL
runs at the predicted rate, and a few beats less would do, too. How many is searched here, in
Verilator, by bisection. The least depth loses nothing, one beat less loses rate or locks up.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from flows.buffers import schedule_graph
from flows.build import build
from flows.config import FlowConfig
from flows.errors import CheckFailed
from flows.files import read_json
from flows.rtl import build_bench, run_bench
from sim.lib.maps import MapGraph

SAME = (1, 1, 1, 1)
#: beats that the schedule's depth may be above the least one
SLACK = 8
IMAGES = np.random.default_rng(1).integers(0, 256, (12, 36), np.uint8)


def residual(path: Path) -> Path:
    """A block whose shortcut waits for a padded 3x3 convolution."""
    g = MapGraph((1, 6, 6), seed=5)
    x = g.quant(g.norm(g.conv(g.source, 4, pads=SAME)), 4, 0.25)
    branch = g.quant(g.norm(g.conv(g.pad(g.sign(x), SAME, -1.0), 4)), 4, 0.25)
    y = g.sign(g.add(branch, x))
    onnx.save(g.model(g.linear(y, 4)), str(path))
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fifos")
    model = residual(folder / "block.onnx")
    config = FlowConfig(str(model), target_fps=40_000, images="random:20", input="pixel")
    build(folder / "run", config, last="fold")
    return folder / "run"


def deepest(model: ModelWrapper) -> tuple[str, int]:
    """Name and depth of the deepest FIFO."""
    fifos = [n for n in model.graph.node if n.op_type == "AxisFifo"]
    return max(
        ((n.name, int(getCustomOp(n).get_nodeattr("depth"))) for n in fifos), key=lambda f: f[1]
    )


def interval(run: Path, name: str, depth: int) -> int:
    """Clk per frame of the RTL with another depth of one FIFO; 0 where it locks up."""
    path = run / "05_fold.onnx"
    model = ModelWrapper(str(path))
    node = next(n for n in model.graph.node if n.name == name)
    getCustomOp(node).set_nodeattr("depth", depth)
    model.save(str(path))
    build(run, FlowConfig(**read_json(run / "flow.json")), first="generate", last="stitch")
    work = run.parent / f"depth{depth}"
    bench = build_bench(run / "07_top", work / "bench", work / "build.log")
    try:
        done = run_bench(run / "07_top", bench, IMAGES, work / "out", work / "run.log")
        clk = int(done.measured["interval"])
    except CheckFailed as failed:
        assert failed.code == "sim-stuck"
        clk = 0
    print(f"{name} of {depth} beats: {f'{clk} clk per frame' if clk else 'locks up'}")
    return clk


def test_one_beat_less_than_the_least_depth_loses_rate(run: Path) -> None:
    model = ModelWrapper(str(run / "05_fold.onnx"))
    period = schedule_graph(model).period
    assert json.loads((run / "folding.json").read_text())["interval"] == period
    name, depth = deepest(model)
    assert interval(run, name, depth) == period
    low, least = depth - SLACK - 1, depth  # least keeps the rate; low does not, it turns out
    slower = {low: interval(run, name, low)}
    while least - low > 1:
        middle = (low + least) // 2
        clk = interval(run, name, middle)
        if clk == period:
            least = middle
        else:
            low, slower[middle] = middle, clk
    print(f"{name}: {depth} beats by the schedule, {least} needed")
    assert slower[least - 1] == 0 or slower[least - 1] > period
