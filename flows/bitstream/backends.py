# SPDX-License-Identifier: Apache-2.0
"""Which place-and-route tools are installed, which one is taken, and what to say when none is.

openXC7 needs two data sets besides its tools. The user has them and says where: `CHIPDB`, nextpnr's
chip database (a file, or a folder of them), and `PRJXRAY_DB_DIR`, the folder of prjxray-db.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from flows.bitstream.stages import Tool
from flows.config import Board
from flows.env.tools import require_tool
from flows.errors import FlowError
from flows.files import sha256_of

#: what can make a bitstream for which families of parts
FAMILIES = {"vivado": ("xc7", "xcup"), "openxc7": ("xc7",)}
#: upstream's and openXC7's own, in the order they are looked for
NEXTPNRS = ("nextpnr-himbaechel", "nextpnr-xilinx")
#: tools that print a version, and the argument for it
VERSION_ARGUMENTS = {"vivado": "-version"} | dict.fromkeys(NEXTPNRS, "--version")
INSTALL = {
    "vivado": "Vivado (and source its settings64.sh)",
    "openxc7": "openXC7 (and set CHIPDB and PRJXRAY_DB_DIR to its data)",
}
MORE = 'README.md, "Bitstream"'


@dataclass(frozen=True)
class Backend:
    """A place-and-route flow and what it needs.

    Attributes:
        name: "vivado" or "openxc7".
        tools: by name.
        data: folders and files: "chipdb", "prjxray" for openXC7.
        missing: what is not there; empty when it can run.
    """

    name: str
    tools: dict[str, Tool]
    data: dict[str, Path]
    missing: tuple[str, ...]


def find_vivado() -> Backend:
    """Vivado."""
    tool = find_tool("vivado")
    missing = () if tool else ("vivado",)
    return Backend("vivado", {"vivado": tool} if tool else {}, {}, missing)


def find_openxc7(board: Board) -> Backend:
    """nextpnr, prjxray's tools and their data for a board's part.

    With both nextpnrs installed, the one whose chip database is there.
    """
    tools = {name: tool for name in ("fasm2frames", "xc7frames2bit") if (tool := find_tool(name))}
    missing = [name for name in ("fasm2frames", "xc7frames2bit") if name not in tools]
    data: dict[str, Path] = {}
    pnrs = [tool for name in NEXTPNRS if (tool := find_tool(name))]
    if not pnrs:
        missing.insert(0, " or ".join(NEXTPNRS))
    for tool in pnrs:
        chipdb = find_chipdb(tool.name, board)
        if chipdb:
            tools["nextpnr"], data["chipdb"] = tool, chipdb
            break
    else:
        names = " or ".join(chipdb_names(NEXTPNRS[0], board)[:1] + chipdb_names(NEXTPNRS[1], board))
        missing.append(f"CHIPDB, a folder with {names}")
    root = Path(os.environ.get("PRJXRAY_DB_DIR") or "") / "zynq7"
    if os.environ.get("PRJXRAY_DB_DIR") and (root / board.part / "part.yaml").is_file():
        data["prjxray"] = root
    else:
        missing.append(f"PRJXRAY_DB_DIR, a folder with zynq7/{board.part}/part.yaml")
    return Backend("openxc7", tools, data, tuple(missing))


def chipdb_names(nextpnr: str, board: Board) -> list[str]:
    """Names that a chip database goes by: himbaechel's is of the device, the fork's of any."""
    device = board.part[:7]
    if nextpnr == "nextpnr-himbaechel":
        return [f"chipdb-{device}.bin"]
    return [f"{name}.bin" for name in (device, board.part.split("-")[0], board.part)]


def find_chipdb(nextpnr: str, board: Board) -> Path | None:
    """The chip database that CHIPDB names, or that lies in the folder it names."""
    given = Path(os.environ.get("CHIPDB") or "/nonexistent").resolve()
    if given.is_file():
        return given
    places = (given / name for name in chipdb_names(nextpnr, board))
    return next((path for path in places if path.is_file()), None)


def find_tool(name: str) -> Tool | None:
    """A program on PATH, with the first line it prints of its version, else a hash of its file.

    Raises:
        FlowError: tool-old.
    """
    path = shutil.which(name)
    if path is None:
        return None
    if name not in VERSION_ARGUMENTS:
        return Tool(name, path, f"sha256 {sha256_of(Path(path))[:12]}")
    require_tool(name)
    done = subprocess.run(
        [path, VERSION_ARGUMENTS[name]], capture_output=True, text=True, timeout=60, check=False
    )
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return Tool(name, path, lines[0].strip() if lines else "unknown")


def choose(board: Board, asked: str | None) -> tuple[Backend | None, list[Backend]]:
    """The back end to use, and all that were looked at.

    Args:
        board: only what can do its family counts.
        asked: "vivado", "openxc7", or None for what is installed, Vivado first.

    Returns:
        None for the back end when the one that was asked for, or every one, misses something.

    Raises:
        FlowError: pnr-family, when the one asked for cannot do the board's part; tool-old.
    """
    able = [name for name, families in FAMILIES.items() if board.family in families]
    if asked and asked not in able:
        raise FlowError(
            "pnr-family",
            f"{asked} has no data for {board.part}",
            f"PNR={asked} BOARD={board.name}",
            f"PNR={' or PNR='.join(able)}, or a board that `make boards` lists for {asked}",
            MORE,
        )
    names = [asked] if asked else able
    found = [find_vivado() if name == "vivado" else find_openxc7(board) for name in names]
    return next((b for b in found if not b.missing), None), found


def pnr_missing(found: list[Backend], run: Path, go_on: str) -> FlowError:
    """The error of a run without place and route.

    Args:
        found: what was looked at.
        run: the run folder.
        go_on: the command that goes on from the netlist; empty where nothing but Vivado does.
    """
    what = "; ".join(f"PNR={b.name} needs {', '.join(b.missing)}" for b in found)
    installs = " or ".join(INSTALL[b.name] for b in found)
    again = f"make bitstream RUN={run} PNR={found[-1].name}"
    by_hand = f", or: {go_on}" if go_on else ""
    return FlowError(
        "pnr-missing",
        f"place and route is not installed, no bitstream was made ({what})",
        f"{run / 'bitstream'}: what was made",
        f"install {installs}, then go on from here: {again}{by_hand}",
        MORE,
    )
