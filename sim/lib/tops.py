# SPDX-License-Identifier: Apache-2.0
"""Generated tops for the suite: a small network down to RTL, and the beats that it must give.

The expected beats come from the integer reference and are computed here, under pytest; inside the
simulator top_case.py only reads vectors.json, for importing the flow there would take 10 s.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flows.generate import generate, stitch, streams_of
from flows.images import load_images
from flows.reference import run_reference
from sim.lib.compare import to_beats
from sim.lib.networks import Make, write_network
from sim.lib.stages import run_stages
from sim.lib.top_case import N_IMAGES, PORTS

PART, CLK_MHZ = "xc7z020clg400-1", 100.0


@dataclass(frozen=True)
class Top:
    """A network and (PE, SIMD) of each of its matrix-vector units; `packed` as in FlowConfig."""

    make: Make
    folds: tuple[tuple[int, int], ...]
    packed: bool = False


def build_top(top: Top, folder: Path, seed: int) -> tuple[Path, list[str]]:
    """Compile a network with random weights into `folder`, which is made anew.

    Returns:
        The folder of stage stitch, with vectors.json beside it, and the ops of its nodes.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    network = write_network(folder / "network.onnx", top.make, seed)
    folding = folder / "folding.json"
    table = {f"BnnMvu_{i}": {"PE": pe, "SIMD": simd} for i, (pe, simd) in enumerate(top.folds)}
    folding.write_text(json.dumps(table))
    kind = "pixel/255" if top.make.pixels else "bipolar"
    model = run_stages(network, None, kind, folding, top.packed).folded
    generate(model, folder / "rtl", PART, CLK_MHZ)
    description = stitch(model, folder / "rtl", folder / "top")
    vectors = _vectors(model, description, not top.make.pixels, seed)
    (folder / "vectors.json").write_text(json.dumps(vectors))
    return folder / "top", [node.op_type for node in model.graph.node]


def _vectors(model: Any, description: dict[str, Any], binary: bool, seed: int) -> dict[str, Any]:
    n_inputs = int(model.get_tensor_shape(model.graph.input[0].name)[-1])
    images = load_images(f"random:{N_IMAGES}", n_inputs, binary, seed).images
    values = run_reference(model, images)
    tensors = {stream.prefix: stream.tensor for stream in streams_of(model)}
    beats = {name: s["beats_per_frame"] for name, s in description["streams"].items()}
    score = description["score"]
    bits = {
        "s_axis": 1 if binary or description["binarize"] else 8,
        "m_axis_label": 8,
        "m_axis_score": score["bits"],
    }
    frames = {}
    for name in PORTS:
        array = values[tensors[name]].astype(np.int64).reshape(N_IMAGES, -1)
        per_beat = array.shape[1] // beats[name]
        frames[name] = [to_beats(row, per_beat, bits[name]) for row in array]
    return {"interval": description["cycles_per_frame"], "frames": frames}
