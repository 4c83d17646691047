# SPDX-License-Identifier: Apache-2.0
"""The Python stages of a build in one call, for tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qonnx.core.modelwrapper import ModelWrapper

from flows.config import load_board
from flows.fold_graph import fold
from flows.importer import import_qonnx, streamline
from flows.lowering import lower, specialise


@dataclass(frozen=True)
class Stages:
    """Graphs of a network after each stage, and folding.json."""

    imported: ModelWrapper
    streamlined: ModelWrapper
    specialised: ModelWrapper
    folded: ModelWrapper
    table: dict[str, Any]


def run_stages(
    path: Path, fps: float | None = 1e6, kind: str = "pixel/255", folding: Path | None = None
) -> Stages:
    """Import .. fold, for a rate or with a folding file."""
    imported = import_qonnx(path)
    streamlined = streamline(imported, kind)
    specialised = specialise(lower(streamlined))
    folded, table = fold(specialised, load_board("pynq-z1"), 100.0, fps, folding)
    return Stages(imported, streamlined, specialised, folded, table)
