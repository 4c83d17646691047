# SPDX-License-Identifier: Apache-2.0
"""Every FINN and qonnx name the project uses is where it is looked for, in the pinned version."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def names() -> list[tuple[str, str]]:
    found = set()
    for path in sorted((ROOT / "flows").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                ("finn.", "qonnx.")
            ):
                found |= {(str(node.module), alias.name) for alias in node.names}
    return sorted(found)


@pytest.mark.parametrize(("module", "name"), names())
def test_name_is_there(module: str, name: str) -> None:
    from flows import finn_env  # noqa: F401

    assert hasattr(importlib.import_module(module), name)
