# SPDX-License-Identifier: Apache-2.0
"""The network in NumPy, bit for bit what the hardware computes; read from the deployed .npz."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Tuple

import numpy as np

from .errors import HostError

Layer = Tuple[str, Dict[str, np.ndarray]]


class Network:
    """Layers in order: binarize, mvu (with or without thresholds), requant, lookup.

    Args:
        layers: (kind, arrays); load_network() makes them.
    """

    def __init__(self, layers: list[Layer]) -> None:
        self.layers = layers

    def scores(self, images: np.ndarray) -> np.ndarray:
        """Scores of images.

        Args:
            images: (N, elements) uint8.

        Returns:
            (N, classes) int64.
        """
        x = images
        for kind, arrays in self.layers:
            x = _LAYERS[kind](x, arrays)
        return np.asarray(x, np.int64)

    def labels(self, images: np.ndarray) -> np.ndarray:
        """Index of the largest score, the lowest of equal ones; (N,) int64."""
        return np.asarray(np.argmax(self.scores(images), axis=1), np.int64)


def _binarize(x: np.ndarray, a: dict[str, np.ndarray]) -> np.ndarray:
    reached = x.astype(np.int64) >= a["thr"]
    return np.asarray(reached ^ (a["sense"] != 0), np.uint8)


def _mvu(x: np.ndarray, a: dict[str, np.ndarray]) -> np.ndarray:
    weights = np.unpackbits(a["weights"], axis=1, bitorder="little")[:, : x.shape[1]]
    # sums of at most 2**24 ones and minus ones are exact in float32
    signs = x.astype(np.float32) * 2 - 1
    dots = signs @ (weights.astype(np.float32) * 2 - 1).T
    matches = np.asarray((dots.astype(np.int64) + x.shape[1]) // 2)
    if "thr" not in a:
        return matches
    return np.asarray((matches >= a["thr"]) ^ (a["sense"] != 0), np.uint8)


def _requant(x: np.ndarray, a: dict[str, np.ndarray]) -> np.ndarray:
    total = x.astype(np.int64) * a["a"] + a["b"]
    return np.clip(total >> a["shift"], a["limits"][0], a["limits"][1])


def _lookup(x: np.ndarray, a: dict[str, np.ndarray]) -> np.ndarray:
    return np.asarray(a["table"][np.arange(len(a["table"])), x.astype(np.int64)])


_LAYERS = {"binarize": _binarize, "mvu": _mvu, "requant": _requant, "lookup": _lookup}


def load_network(path: Path) -> Network:
    """Read a network; entries are named <number>.<kind>.<array>.

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
    layers: dict[int, Layer] = {}
    with np.load(str(path)) as entries:
        for name in entries.files:
            number, kind, array = name.split(".")
            if kind not in _LAYERS:
                raise HostError(
                    "network-format",
                    f"layer {name}: this package does not know {kind}",
                    str(path),
                    "use the bnnflow_host that lies beside the bitstream",
                )
            layers.setdefault(int(number), (kind, {}))[1][array] = entries[name]
    return Network([layers[k] for k in sorted(layers)])
