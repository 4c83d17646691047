# SPDX-License-Identifier: Apache-2.0
"""Where an installed network lies: a wheel (`make wheel`) says so as PYNQ's overlays do."""

from __future__ import annotations

from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

GROUP = "pynq.overlays"


def find_bitfile(bitfile: Path) -> Path:
    """A bitstream's path: what is there, else that of the installed network of this name.

    Args:
        bitfile: path of a .bit in a deploy folder (its .json must be there, the .bit need not), or
            the bare name of an installed one, as PYNQ's Overlay takes it.

    Returns:
        That path; `bitfile` itself where nothing is found.
    """
    if bitfile.with_suffix(".json").is_file() or bitfile.parent != Path():
        return bitfile
    for package in _packages():
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec is not None else []:
            found = Path(folder) / bitfile.name
            if found.with_suffix(".json").is_file():
                return found
    return bitfile


def _packages() -> list[str]:
    """Packages of the group; importlib changed its answer in Python 3.10."""
    points: Any = entry_points()
    group = points.select(group=GROUP) if hasattr(points, "select") else points.get(GROUP, ())
    return [point.value for point in group]
