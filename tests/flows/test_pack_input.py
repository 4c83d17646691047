# SPDX-License-Identifier: Apache-2.0
"""The sign of the input goes to the host: same bits, same scores, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from flows.check import check_graphs
from flows.errors import CheckFailed, FlowError
from flows.execute import run_integer
from flows.images import load_images
from flows.integer.hardware import Hardware
from flows.packed import KEY, HostBinarize, host_binarize, packed_input
from flows.transforms.pack_input import PackInput
from sim.lib.map_corners import first
from sim.lib.maps import MapGraph
from sim.lib.networks import Make, write_network
from sim.lib.stages import Stages, run_stages

MAKES = {
    "one threshold": Make((16, 8, 4), batch_norm=True),
    "a threshold per pixel, rising, falling and constant": Make((24, 8, 5), input_norm=True),
    "odd, image shape": Make((25, 6, 3), final="bn", image_shape=(1, 5, 5)),
}


def cnv(g: MapGraph) -> str:
    """Signs of pixels, a threshold a channel, then a window."""
    x = g.sign(g.norm(g.node("Sub", [g.source, g.const(0.5)])))
    return g.linear(g.max_pool(g.sign(g.norm(g.conv(x, 6))), (2, 2)), 5)


def packed_of(model: ModelWrapper) -> HostBinarize:
    packed = packed_input(model)
    assert packed is not None
    return packed


@pytest.fixture(params=[*MAKES, "maps"], scope="module")
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Stages:
    path = tmp_path_factory.mktemp("packed") / "n.onnx"
    if request.param == "maps":
        g = MapGraph((3, 6, 6), 2)
        return run_stages(g.write(path, cnv(g)), 1e5, packed=True)
    return run_stages(write_network(path, MAKES[request.param], 2), 2e6, packed=True)


def images_of(s: Stages, n: int = 200) -> Any:
    shape = s.imported.get_tensor_shape(s.imported.graph.input[0].name)
    return load_images(f"random:{n}", int(np.prod(shape)), False, 5)


def test_every_stage_gives_the_same_bits(built: Stages) -> None:
    source = built.folded.graph.input[0].name
    assert built.folded.get_tensor_datatype(source).name == "BINARY"
    images = images_of(built)
    rows, integer = check_graphs(
        built.imported, built.streamlined, built.folded, images, "pixel/255"
    )
    assert all(row["labels_equal"] == row["scores_equal"] == 200 for row in rows[1:])
    # the layer that left the hardware is still compared, and is not always the same
    name, bits = run_integer(built.folded, images.images).layers[0]
    assert name == packed_of(built.folded).node
    assert bits.shape == images.images.shape and 0.1 < bits.mean() < 0.9
    assert len(set(integer.labels.tolist())) > 1


def test_a_wrong_threshold_is_found(built: Stages) -> None:
    packed, folded = packed_of(built.folded), deepcopy(built.folded)
    thresholds = packed.thresholds.copy()
    thresholds[-1] += 1
    replace(packed, thresholds=thresholds).keep(folded)
    images = images_of(built, 1000)
    with pytest.raises(CheckFailed, match=f"stages-differ(.|\\n)*{packed.node}"):
        check_graphs(built.imported, built.streamlined, folded, images, "pixel/255")


def test_again_changes_nothing(built: Stages) -> None:
    before = built.folded.graph.SerializeToString()
    assert built.folded.transform(PackInput()).graph.SerializeToString() == before


def binarize(thresholds: np.ndarray, falling: np.ndarray, **attributes: Any) -> ModelWrapper:
    hw = Hardware()
    stream = hw.input((2, 3, 2), "UINT8")
    constants = {"thr": thresholds, "falling": falling}
    stream = hw.add("BnnBinarize", [stream], (2, 3, 2), "BINARY", constants, **attributes)
    unit = {"a": np.ones(2, np.int64), "b": np.zeros((1, 2), np.int64)}
    return hw.model(hw.add("BnnRequant", [stream], (2, 3, 2), "UINT4", unit, low=0, high=15))


@pytest.mark.parametrize(
    ("thresholds", "falling", "values"),
    [
        ([[0, 256]], [[0, 0]], 12),
        ([[-7, 300]], [[1, 1]], 12),
        ([[77]], [[1]], 1),
        ([[256]], [[0]], 1),
        ([[1, 255], [128, 256], [0, 9], [300, -1]], [[0, 1]] * 4, 12),
    ],
)
def test_bytes_say_every_threshold(
    thresholds: list[list[int]], falling: list[list[int]], values: int
) -> None:
    """All pixel values; thresholds that none reaches, or all do; classes of pixels."""
    classes = {"rowClass": [0, 1], "columnClass": [0, 1, 0]} if len(thresholds) > 1 else {}
    model = binarize(np.array(thresholds), np.array(falling), **classes)
    node = model.graph.node[0]
    constants = [model.get_initializer(name) for name in node.input[1:]]
    images = np.repeat(np.arange(256, dtype=np.uint8), 12).reshape(256, 2, 3, 2)
    [want] = getCustomOp(node).compute([images], constants)
    model = model.transform(PackInput())
    packed = packed_of(model)
    assert np.array_equal(packed.bits(images), want)
    assert max(len(packed.thresholds), len(packed.falling)) == values
    assert [n.op_type for n in model.graph.node] == ["BnnRequant"]
    names = {tensor.name for tensor in model.graph.initializer}
    assert names == set(model.graph.node[0].input[1:])
    # as JSON, and back
    again = host_binarize(packed.table())
    assert again is not None and np.array_equal(again.bits(images), want)
    assert json.loads(model.get_metadata_prop(KEY))["thresholds"] == packed.table()["thresholds"]


def pixels(g: MapGraph) -> str:
    """A convolution of pixels."""
    return g.linear(g.sign(g.norm(g.conv(g.source, 4, bits=4))), 3)


def forked(g: MapGraph) -> str:
    """Signs, and the pixels themselves."""
    signs = g.quant(g.norm(g.conv(first(g), 4)), 4, 0.25)
    grays = g.quant(g.norm(g.conv(g.source, 4, bits=4)), 4, 0.25)
    return g.linear(g.sign(g.add(signs, grays)), 4)


@pytest.mark.parametrize(("net", "op"), [(pixels, "BnnWindow"), (forked, "AxisFork")])
def test_other_first_ops_are_refused(
    net: Callable[[MapGraph], str], op: str, tmp_path: Path
) -> None:
    g = MapGraph((2, 5, 5), 1)
    with pytest.raises(FlowError, match=rf"packed-input(.|\n)*{op}_0 ") as caught:
        run_stages(g.write(tmp_path / "n.onnx", net(g)), 1e4, "pixel", packed=True)
    assert "--no-packed" in caught.value.hint


def test_an_input_of_bits_is_packed_as_it_is(tmp_path: Path) -> None:
    path = write_network(tmp_path / "n.onnx", Make((12, 6, 4), pixels=False), 1)
    with pytest.raises(FlowError, match=r"packed-input(.|\n)*1-bit as it is"):
        run_stages(path, kind="bipolar", packed=True)
