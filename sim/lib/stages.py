# SPDX-License-Identifier: Apache-2.0
"""The Python stages of a build in one call, for tests."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from qonnx.core.modelwrapper import ModelWrapper

from flows.compare import compare, shapes_of
from flows.config import load_board
from flows.execute import Outputs, layers_of, run_integer, run_qonnx
from flows.fold_graph import fold
from flows.importer import import_qonnx, streamline
from flows.lowering import lower, specialise
from flows.transforms.pack_input import PackInput


@dataclass(frozen=True)
class Stages:
    """Graphs of a network after each stage, and folding.json."""

    imported: ModelWrapper
    streamlined: ModelWrapper
    specialised: ModelWrapper
    folded: ModelWrapper
    table: dict[str, Any]


def run_stages(
    path: Path,
    fps: float | None = 1e6,
    kind: str = "pixel/255",
    folding: Path | None = None,
    packed: bool = False,
) -> Stages:
    """Import .. fold, for a rate or with a folding file; `packed` as in FlowConfig."""
    imported = import_qonnx(path)
    streamlined = streamline(imported, kind)
    specialised = specialise(lower(streamlined))
    if packed:
        specialised = specialised.transform(PackInput())
    folded, table = fold(specialised, load_board("pynq-z1"), 100.0, fps, folding)
    return Stages(imported, streamlined, specialised, folded, table)


@dataclass(frozen=True)
class Proved:
    """A network with maps whose integer reference is equal to QONNX."""

    model: ModelWrapper
    integer: Outputs

    @property
    def ops(self) -> list[str]:
        """Types of the hardware graph's nodes, in stream order."""
        return [node.op_type for node in self.model.graph.node]


def prove_maps(path: Path, kind: str = "pixel/255", n_images: int = 40, seed: int = 1) -> Proved:
    """Lower a network with maps and compare every layer, score and label with QONNX, by ==.

    Raises:
        CheckFailed: stages-differ.
    """
    imported = import_qonnx(path)
    model = specialise(lower(streamline(imported, kind)))
    n = prod(imported.get_tensor_shape(imported.graph.input[0].name)[1:])
    levels = 2 if kind == "bipolar" else 256
    images = np.random.default_rng(seed).integers(0, levels, (n_images, n), dtype=np.uint8)
    integer = run_integer(model, images)
    qonnx = run_qonnx(imported, images, kind, layers_of(model))
    compare(qonnx, integer, 0, shapes_of(model))
    return Proved(model, integer)
