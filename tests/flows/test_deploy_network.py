# SPDX-License-Identifier: Apache-2.0
"""The driver's NumPy network gives the integer reference's scores and labels, for every op."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bnnflow_host import HostError
from bnnflow_host import network as host
from bnnflow_host.layers import LAYERS
from bnnflow_host.products import Product
from onnx import helper

from flows.config import load_board
from flows.deploy import vectors
from flows.deploy_network import network_arrays
from flows.errors import FlowError
from flows.fold_graph import fold
from flows.importer import import_qonnx, streamline
from flows.lowering import lower, specialise
from sim.lib import map_corners, two_sums
from sim.lib.maps import MapGraph
from sim.lib.random_maps import write_random
from tests.e2e.test_maps import FASTEST, NETS

Net = Callable[[MapGraph], str]
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 16))
IMAGES = 40


def specialised(net: Net, shape: tuple[int, int, int], folder: Path) -> Any:
    print(f"repeat with SEED={SEED}")
    g = MapGraph(shape, SEED)
    return hardware(g.write(folder / "n.onnx", net(g)), "pixel/255")


def hardware(path: Path, kind: str) -> Any:
    return specialise(lower(streamline(import_qonnx(path), kind)))


def compare(model: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Whole and in small chunks; returns the kinds of layers that were compared."""
    source = model.graph.input[0].name
    n, most = prod(model.get_tensor_shape(source)), int(model.get_tensor_datatype(source).max())
    images = np.random.default_rng(SEED).integers(0, most + 1, (IMAGES, n), dtype=np.uint8)
    images[0], images[1] = 0, most
    want = vectors(model, images)
    arrays = network_arrays(model)
    np.savez(folder / "n.npz", **arrays)
    for chunk in (1 << 20, 1):
        monkeypatch.setattr(host, "CHUNK", chunk)
        network = host.load_network(folder / "n.npz")
        assert np.array_equal(network.scores(want["images"]), want["scores"])
        assert np.array_equal(network.labels(want["images"]), want["labels"])
        assert network.scores(want["images"][:0]).shape == (0, want["scores"].shape[1])
    assert want["scores"].dtype == np.int64
    return {layer["kind"] for layer in network._layers}


def test_every_op_folded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The networks of tests/e2e and a curve that no thresholds make: every kind of layer."""
    kinds = set()
    for net, fps in [*NETS, (map_corners.maxout_that_falls_and_rises, 50_000)]:
        model = specialised(net, (2, 8, 8), tmp_path)
        folded, _ = fold(model, load_board("pynq-z1"), 100.0, fps, None)
        kinds |= compare(folded, tmp_path, monkeypatch)
    assert kinds == {*LAYERS}


@pytest.mark.parametrize("net", FASTEST, ids=lambda net: net.__name__)
def test_several_pixels_per_clk(net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = specialised(net, (2, 8, 8), tmp_path)
    folded, _ = fold(model, load_board("zcu102"), 100.0, None, None, most=True)
    assert "BnnWindowWide" in [node.op_type for node in folded.graph.node]
    compare(folded, tmp_path, monkeypatch)


CORNERS = [*map_corners.NETS, two_sums.several_levels, two_sums.several_levels_padded_with_0]


@pytest.mark.parametrize("net", CORNERS, ids=lambda net: net.__name__)
def test_corners(net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compare(specialised(net, (2, 6, 6), tmp_path), tmp_path, monkeypatch)


@pytest.mark.parametrize("number", range(12))
def test_random_networks(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pixels as they are or scaled, and bits; strides, dilations, groups, shortcuts."""
    drawn = write_random(tmp_path / "n.onnx", SEED + number)
    print(f"repeat with SEED={SEED}: {drawn}")
    compare(hardware(drawn.path, drawn.kind), tmp_path, monkeypatch)


def test_products_are_exact_where_float32_is_not() -> None:
    """Sums beyond 2^24 and beyond 2^53, with an odd last bit that rounding would lose."""
    for big in (1 << 12, 1 << 26, 1 << 40):
        weights = np.array([[big, 1, 0, 0], [0, 0, -big, -1]], np.int64)
        x = np.array([[big, 1, big, 1], [-big, -1, -big, -1], [0, 0, 0, 1]], np.int64)
        assert np.array_equal(Product(weights)(x).astype(np.int64), x @ weights.T)
        blocks = Product(weights[:, :2], 2)(x).astype(np.int64)
        want = np.stack([x[:, :2] @ weights[0, :2], x[:, 2:] @ weights[1, :2]], axis=1)
        assert np.array_equal(blocks, want)


def test_what_is_unknown_is_refused(tmp_path: Path) -> None:
    model = specialised(map_corners.falling_scores, (2, 6, 6), tmp_path)
    arrays = network_arrays(model)
    text = str(arrays["graph"])
    for graph, word in ((text.replace('"mvu"', '"nvu"'), "does not know nvu"), (None, "no graph")):
        kept = {name: array for name, array in arrays.items() if name != "graph"}
        np.savez(tmp_path / "n.npz", **kept, **({} if graph is None else {"graph": graph}))
        with pytest.raises(HostError, match=f"network-format.*{word}"):
            host.load_network(tmp_path / "n.npz")
    node = model.graph.node[0]
    node.op_type, node.domain = "StreamingFIFO", "finn.custom_op.fpgadataflow"
    node.attribute.append(helper.make_attribute("depth", 2))
    with pytest.raises(FlowError, match=f"deploy-op.*StreamingFIFO(.|\n)*node {node.name}"):
        network_arrays(model)
