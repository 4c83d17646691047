# SPDX-License-Identifier: Apache-2.0
"""A small compiled network with its deploy folder, for tests."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flows.config import load_board
from flows.deploy import write_package
from flows.generate import generate, stitch
from sim.lib.maps import MapGraph
from sim.lib.networks import write_network
from sim.lib.stages import run_stages
from sim.lib.tops import CLK_MHZ, PART, Top

Net = Callable[[MapGraph], str]


def small_package(top: Top, folder: Path, seed: int) -> tuple[Path, Any]:
    """Compile a network with random weights and deploy it into `folder`, which is made anew.

    Args:
        top: the network and its folding.
        folder: gets top/ (stage stitch) and deploy/, with files named small.*.
        seed: of the weights.

    Returns:
        Path of the .bit (which is not there) and the folded graph.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    network = write_network(folder / "network.onnx", top.make, seed)
    table = {f"BnnMvu_{i}": {"PE": pe, "SIMD": simd} for i, (pe, simd) in enumerate(top.folds)}
    (folder / "folding.json").write_text(json.dumps(table))
    kind = "pixel/255" if top.make.pixels else "bipolar"
    model = run_stages(network, None, kind, folder / "folding.json", top.packed).folded
    return package(model, folder, 60), model


def small_maps(
    net: Net, shape: tuple[int, int, int], fps: float, folder: Path, seed: int, images: int
) -> Path:
    """The same for a network with maps, folded for a rate.

    Args:
        net: adds its layers to a graph and returns the scores.
        shape: of an image: channels, rows, columns.
        fps: at CLK_MHZ.
        folder: as for small_package().
        seed: of the weights.
        images: test vectors.

    Returns:
        Path of the .bit (which is not there).
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    g = MapGraph(shape, seed)
    model = run_stages(g.write(folder / "network.onnx", net(g)), fps).folded
    return package(model, folder, images)


def package(model: Any, folder: Path, images: int) -> Path:
    """Generate, stitch and deploy a folded graph into `folder`; returns the path of the .bit."""
    generate(model, folder / "rtl", PART, CLK_MHZ)
    stitch(model, folder / "rtl", folder / "top")
    out = folder / "deploy"
    none = folder / "none.bit"
    board = load_board("pynq-z1")
    write_package(out, "small", folder / "top", model, board, CLK_MHZ, f"random:{images}", none)
    return out / "small.bit"
