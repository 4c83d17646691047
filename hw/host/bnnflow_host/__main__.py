# SPDX-License-Identifier: Apache-2.0
"""Command line: python -m bnnflow_host --bit tfc.bit classify images.npy | benchmark | selftest.

Exit codes: 0 done, 2 something you can mend, 3 a check failed, 1 a bug of ours.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from .accelerator import Accelerator
from .description import Description
from .errors import HostCheckFailed, HostError


def load_images(path: Path, about: Description) -> np.ndarray:
    """Images from a .npy file, or one image from a picture file (needs Pillow).

    Args:
        path: .npy: uint8 (N, ...), or one image without N; else a picture, scaled to the size that
            the network reads, and made gray where that has one channel.
        about: of the accelerator.

    Raises:
        HostError: image-missing, image-format.
    """
    if not path.is_file():
        raise HostError("image-missing", f"{path.name} is not there", str(path), "name a file")
    if path.suffix == ".npy":
        array = np.load(str(path))
        one = array.size == about.elements and array.ndim != 1 and len(array) != 1
        return np.asarray(array[None] if one else array)
    rows, columns, channels = about.picture
    modes = {1: "L", 3: "RGB", 4: "RGBA"}
    if channels not in modes:
        raise HostError(
            "image-format",
            f"{path.name} is no .npy, and no picture of {channels} channels",
            str(path),
            f"give a .npy file of uint8, {('N', *about.shape)}",
        )
    try:
        from PIL import Image
    except ImportError:
        raise HostError(
            "image-format",
            f"reading {path.suffix} needs Pillow, which is not installed",
            str(path),
            "pip install pillow, or give a .npy file of uint8",
        ) from None
    with Image.open(path) as picture:
        pixels = picture.convert(modes[channels]).resize((columns, rows))
    return np.asarray(pixels, np.uint8).reshape(1, -1)


def classify(accelerator: Accelerator, options: Any) -> None:
    """Print one line per image: file, index, label."""
    for name in options.images:
        images = load_images(Path(name), accelerator.about)
        for index, label in enumerate(accelerator.predict(images)):
            print(f"{name} {index} {label}")


def benchmark(accelerator: Accelerator, options: Any) -> None:
    """Print the rate and what bounds it."""
    for name, value in accelerator.benchmark(options.frames).items():
        print(f"{name:22} {value:.6g}" if isinstance(value, float) else f"{name:22} {value}")


def selftest(accelerator: Accelerator, options: Any) -> None:
    """Run the packaged vectors and compare every label and score.

    Raises:
        HostError: vectors-missing.
        HostCheckFailed: selftest.
    """
    path = accelerator.bitfile.with_name(accelerator.bitfile.stem + "_vectors.npz")
    if not path.is_file():
        raise HostError(
            "vectors-missing", f"{path.name} is not there", str(path), "copy the whole folder"
        )
    with np.load(str(path)) as vectors:
        images, labels, scores = (vectors[k] for k in ("images", "labels", "scores"))
    for what, want, got in (
        ("label", labels, accelerator.predict(images)),
        ("scores", scores, accelerator.scores(images)),
    ):
        equal = want == got if want.ndim == 1 else (want == got).all(axis=1)
        if not equal.all():
            first = int(np.flatnonzero(~equal)[0])
            raise HostCheckFailed(
                "selftest",
                f"{int((~equal).sum())} of {len(want)} {what} differ; image {first}:"
                f" {got[first]}, must be {want[first]}",
                str(path),
                "load the bitstream again; if it stays, the board or the bitstream is at fault",
            )
    print(f"selftest: {len(images)} images, every label and every score equal")


def main() -> int:
    """Parse and run; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bnnflow_host")
    parser.add_argument(
        "--bit", required=True, help="a deploy folder's .bit, or the name of an installed one"
    )
    parser.add_argument("--backend", default="auto", choices=("auto", "board", "numpy"))
    parser.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("classify", help="print the label of every image")
    one.add_argument("images", nargs="+", help=".npy (uint8) or picture files")
    one.set_defaults(run=classify)
    two = commands.add_parser("benchmark", help="frames/s, and what bounds them")
    two.add_argument("--frames", type=int, default=10_000)
    two.set_defaults(run=benchmark)
    three = commands.add_parser("selftest", help="packaged vectors, every byte compared")
    three.set_defaults(run=selftest)
    options = parser.parse_args()
    try:
        with Accelerator(options.bit, options.backend, options.timeout) as accelerator:
            options.run(accelerator, options)
    except HostError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
