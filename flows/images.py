# SPDX-License-Identifier: Apache-2.0
"""What the proof runs on: a data set's test images, a file, or random images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flows.errors import FlowError

DATA_SETS = ("fashion-mnist", "mnist", "cifar10", "cifar100", "folder")


@dataclass(frozen=True)
class ImageSet:
    """Images as the accelerator is fed them, shape (N, n) uint8; labels (N,) where known."""

    source: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None

    def first(self, n: int) -> ImageSet:
        """The first n images."""
        labels = None if self.labels is None else self.labels[:n]
        return ImageSet(self.source, self.images[:n], labels)


def load_images(
    spec: str, n_inputs: int, binary: bool, seed: int, data: Path | None = None
) -> ImageSet:
    """Images for a network of `n_inputs` inputs.

    Args:
        spec: a data set of DATA_SETS (test images and labels), "random:N", or a .npy file of
            uint8, shape (N, ...) with n_inputs elements an image; labels in <stem>.labels.npy
            beside it are used where present.
        n_inputs: elements of one image.
        binary: inputs are bits (0 or 1) instead of pixels.
        seed: of random images.
        data: folder of the data set; "folder" is one folder of images per class.

    Raises:
        FlowError: images-spec, images-missing, images-file, images-size.
    """
    if spec in DATA_SETS:
        found = _data_set(spec, data)
    elif spec.startswith("random:"):
        found = _random(spec, n_inputs, binary, seed)
    else:
        found = _file(Path(spec))
    if found.images.shape[1] != n_inputs:
        raise FlowError(
            "images-size",
            f"images of {found.images.shape[1]} elements for a network of {n_inputs} inputs",
            f"--images {spec}",
            f"give images of {n_inputs} elements, or --images random:1000",
        )
    if binary and found.images.max(initial=0) > 1:
        raise FlowError(
            "images-file",
            "a network with bipolar input is fed bits, and these images hold other values",
            f"--images {spec}",
            "give 0 for -1 and 1 for +1",
        )
    return found


def _data_set(name: str, folder: Path | None) -> ImageSet:
    from training.data import load_test

    test = load_test(name, folder)
    images = test.x.numpy()
    return ImageSet(name, images.reshape(len(images), -1), test.y.numpy())


def _random(spec: str, n_inputs: int, binary: bool, seed: int) -> ImageSet:
    text = spec.removeprefix("random:")
    if not text.isdigit() or int(text) < 1:
        raise FlowError(
            "images-spec",
            f"{text!r} is no number of images",
            f"--images {spec}",
            "--images random:1000",
        )
    top = 2 if binary else 256
    images = np.random.default_rng(seed).integers(0, top, (int(text), n_inputs), dtype=np.uint8)
    for i, value in enumerate((0, top - 1, top // 2, top // 2 - 1)[: len(images)]):
        images[i] = value  # corners: all off, all on, at the usual threshold, just below it
    return ImageSet(spec, images, None)


def _file(path: Path) -> ImageSet:
    if not path.is_file():
        raise FlowError(
            "images-missing",
            "there is no such file, and it is no data set's name",
            f"--images {path}",
            f"give a .npy file, random:N, or one of {', '.join(DATA_SETS)}",
        )
    try:
        images = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as err:
        raise FlowError(
            "images-file", f"not a .npy file: {err}", str(path), "write it with numpy.save"
        ) from err
    if images.dtype != np.uint8 or images.ndim < 2 or len(images) == 0:
        raise FlowError(
            "images-file",
            f"an array of {images.dtype} of shape {images.shape}, not uint8 of (N, ...), N > 0",
            str(path),
            "convert it: images.astype(numpy.uint8), values 0..255",
        )
    labels_path = path.with_suffix(".labels.npy")
    labels = np.load(labels_path).astype(np.int64) if labels_path.is_file() else None
    return ImageSet(path.name, images.reshape(len(images), -1), labels)
