# SPDX-License-Identifier: Apache-2.0
"""Labels of images from any stage of a finished build.

python -m flows.classify --run build/demo --stage rtl --images x.npy --out labels.npy
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flows.config import FlowConfig
from flows.errors import FlowError, run_main
from flows.files import read_json, replacing
from flows.images import load_images

#: stage -> the artefact it needs and the build stage that writes it
STAGES = {
    "qonnx": ("01_import.onnx", "import"),
    "streamlined": ("02_streamline.onnx", "streamline"),
    "integer": ("05_fold.onnx", "fold"),
    "rtl": ("07_top", "stitch"),
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
    artefact, writer = STAGES[stage]
    if not (run / artefact).exists():
        raise FlowError(
            "stage-input",
            f"{artefact} is not there",
            str(run),
            f"python -m flows.build --run {run} --to {writer}",
            'flows/README.md, "Stages"',
        )
    from qonnx.core.modelwrapper import ModelWrapper

    from flows import execute, rtl
    from flows.steps import check_fresh

    check_fresh(run, FlowConfig(**read_json(run / "flow.json")))
    if stage == "rtl":
        with tempfile.TemporaryDirectory() as work:
            top, folder = run / "07_top", Path(work)
            bench = rtl.build_bench(top, folder / "bench", folder / "bench.log")
            done = rtl.run_bench(top, bench, images, folder / "run", folder / "run.log")
            return done.outputs.labels
    model = ModelWrapper(str(run / artefact))
    if stage == "qonnx":
        kind = FlowConfig(**read_json(run / "flow.json")).input
        return execute.run_qonnx(model, images, kind).labels
    if stage == "streamlined":
        return execute.run_streamlined(model, images).labels
    return execute.run_integer(model, images).labels


def main() -> int:
    """Parse, classify, write."""
    p = argparse.ArgumentParser(prog="python -m flows.classify", description=__doc__)
    p.formatter_class = argparse.RawDescriptionHelpFormatter
    p.add_argument("--run", type=Path, required=True, help="run folder of a build")
    p.add_argument("--stage", choices=tuple(STAGES), required=True)
    p.add_argument("--images", required=True, help=".npy file, a data set's name, or random:N")
    p.add_argument("--out", type=Path, required=True, help=".npy file for the labels, shape (N,)")
    args = p.parse_args()
    images = _images(args.run, args.images)
    labels = classify(args.run, args.stage, images)
    with replacing(args.out) as tmp:
        np.save(tmp, labels)
    return 0


def _images(run: Path, spec: str) -> NDArray[np.uint8]:
    if not (run / "flow.json").is_file():
        raise FlowError(
            "stage-input",
            "this is no run folder of a build: flow.json is not there",
            str(run),
            f"python -m flows.build --run {run} --model any.onnx --target-fps 100000",
        )
    config = FlowConfig(**read_json(run / "flow.json"))
    from qonnx.core.modelwrapper import ModelWrapper

    model = ModelWrapper(str(run / "01_import.onnx"))
    n_inputs = model.get_tensor_shape(model.graph.input[0].name)[-1]
    return load_images(spec, n_inputs, config.input == "bipolar", config.seed).images


if __name__ == "__main__":
    sys.exit(run_main(main))
