# SPDX-License-Identifier: Apache-2.0
"""The network in NumPy, bit for bit what the hardware computes; read from the deployed .npz."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .errors import HostError
from .layers import LAYERS

# values of the widest stream that are computed at a time: some tens of MB with all temporaries
CHUNK = 1 << 21


class Network:
    """A graph of named streams; load_network() reads it.

    Args:
        graph: `source` (the input's stream), `shape` (of an image), `scores` (a stream) and
            `layers`: in order, each with its `kind`, `inputs`, `output`, the `shape` and `dtype`
            of that, and what its function in layers.py takes.
        arrays: the layers' constants, named <number of the layer>.<name>.
    """

    def __init__(self, graph: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        self._graph, self._layers = graph, graph["layers"]
        own: list[dict[str, np.ndarray]] = [{} for _ in self._layers]
        for name, array in arrays.items():
            number, key = name.split(".")
            own[int(number)][key] = array
        made = zip(self._layers, own)
        self._runs = [LAYERS[layer["kind"]](layer, constants) for layer, constants in made]
        self._last = {graph["scores"]: len(self._layers)}  # the last layer that reads a stream
        for number, layer in enumerate(self._layers):
            for name in layer["inputs"]:
                self._last[name] = max(number, self._last.get(name, 0))
        sizes = {layer["output"]: int(np.prod(layer["shape"])) for layer in self._layers}
        sizes[graph["source"]] = int(np.prod(graph["shape"]))
        self._classes, self._step = sizes[graph["scores"]], max(1, CHUNK // max(sizes.values()))

    def scores(self, images: np.ndarray) -> np.ndarray:
        """Scores of images, some at a time, so that memory stays bounded.

        Args:
            images: (N, elements) uint8.

        Returns:
            (N, classes) int64.
        """
        out = np.empty((len(images), self._classes), np.int64)
        for start in range(0, len(images), self._step):
            part = images[start : start + self._step]
            out[start : start + self._step] = self._chunk(part)
        return out

    def _chunk(self, images: np.ndarray) -> np.ndarray:
        streams = {self._graph["source"]: images.reshape(-1, *self._graph["shape"])}
        for number, (layer, run) in enumerate(zip(self._layers, self._runs)):
            found = run(*(streams[name] for name in layer["inputs"]))
            for name in {*layer["inputs"]}:
                if self._last[name] == number:
                    del streams[name]
            streams[layer["output"]] = found.reshape(-1, *layer["shape"]).astype(layer["dtype"])
        return streams[self._graph["scores"]].reshape(len(images), -1)

    def labels(self, images: np.ndarray) -> np.ndarray:
        """Index of the largest score, the lowest of equal ones; (N,) int64."""
        return np.asarray(np.argmax(self.scores(images), axis=1), np.int64)


def load_network(path: Path) -> Network:
    """Read a network: entry `graph` is JSON, the others are its constants; see Network.

    Raises:
        HostError: network-missing, network-format.
    """
    if not path.is_file():
        raise HostError(
            "network-missing",
            f"the NumPy back end needs {path.name}",
            str(path),
            "copy the whole deploy folder, or run make deploy again",
        )
    with np.load(str(path)) as entries:
        arrays = {name: entries[name] for name in entries.files}
    text = arrays.pop("graph", None)
    graph = json.loads(str(text)) if text is not None else {"layers": []}
    unknown = sorted({layer["kind"] for layer in graph["layers"]} - {*LAYERS})
    if text is None or unknown:
        what = f"this package does not know {', '.join(unknown)}" if unknown else "it has no graph"
        raise HostError(
            "network-format",
            what,
            str(path),
            "use the bnnflow_host that lies beside the bitstream",
        )
    return Network(graph, arrays)
