# SPDX-License-Identifier: Apache-2.0
"""A small compiled network with its deploy folder, for tests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from flows.deploy import write_package
from flows.generate import generate, stitch
from sim.lib.networks import write_network
from sim.lib.stages import run_stages
from sim.lib.tops import CLK_MHZ, PART, Top


def small_package(top: Top, folder: Path, seed: int) -> tuple[Path, Any]:
    """Compile a network with random weights and deploy it into `folder`, which is made anew.

    Args:
        top: the network and its folding.
        folder: gets top/ (stage stitch) and deploy/, with files named small.*.
        seed: of the weights.

    Returns:
        Path of the .bit (which is not there) and the folded graph.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    network = write_network(folder / "network.onnx", top.make, seed)
    table = {f"BnnMvu_{i}": {"PE": pe, "SIMD": simd} for i, (pe, simd) in enumerate(top.folds)}
    (folder / "folding.json").write_text(json.dumps(table))
    kind = "pixel/255" if top.make.pixels else "bipolar"
    model = run_stages(network, None, kind, folder / "folding.json").folded
    generate(model, folder / "rtl", PART, CLK_MHZ)
    stitch(model, folder / "rtl", folder / "top")
    out = folder / "deploy"
    none = folder / "none.bit"
    write_package(out, "small", folder / "top", model, PART, CLK_MHZ, "random:60", none)
    return out / "small.bit", model
