# SPDX-License-Identifier: Apache-2.0
"""What a build is asked to do: board, clock, rate, folding, input; checked before work starts."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from flows.errors import FlowError

BOARDS = Path(__file__).parent / "boards"

#: what the network's float input is, in terms of what the accelerator is fed (uint8, or bits)
INPUTS = ("pixel/255", "pixel", "bipolar")

#: the stages of a build, in order; flows/steps.py says what they do
STAGES = (
    "import",
    "streamline",
    "lower",
    "specialise",
    "fold",
    "generate",
    "stitch",
    "check",
    "synthesise",
    "report",
)


@dataclass(frozen=True)
class Board:
    """A board file: part, default clock in MHz, and what the part holds (LUT, FF, BRAM36, DSP)."""

    name: str
    part: str
    family: str
    clk_mhz: float
    budget: dict[str, int]


@dataclass(frozen=True)
class FlowConfig:
    """Options of one build; kept in the run folder as flow.json.

    Attributes:
        model: QONNX file the build starts from.
        board: name of a file in flows/boards.
        clk_mhz: clock of the accelerator; the board's where None.
        target_fps: frames per second asked for; None with a folding file.
        folding: JSON file {node: {"PE": n, "SIMD": n}}, instead of target_fps.
        max: the fastest folding that fits the board, instead of target_fps.
        input: what the network's input is ("pixel/255", "pixel", "bipolar").
        images: what the proof runs on (see flows/images.py).
        data: folder of the data set's files; see training.data.folder_of.
        rtl_images: how many of them the RTL runs; where None all, with maps as many as take
            flows.check.RTL_CLK clk.
        seed: of random images, gaps and stalls.
    """

    model: str
    board: str = "pynq-z1"
    clk_mhz: float | None = None
    target_fps: float | None = None
    folding: str | None = None
    max: bool = False
    input: str = "pixel/255"
    images: str = "random:1000"
    data: str | None = None
    rtl_images: int | None = None
    seed: int = 1


def board_names() -> list[str]:
    """Names of the boards there are files for."""
    return sorted(path.stem for path in BOARDS.glob("*.toml"))


def load_board(name: str) -> Board:
    """Read a board file.

    Raises:
        FlowError: board-unknown, board-file (a key is missing or unknown).
    """
    path = BOARDS / f"{name}.toml"
    if not path.is_file():
        near = difflib.get_close_matches(name, board_names(), 1)
        raise FlowError(
            "board-unknown",
            f"there is no board {name!r}",
            "--board",
            f"--board {near[0]}" if near else f"one of: {', '.join(board_names())}",
            'CONTRIBUTING.md, "Add a board"',
        )
    table: dict[str, Any] = tomllib.loads(path.read_text())
    expected = {field.name for field in fields(Board)}
    if set(table) != expected or set(table["budget"]) != {"lut", "ff", "bram36", "dsp"}:
        raise FlowError(
            "board-file",
            f"keys {sorted(set(table) ^ expected) or 'of [budget]'} are missing or unknown",
            str(path),
            f"give exactly {', '.join(sorted(expected))}; budget: lut, ff, bram36, dsp",
            'CONTRIBUTING.md, "Add a board"',
        )
    return Board(**table)
