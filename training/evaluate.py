# SPDX-License-Identifier: Apache-2.0
"""Accuracy of any stage of a run over all test images.

    python -m training.evaluate --run build/demo --stage qonnx [--out scores.npy]

torch puts out scores; the later stages are run by flows.classify and put out labels.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.errors import FlowError, run_main
from flows.files import replacing
from training import models
from training.data import Images, asked, load_test
from training.run import labels, load_classifier

STAGES = ("torch", "qonnx", "integer", "rtl")


def evaluate(run: Path, stage: str, images: Images) -> NDArray[Any]:
    """What a stage of a run says about images.

    Args:
        run: run folder; torch needs model.pt, qonnx the exported graph, the others a build.
        stage: one of STAGES.
        images: any images of the network's size.

    Returns:
        Scores, shape (N, classes), of torch; labels, shape (N,), of the others.

    Raises:
        FlowError: the stage's files are missing, or its command failed.
    """
    if stage == "torch":
        model, _ = load_classifier(run)
        return models.scores(model, images.x).numpy()
    return _classify(run, stage, images)


def _classify(run: Path, stage: str, images: Images) -> NDArray[Any]:
    with tempfile.TemporaryDirectory(prefix="bnnflow.") as scratch:
        x, out = Path(scratch) / "x.npy", Path(scratch) / "labels.npy"
        np.save(x, images.x.numpy())
        words = ["--run", run, "--stage", stage, "--images", x, "--out", out]
        command = [sys.executable, "-m", "flows.classify", *map(str, words)]
        code = subprocess.run(command).returncode
        if code:
            raise FlowError(
                "stage-failed",
                f"stage {stage} ended with exit code {code}; its own message is above",
                " ".join(command[1:]),
                f"build that stage first: python -m flows.build --run {run}",
            )
        found: NDArray[Any] = np.load(out)
    if found.shape != (len(images),):
        raise FlowError(
            "stage-shape",
            f"stage {stage} gave labels of shape {found.shape} for {len(images)} images",
            " ".join(command[1:]),
            "this is a bug in flows/classify.py: please report it",
        )
    return found


def _main() -> None:
    parser = argparse.ArgumentParser(description="Accuracy of a stage over all test images.")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--stage", choices=STAGES, default="torch")
    parser.add_argument("--data", type=Path, help="folder of the data files")
    parser.add_argument("--out", type=Path, help="also write scores or labels here, as .npy")
    args = parser.parse_args()
    _, config = load_classifier(args.run)
    test = load_test(*asked(config, args.data))
    result = evaluate(args.run, args.stage, test)
    if args.out:
        with replacing(args.out) as tmp, tmp.open("wb") as file:
            np.save(file, result)
    found = labels(result) if result.ndim == 2 else result
    right = int((found == test.y.numpy()).sum())
    print(f"evaluate: {args.stage}: {right} of {len(test)} right, {right / len(test):.2%}")


if __name__ == "__main__":
    sys.exit(run_main(_main))
