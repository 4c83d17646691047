# SPDX-License-Identifier: Apache-2.0
"""The boards there are files for: `make boards`."""

from __future__ import annotations

from flows.bitstream.backends import FAMILIES
from flows.config import Board, board_names, load_board

HEADS = ("board", "part", "MHz", "memory", "ports", "LUT", "FF", "BRAM36", "DSP", "bitstream by")


def row(board: Board) -> tuple[str, ...]:
    """A board's cells under HEADS."""
    ports = f"{board.ports['registers']} ({board.base:#x}), {board.ports['memory']}"
    budget = (str(board.budget[key]) for key in ("lut", "ff", "bram36", "dsp"))
    able = " or ".join(name for name, families in FAMILIES.items() if board.family in families)
    return (
        board.name, board.part, f"{board.clk_mhz:g}", board.memory, ports, *budget, able
    )  # fmt: skip


def main() -> None:
    """Print the table."""
    table = [HEADS, *(row(load_board(name)) for name in board_names())]
    widths = [max(len(cells[i]) for cells in table) for i in range(len(HEADS))]
    for cells in table:
        print("  ".join(f"{c:<{w}}" for c, w in zip(cells, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
