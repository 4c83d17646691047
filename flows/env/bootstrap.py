# SPDX-License-Identifier: Apache-2.0
"""From whatever Python a machine has to a virtual environment with pip and a shared libpython.

Debian splits Python: ensurepip and libpython3.x.so come in packages that a minimal machine does
not have. Without root they are fetched by apt-get with state folders of its own, and unpacked.
Standard library only, and no newer Python than 3.8: it runs before Python's version is known.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from flows.env.shell import MORE, Steps, clean_environ
from flows.errors import FlowError

OLDEST, NEWEST = (3, 11), (3, 13)  # the same as in pyproject.toml; a test compares them
QUERY = "import sys, venv, ctypes, ssl; print('%d.%d' % sys.version_info[:2])"


def version_of(python: str) -> tuple[int, int] | None:
    """Version of an interpreter; None if it does not run or lacks a module that setup needs."""
    try:
        done = subprocess.run(
            [python, "-c", QUERY],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=clean_environ(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0:
        return None
    major, minor = done.stdout.strip().split(".")
    return int(major), int(minor)


def choose_python() -> str:
    """An interpreter that every pin has wheels for: this one, else the oldest on PATH that fits.

    Raises:
        FlowError: python-version, when there is none.
    """
    names = [f"python3.{minor}" for minor in range(OLDEST[1], NEWEST[1] + 1)]
    on_path = [path for path in (shutil.which(name) for name in names) if path]
    this = getattr(sys, "_base_executable", "") or sys.executable  # not an active environment's
    for python in [this, *on_path]:
        version = version_of(python)
        if version and OLDEST <= version <= NEWEST:
            return python
    raise FlowError(
        "python-version",
        "no Python {}.{} to {}.{} was found: python3 is {}.{}".format(
            *OLDEST, *NEWEST, *sys.version_info[:2]
        ),
        f"{sys.executable}, and {', '.join(names)} on PATH",
        "apt-get install python3.11 (or 3.12, 3.13), or: make setup PYTHON=/path/to/python3.11",
        MORE,
    )


def make_venv(python: str, venv: Path, pip: str, steps: Steps) -> None:
    """Create the environment, or go on with one that was begun, and give it the pinned pip."""
    inside = str(venv / "bin" / "python")
    if not (venv / "pyvenv.cfg").exists() or version_of(inside) != version_of(python):
        if venv.exists():
            shutil.rmtree(venv)
        steps.run([python, "-m", "venv", "--without-pip", str(venv)])
    drop_half_installed(venv)
    if _has_pip(inside, pip, steps):
        return
    for command in _pip_commands(python, inside, venv, steps):
        install = ["install", "--no-deps", "--force-reinstall", f"pip=={pip}"]
        if steps.run([*command, *install], None, False):
            break
    steps.run([inside, "-m", "pip", "--version"])


def _has_pip(inside: str, pip: str, steps: Steps) -> bool:
    code = f"import pip, sys; sys.exit(pip.__version__ != {pip!r})"
    return steps.run([inside, "-c", code], None, False)


def _pip_commands(python: str, inside: str, venv: Path, steps: Steps) -> Iterator[list[str]]:
    """Ways to run some pip for the environment, the least costly first."""
    if steps.run([inside, "-m", "pip", "--version"], None, False):
        yield [inside, "-m", "pip"]
    if steps.run([inside, "-c", "import ensurepip"], None, False):
        steps.run([inside, "-m", "ensurepip"])
        yield [inside, "-m", "pip"]
    if steps.run([python, "-m", "pip", "--version"], None, False):
        yield [python, "-m", "pip", "--python", inside]
    steps.note("this Python has no pip and no ensurepip: taking pip from the Debian package")
    folder = apt_unpack([["python3-pip-whl"]], venv / ".apt", steps)
    wheels = sorted(folder.rglob("pip-*.whl")) if folder else []
    if not wheels:
        raise FlowError(
            "setup-pip",
            "Python has neither pip nor ensurepip, and apt-get could not fetch pip",
            f"{python}; {steps.log}",
            "apt-get install python3-venv (as root), then run the same command",
            MORE,
        )
    yield [inside, str(wheels[-1] / "pip")]


def drop_half_installed(venv: Path) -> None:
    """Remove what an interrupted pip left, so that pip installs those packages again.

    pip writes a package's RECORD last: metadata without it belongs to a half-written package.
    Folders whose name begins with "~" are what it had moved away.
    """
    for site in venv.glob("lib/python3.*/site-packages"):
        half = [p for p in site.glob("*.dist-info") if not (p / "RECORD").exists()]
        for folder in [*half, *site.glob("~*")]:
            shutil.rmtree(folder, ignore_errors=True)


def apt_unpack(choices: list[list[str]], folder: Path, steps: Steps) -> Path | None:
    """Fetch Debian packages and unpack them into a folder, as any user; nothing is installed.

    Args:
        choices: for each package wanted the names it may have, the usual one first.
        folder: a folder for apt's own state; made when absent.
        steps: the log.

    Returns:
        The folder with the packages' files; None where there is no apt, or it cannot fetch them.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    state, debs, files = folder / "state", folder / "debs", folder / "files"
    for sub in (state / "lists/partial", state / "cache/archives/partial", debs, files):
        sub.mkdir(parents=True, exist_ok=True)
    options = [
        f"Dir::State={state}",
        f"Dir::State::Lists={state}/lists",
        f"Dir::Cache={state}/cache",
    ]
    options += ["Acquire::Languages=none", "APT::Sandbox::User="]
    apt = ["apt-get", *(word for option in options for word in ("-o", option))]
    fetched = folder / "updated"
    if not fetched.exists():
        if not steps.run([*apt, "update"], None, False):
            return None
        fetched.touch()
    for names in choices:
        if not any(steps.run([*apt, "download", name], debs, False) for name in names):
            return None
    for deb in sorted(debs.glob("*.deb")):
        steps.run(["dpkg-deb", "-x", str(deb), str(files)])
    return files


def ensure_libpython(venv: Path, steps: Steps) -> bool:
    """Make a shared libpython findable for cocotb: the machine's, else one put into venv/lib.

    Returns:
        Whether there is one now.
    """
    inside = str(venv / "bin" / "python")
    find = "import sys, find_libpython as f; sys.exit(not f.find_libpython())"
    if steps.run([inside, "-c", find], None, False):
        return True
    version = version_of(inside) or OLDEST
    stem = "libpython{}.{}".format(*version)
    names = [*_same_release(stem), stem, stem + "t64"]
    files = apt_unpack([names], venv / ".apt", steps)
    found = sorted(files.rglob(f"{stem}.so.1.0")) if files else []
    if found:
        library = venv / "lib" / f"{stem}.so.1.0"
        shutil.copy(found[0], library)
        for link in (f"{stem}.so.1", f"{stem}.so"):
            (venv / "lib" / link).unlink(missing_ok=True)
            (venv / "lib" / link).symlink_to(library.name)
    if found and steps.run([inside, "-c", find], None, False):
        return True
    steps.note(f"no shared {stem} found: cocotb tests cannot run (apt-get install {stem})")
    return False


def _same_release(stem: str) -> list[str]:
    """The package in the release of the Python that is installed, e.g. libpython3.11=3.11.2-6.

    A newer one, from security updates, would run with the older standard library.
    """
    ask = ["dpkg-query", "-W", "-f", "${Version}", f"{stem}-stdlib"]
    try:
        done = subprocess.run(ask, capture_output=True, text=True, check=False)
    except OSError:
        return []
    return [f"{stem}={done.stdout}"] if done.returncode == 0 and done.stdout else []
