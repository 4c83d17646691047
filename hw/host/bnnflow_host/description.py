# SPDX-License-Identifier: Apache-2.0
"""The .json beside a bitstream: what the network is fed, what it gives, and its hash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from .errors import HostError

FORMAT = 3


class Stream(NamedTuple):
    """A frame on one of the core's streams; `per_beat` values of `bits` bits, lowest first."""

    beats: int
    beat_bytes: int
    per_beat: int
    bits: int
    signed: bool

    @property
    def frame_bytes(self) -> int:
        """Bytes of a frame in memory."""
        return self.beats * self.beat_bytes


class Binarize(NamedTuple):
    """The sign of 8-bit pixels that the driver takes, where the accelerator is fed bits.

    Attributes:
        thresholds: a byte for all values of an image, or one each: bit = (pixel >= threshold),
        falling: and the other way round where this byte is 1.
        inverted: 1 where the bit is 1 for the network's -1: what a bool, True for +1, is turned by.
    """

    thresholds: bytes
    falling: bytes
    inverted: bytes


class Description(NamedTuple):
    """What the driver must know of an accelerator.

    Attributes:
        shape: of an image: (rows, columns, channels), or (elements,) of a perceptron.
        binarize: what makes bits of 8-bit pixels here; None where the accelerator takes the
            images' values as they are.
        interval: clk per frame of the core alone.
    """

    name: str
    hash: int
    clk_mhz: float
    base: int
    elements: int
    shape: tuple[int, ...]
    classes: int
    input: Stream
    label: Stream
    score: Stream
    binarize: Binarize | None = None
    interval: int = 0

    @property
    def picture(self) -> tuple[int, int, int]:
        """Rows, columns and channels of an image when looked at; a perceptron's is a square."""
        if len(self.shape) == 3:
            return self.shape[0], self.shape[1], self.shape[2]
        for channels in (1, 3):
            side = round((self.elements / channels) ** 0.5)
            if side * side * channels == self.elements:
                return side, side, channels
        return 1, self.elements, 1


def load_description(bitfile: Path) -> Description:
    """Read the description that belongs to a bitstream.

    Args:
        bitfile: the .bit file, which itself need not exist (simulation, NumPy).

    Raises:
        HostError: description-missing, description-format.
    """
    path = bitfile.with_suffix(".json")
    if not path.is_file():
        raise HostError(
            "description-missing",
            f"{path.name} is not there; it says what the bitstream is",
            str(path),
            "copy the whole deploy folder, not the .bit alone",
        )
    try:
        table = json.loads(path.read_text())
        if table["format"] != FORMAT:
            raise HostError(
                "description-format",
                f"format {table['format']}, this package reads {FORMAT}",
                str(path),
                "use the bnnflow_host that lies beside the bitstream",
            )
        return Description(
            table["name"],
            int(table["hash"], 16),
            float(table["clk_mhz"]),
            int(table["base"]),
            int(table["elements"]),
            tuple(int(n) for n in table["shape"]),
            int(table["classes"]),
            *(_stream(table[key]) for key in ("input", "label", "score")),
            _binarize(table["binarize"], int(table["elements"])),
            int(table["interval"]),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise HostError(
            "description-format",
            f"not a description: {type(error).__name__}: {error}",
            str(path),
            "copy the deploy folder again and compare SHA256SUMS",
        ) from None


def _stream(table: dict[str, Any]) -> Stream:
    return Stream(
        int(table["beats"]),
        int(table["beat_bytes"]),
        int(table["per_beat"]),
        int(table["bits"]),
        bool(table["signed"]),
    )


def _binarize(table: dict[str, str] | None, elements: int) -> Binarize | None:
    """Two hexadecimal digits a value, or for all."""
    if table is None:
        return None
    found = Binarize(*(bytes.fromhex(table[name]) for name in Binarize._fields))
    for name, values in zip(found._fields, found):
        if len(values) not in (1, elements):
            raise ValueError(f"{len(values)} {name} for {elements} values")
    return found
