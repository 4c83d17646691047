# SPDX-License-Identifier: Apache-2.0
"""Small networks, as the driver reads them, that have every kind of layer between them."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from flows.deploy_network import network_arrays
from flows.importer import import_qonnx, streamline
from flows.lowering import lower, specialise
from sim.lib import map_corners
from sim.lib.maps import MapGraph
from tests.e2e.test_maps import NETS

IMAGES = 8
SHAPE = (2, 8, 8)


def write_networks(folder: Path, seed: int) -> tuple[list[Path], list[str]]:
    """Write <name>.npz and <name>.images.npz of each network.

    Args:
        folder: where; must be there.
        seed: of weights and images.

    Returns:
        The paths of the networks, and the kinds of layers that they have, sorted.
    """
    paths, kinds = [], set()
    for net in [*(net for net, _ in NETS), map_corners.maxout_that_falls_and_rises]:
        g = MapGraph(SHAPE, seed)
        file = g.write(folder / f"{net.__name__}.onnx", net(g))
        model = specialise(lower(streamline(import_qonnx(file), "pixel/255")))
        source = model.graph.input[0].name
        most = int(model.get_tensor_datatype(source).max())
        size = (IMAGES, prod(model.get_tensor_shape(source)))
        images = np.random.default_rng(seed).integers(0, most + 1, size, dtype=np.uint8)
        images[0], images[1] = 0, most
        arrays: Any = network_arrays(model)
        kinds |= {layer["kind"] for layer in json.loads(str(arrays["graph"]))["layers"]}
        path = file.with_suffix(".npz")
        np.savez(path, **arrays)
        np.savez(path.with_suffix(".images.npz"), images=images)
        paths.append(path)
    return paths, sorted(kinds)
