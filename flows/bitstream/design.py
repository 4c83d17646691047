# SPDX-License-Identifier: Apache-2.0
"""What is built: a run's network in the shell of its board, with the values the driver expects."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from flows.config import Board, FlowConfig, load_board
from flows.deploy import description
from flows.errors import FlowError
from flows.files import read_json

SYSTEM = Path(__file__).resolve().parents[2] / "hw" / "system"


@dataclass(frozen=True)
class Design:
    """The logic of one board with one network.

    Attributes:
        name: of the bitstream: the run's.
        board: part and top.
        clk_mhz: the accelerator's clock.
        network: folder of stage stitch.
        config_hash: what the driver looks for in the registers, 16 hex digits.
    """

    name: str
    board: Board
    clk_mhz: float
    network: Path
    config_hash: str

    def sources(self) -> list[Path]:
        """Source files, a module before those that use it, the top last."""
        network = (self.network / "sources.f").read_text().split()
        return [*(self.network / name for name in network), *shell_sources(self.board.top)]

    def memories(self) -> list[Path]:
        """Files that the sources read by name, without a folder."""
        return sorted(self.network.glob("*.mem"))

    def generics(self, prim: int) -> dict[str, str]:
        """Parameters of the top as Verilog literals.

        Args:
            prim: which cells the kernels instantiate; see hw/kernels/bnn_lut6_2.sv.
        """
        streams = read_json(self.network / "top.json")["streams"]
        found = {"CONFIG_HASH": f"64'h{self.config_hash}", "PRIM": str(prim)}
        for name, port in (("IN", "s_axis"), ("LABEL", "m_axis_label"), ("SCORE", "m_axis_score")):
            found[f"{name}_BEAT_BYTES"] = str(streams[port]["bytes"])
            found[f"{name}_BEATS"] = str(streams[port]["beats_per_frame"])
        return found

    def write_rtl(self, folder: Path) -> None:
        """Copy sources and memory files into a folder, with sources.f."""
        for path in [*self.sources(), *self.memories()]:
            shutil.copy(path, folder)
        (folder / "sources.f").write_text("".join(f"{p.name}\n" for p in self.sources()))


def shell_sources(top: str) -> list[Path]:
    """Files of hw/system that a board's top is made of, parts first."""
    text = re.sub(r"//[^\n]*", "", (SYSTEM / f"{top}.sv").read_text())
    words = set(re.findall(r"^ *(\w+) (?:#\(|u_\w+ \()", text, re.MULTILINE)) - {top}
    files: dict[Path, None] = {}
    for part in sorted(words):
        if (SYSTEM / f"{part}.sv").is_file():
            files.update(dict.fromkeys(shell_sources(part)))
    files[SYSTEM / f"{top}.sv"] = None
    return list(files)


def design_of(run: Path, board_name: str | None) -> Design:
    """The design of a compiled run.

    Args:
        run: the run folder.
        board_name: a board of the same part as the run's; the run's where None.

    Raises:
        FlowError: bitstream-run (not compiled), stale-build (its model changed), board-differs
            (compiled for another part), board-unknown.
    """
    from qonnx.core.modelwrapper import ModelWrapper

    from flows.steps import check_fresh  # registers our ops, too

    top, graph = run / "07_top", run / "05_fold.onnx"
    if not (top / "top.json").is_file() or not graph.is_file():
        raise FlowError(
            "bitstream-run",
            "there is no compiled network",
            str(run),
            f"make build RUN={run}, or make demo",
        )
    flow = read_json(run / "flow.json")
    check_fresh(run, FlowConfig(model=flow["model"]))
    built = load_board(flow["board"])
    board = load_board(board_name) if board_name else built
    if board.part != built.part:
        raise FlowError(
            "board-differs",
            f"{run} was compiled for {built.name} ({built.part}), {board.name} has {board.part}",
            f"BOARD={board.name}",
            f"make build RUN={run} BOARD={board.name}, then this again",
        )
    clk_mhz = float(flow.get("clk_mhz") or board.clk_mhz)
    name = run.resolve().name
    about = description(top, ModelWrapper(str(graph)), name, board, clk_mhz)
    return Design(name, board, clk_mhz, top.resolve(), about["hash"])
