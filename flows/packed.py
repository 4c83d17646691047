# SPDX-License-Identifier: Apache-2.0
"""The sign of the input that a packed build leaves to the driver, so that bits cross the bus.

flows/transforms/pack_input.py takes it out of the hardware graph and keeps it here, as metadata of
the graph; the checks compute it for the RTL, flows/deploy.py hands it to bnnflow_host.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper

#: metadata of a graph whose input was packed
KEY = "packed_input"

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class HostBinarize:
    """bit = (pixel >= threshold) ^ falling, for every value of an image.

    Attributes:
        node: name of the op that it was.
        thresholds: uint8, in the order of the input stream; (1,) where all values share one.
        falling: 0 or 1, (1,) or as many as values.
        inverted: 1 where a bit of 1 stands for -1 of the network's sign, (1,) or as many as values.
        realises: the op's attribute of that name (flows/integer/hardware.py), or "".
    """

    node: str
    thresholds: Bytes
    falling: Bytes
    inverted: Bytes
    realises: str = ""

    def bits(self, images: Bytes) -> Bytes:
        """The bits of images.

        Args:
            images: uint8, shape (N, ...), in the order of the input stream.

        Returns:
            0 or 1, uint8, the shape of `images`.
        """
        flat = images.reshape(len(images), -1)
        bits: Bytes = ((flat >= self.thresholds) ^ self.falling.astype(bool)).astype(np.uint8)
        return bits.reshape(images.shape)

    def table(self) -> dict[str, str]:
        """As top.json and the driver's description have it: two hexadecimal digits a value."""
        arrays = {"thresholds": self.thresholds, "falling": self.falling}
        return {
            name: a.tobytes().hex() for name, a in {**arrays, "inverted": self.inverted}.items()
        }

    def keep(self, model: ModelWrapper) -> None:
        """Write it into a graph's metadata."""
        about = {"node": self.node, "realises": self.realises, **self.table()}
        model.set_metadata_prop(KEY, json.dumps(about, sort_keys=True))


def packed_input(model: ModelWrapper) -> HostBinarize | None:
    """What a graph leaves to the driver; None where it takes what the network is fed."""
    text = model.get_metadata_prop(KEY)
    return host_binarize(json.loads(text)) if text else None


def host_binarize(table: dict[str, Any] | None) -> HostBinarize | None:
    """Of an entry of top.json (then without names), or of a graph's metadata."""
    if not table:
        return None
    thresholds, falling, inverted = (
        np.frombuffer(bytes.fromhex(table[name]), np.uint8)
        for name in ("thresholds", "falling", "inverted")
    )
    names = table.get("node", ""), table.get("realises", "")
    return HostBinarize(names[0], thresholds, falling, inverted, names[1])
