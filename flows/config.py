# SPDX-License-Identifier: Apache-2.0
"""What a build is asked to do: board, clock, rate, folding, input; checked before work starts."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from flows.errors import FlowError

BOARDS = Path(__file__).parent / "boards"
#: keys of the tables of a board file
TABLES = {
    "budget": {"lut", "ff", "bram36", "dsp"},
    "ports": {"registers", "memory", "clock", "interrupt"},
}

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


#: fuller parts seldom route, and the system around the accelerator takes some, too
MAX_UTILISATION = 0.8


@dataclass(frozen=True)
class Board:
    """A board file.

    Attributes:
        name: of the file.
        part: as Vivado writes it.
        family: of the part: "xc7" (7 series), "xcup" (UltraScale+).
        clk_mhz: default clock of the accelerator.
        top: module of hw/system that is the whole logic.
        base: address of the registers.
        memory: the processor's, in words.
        ports: of the processor: registers, memory, clock, interrupt; as AMD names them.
        budget: what the part holds: lut, ff, bram36, dsp.
    """

    name: str
    part: str
    family: str
    clk_mhz: float
    top: str
    base: int
    memory: str
    ports: dict[str, str]
    budget: dict[str, int]

    def share(self, utilisation: float) -> Board:
        """The board with that part of its budget."""
        return replace(self, budget={k: int(n * utilisation) for k, n in self.budget.items()})


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
        utilisation: share of the board's LUTs, FFs, BRAMs and DSPs that may be taken; where None
            all, and with max MAX_UTILISATION.
        input: what the network's input is ("pixel/255", "pixel", "bipolar").
        packed: the sign of 8-bit pixels is taken by the driver, and bits cross the bus.
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
    utilisation: float | None = None
    input: str = "pixel/255"
    packed: bool = False
    images: str = "random:1000"
    data: str | None = None
    rtl_images: int | None = None
    seed: int = 1

    @property
    def share(self) -> float:
        """Share of the board that may be taken."""
        if self.utilisation is not None:
            return self.utilisation
        return MAX_UTILISATION if self.max else 1.0


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
    wrong = sorted(set(table) ^ expected)
    wrong += [f"of [{n}]" for n, keys in TABLES.items() if set(table.get(n, keys)) != keys]
    if wrong:
        inner = "; ".join(f"{name}: {', '.join(sorted(keys))}" for name, keys in TABLES.items())
        raise FlowError(
            "board-file",
            f"keys {', '.join(wrong)} are missing or unknown",
            str(path),
            f"give exactly {', '.join(sorted(expected))}; {inner}",
            'CONTRIBUTING.md, "Add a board"',
        )
    return Board(**table)
