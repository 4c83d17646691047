# SPDX-License-Identifier: Apache-2.0
"""What the environment must hold: read from pyproject.toml and requirements.lock.

Standard library only. pyproject.toml is the one place where versions are chosen; the lock file
is generated from an environment that was made from it (flows/env/lock.py) and used by pip as
constraints, so that packages we do not name ourselves keep their versions, too.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from flows.env.tools import ROOT
from flows.errors import FlowError

LAYOUT = 5  # raise it when setup.py does something new to an environment that exists already


@dataclass(frozen=True)
class Pins:
    """The choice of versions.

    Attributes:
        pip: version of pip that installs the rest.
        first: requirements to install before all others.
        main: all other requirements, in the order of pyproject.toml.
        no_deps: requirements to install last, without what they ask for themselves.
        python: oldest and newest Python (major, minor) that all pins have wheels for.
        disk_gb: room that a new environment takes, with pip's temporary files.
        lock: the constraints, one "name==version" each.
    """

    pip: str
    first: tuple[str, ...]
    main: tuple[str, ...]
    no_deps: tuple[str, ...]
    python: tuple[tuple[int, int], tuple[int, int]]
    disk_gb: float
    lock: tuple[str, ...]

    def key(self, locked: bool = True) -> str:
        """SHA-256 over all that decides what is installed."""
        parts = [LAYOUT, self.pip, self.first, self.main, self.no_deps, self.lock if locked else 0]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def plain_name(requirement: str) -> str:
    """The normal form of a package's name: "Mashumaro[yaml]==3.23" gives "mashumaro"."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[=<>~! ;]", requirement, maxsplit=1)[0]).lower()


def read_pins(root: Path = ROOT) -> Pins:
    """Read the choice of versions.

    Raises:
        FlowError: pin-loose, when a dependency is not pinned with "==".
    """
    project = tomllib.loads((root / "pyproject.toml").read_text())
    ours, direct = project["tool"]["bnnflow"], project["project"]["dependencies"]
    for requirement in [*direct, *ours["no_deps"]]:
        if "==" not in requirement:
            raise FlowError(
                "pin-loose",
                f"{requirement!r} is not pinned to one version",
                "pyproject.toml, [project] dependencies",
                'write it as "name==version"',
                'CONTRIBUTING.md, "Dependencies"',
            )
    lock_file = root / "requirements.lock"
    lines = lock_file.read_text().splitlines() if lock_file.exists() else []
    oldest, newest = (tuple(int(n) for n in text.split(".")) for text in ours["python"])
    return Pins(
        pip=ours["pip"],
        first=tuple(r for r in direct if plain_name(r) in ours["first"]),
        main=tuple(r for r in direct if plain_name(r) not in ours["first"]),
        no_deps=tuple(ours["no_deps"]),
        python=((oldest[0], oldest[1]), (newest[0], newest[1])),
        disk_gb=float(ours["disk_gb"]),
        lock=tuple(line for line in lines if line and not line.startswith("#")),
    )
