# SPDX-License-Identifier: Apache-2.0
"""Labels of images from any stage of a finished build.

python -m flows.classify --run build/demo --stage rtl --images x.npy --out labels.npy
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flows.config import FlowConfig
from flows.errors import FlowError, run_main
from flows.files import read_json, replacing
from flows.images import load_images

if TYPE_CHECKING:
    from qonnx.core.modelwrapper import ModelWrapper

EXPORT = "00_export.onnx"
_BUILD = "python -m flows.build --run {run} --target-fps 100000 --to "

#: stage -> what it needs in the run folder (nothing: the model itself), and the way out without
STAGES = {
    "qonnx": ("", ""),
    "streamlined": ("02_streamline.onnx", f"{_BUILD}streamline"),
    "integer": ("05_fold.onnx", f"{_BUILD}fold"),
    "rtl": ("07_top", f"{_BUILD}stitch"),
}


def classify(run: Path, stage: str, images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Labels a stage gives.

    Args:
        run: run folder of a build.
        stage: one of STAGES.
        images: shape (N, n), as the accelerator is fed them.

    Returns:
        Shape (N,).

    Raises:
        FlowError: stage-input, where the build has not come that far.
    """
    _require(run, stage)
    from flows import execute, rtl
    from flows.reference import run_reference

    if stage == "qonnx":
        return execute.run_qonnx(_imported(run), images, _config(run).input).labels
    from qonnx.core.modelwrapper import ModelWrapper

    from flows.steps import check_fresh

    check_fresh(run, _config(run))
    if stage == "rtl":
        with tempfile.TemporaryDirectory() as work:
            top, folder = run / "07_top", Path(work)
            bench = rtl.build_bench(top, folder / "bench", folder / "bench.log")
            done = rtl.run_bench(top, bench, images, folder / "run", folder / "run.log")
            return done.outputs.labels
    model = ModelWrapper(str(run / STAGES[stage][0]))
    if stage == "streamlined":
        if execute.has_layers(model):  # a network with maps: hardware ops already
            labels = run_reference(model, images)[model.graph.output[0].name]
            return labels.reshape(-1).astype(np.int64)
        return execute.run_streamlined(model, images).labels
    return execute.run_integer(model, images).labels


def _require(run: Path, stage: str) -> None:
    artefact, way_out = STAGES[stage]
    if not (run / artefact).exists():
        raise FlowError(
            "stage-input",
            f"{artefact} is not there",
            str(run),
            way_out.format(run=run),
            'flows/README.md, "Stages"',
        )


def _config(run: Path) -> FlowConfig:
    """Options of the build; the defaults where a run was only exported."""
    if (run / "flow.json").is_file():
        return FlowConfig(**read_json(run / "flow.json"))
    return FlowConfig(model=str(run / EXPORT))


def _imported(run: Path) -> ModelWrapper:
    from flows.importer import import_qonnx

    return import_qonnx(Path(_config(run).model))


def main() -> int:
    """Parse, classify, write."""
    p = argparse.ArgumentParser(prog="python -m flows.classify", description=__doc__)
    p.formatter_class = argparse.RawDescriptionHelpFormatter
    p.add_argument("--run", type=Path, required=True, help="run folder of a build")
    p.add_argument("--stage", choices=tuple(STAGES), required=True)
    p.add_argument("--images", required=True, help=".npy file, a data set's name, or random:N")
    p.add_argument("--out", type=Path, required=True, help=".npy file for the labels, shape (N,)")
    args = p.parse_args()
    _require(args.run, args.stage)
    images = _images(args.run, args.images)
    labels = classify(args.run, args.stage, images)
    with replacing(args.out) as tmp:
        np.save(tmp, labels)
    return 0


def _images(run: Path, spec: str) -> NDArray[np.uint8]:
    config = _config(run)
    model = _imported(run)
    n_inputs = prod(model.get_tensor_shape(model.graph.input[0].name)[1:])
    data = Path(config.data) if config.data else None
    return load_images(spec, n_inputs, config.input == "bipolar", config.seed, data).images


if __name__ == "__main__":
    sys.exit(run_main(main))
