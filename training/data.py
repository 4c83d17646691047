# SPDX-License-Identifier: Apache-2.0
"""Labelled images: where they come from, and fixed splits.

Data sets stay in memory as unsigned bytes, all but those of stored.py. Whatever is random follows
from (seed, epoch) alone, never from what ran before.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from flows.errors import FlowError
from training import cifar
from training import folder as image_folder
from training.config import Config
from training.fetch import DATA, SYSTEM
from training.idx import DATASETS, DataSet, IdxFile, dataset, find, missing, read_values
from training.stored import StoredImages

OTHERS = (*cifar.ARCHIVES, "folder")  # those that are no IDX files
NAMES = (*DATASETS, *OTHERS)
STORED = 8 / 7  # size of stored images where a part of each is trained on: 256 for 224
SPLIT_SEED = 20260101  # one validation split for all runs, so that runs can be compared
Batch = tuple[Tensor, Tensor, Tensor]  # pixels / 255, classes, which training images


@dataclass(frozen=True)
class Images:
    """Labelled images.

    x: shape (N, channels * rows * columns), uint8, a plane per channel, column fastest; y: shape
    (N,), int64.
    """

    x: Tensor
    y: Tensor
    rows: int
    columns: int

    def __len__(self) -> int:
        return len(self.y)

    @property
    def channels(self) -> int:
        """Planes of an image."""
        return self.x.shape[1] // (self.rows * self.columns)

    def __getitem__(self, part: slice) -> Tensor:
        """Pixels of some images, shape (n, channels * rows * columns)."""
        return self.x[part]

    def subset(self, index: Tensor) -> Images:
        """The images at these indices, in their order."""
        return Images(self.x[index], self.y[index], self.rows, self.columns)


Labelled = Images | StoredImages


def pixels(x: Tensor) -> Tensor:
    """Network input of 8-bit pixels: pixel / 255, float32 in [0, 1]."""
    return x.float() / 255


def folder_of(name: str, folder: Path | None = None) -> Path:
    """Where the files of a data set are: `folder`, BNNFLOW_DATA, ./data/<name> or the system's.

    Only the first that is named or exists; nothing is fetched here.
    """
    if folder is not None:
        return folder
    if os.environ.get("BNNFLOW_DATA"):
        return Path(os.environ["BNNFLOW_DATA"])
    own, system = DATA / name, SYSTEM / name
    return system if system.is_dir() and not own.is_dir() else own


def asked(
    config: Config, folder: Path | None
) -> tuple[str, Path | None, tuple[int, ...], bool, bool]:
    """Arguments of load_train and load_test for the images of a configuration."""
    return config.data.name, folder, config.model.shape, config.data.disk, config.data.crop


def load_train(
    name: str,
    folder: Path | None = None,
    shape: tuple[int, ...] = (),
    disk: bool = False,
    crop: bool = False,
) -> Labelled:
    """The training images of a data set.

    Args:
        name: one of NAMES.
        folder: where it is, see folder_of.
        shape: channels, rows and columns to bring a folder of images to; others have their own.
        disk: of [data]; leaves a folder of images in its file.
        crop: of [data]; does so, too, and stores them larger than `shape`.

    Raises:
        FlowError: data-name, data-missing, data-damaged, and those of training.folder.
    """
    if name == "folder" and (disk or crop):
        shape = shape or (3, 32, 32)
        whole = (shape[0], *stored_size(shape)) if crop else shape
        x, y = image_folder.load(folder_of(name, folder), False, whole, mapped=True)
        x, index = x.reshape(-1, *whole), np.arange(len(y))
        return StoredImages(x, torch.from_numpy(y), shape[1], shape[2], index)
    return _part(name, folder, shape, False, ())


def load_test(
    name: str,
    folder: Path | None = None,
    shape: tuple[int, ...] = (),
    disk: bool = False,
    crop: bool = False,
) -> Images:
    """The test images of a data set; arguments and errors as in load_train.

    With `crop` the middle of images that were scaled to the size of stored ones. With either the
    pixels are mapped: read where they are looked at.
    """
    whole = stored_size(shape or (3, 32, 32)) if crop else ()
    return _part(name, folder, shape, True, whole, disk or crop)


def stored_size(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Rows and columns of a stored image of which parts are trained on."""
    return tuple(round(side * STORED) for side in shape[1:])


def _part(
    name: str,
    folder: Path | None,
    shape: tuple[int, ...],
    test: bool,
    whole: tuple[int, ...],
    mapped: bool = False,
) -> Images:
    if name in OTHERS:
        where = folder_of(name, folder)
        if name == "folder":
            shape = shape or (3, 32, 32)
            x, y = image_folder.load(where, test, shape, whole, mapped)
        else:
            shape = (3, 32, 32)
            x, y = cifar.load(name, where, test)
        return Images(torch.from_numpy(x), torch.from_numpy(y), *shape[1:])
    if name not in DATASETS:
        raise FlowError(
            "data-name",
            f"no data set is called {name!r}",
            "[data] name of the configuration",
            "one of: " + ", ".join(NAMES),
        )
    data = dataset(name)
    files = (data.train_images, data.train_labels)
    if test:
        files = (data.test_images, data.test_labels)
    return _load(folder_of(name, folder), data, *files)


def _load(folder: Path, data: DataSet, image_file: IdxFile, label_file: IdxFile) -> Images:
    images, (count, rows, columns) = _values(folder, image_file)
    labels, (label_count,) = _values(folder, label_file)
    if count != label_count:
        raise FlowError(
            "data-pairs",
            f"{count} images, but {label_count} labels",
            f"{folder}: {image_file.stem}, {label_file.stem}",
            "put the two files that belong together there",
        )
    x = torch.from_numpy(np.frombuffer(images, np.uint8).reshape(count, rows * columns).copy())
    y = torch.from_numpy(np.frombuffer(labels, np.uint8).astype(np.int64))
    return Images(x, y, rows, columns)


def _values(folder: Path, file: IdxFile) -> tuple[bytes, tuple[int, ...]]:
    path = find(folder, file)
    if path is None:
        raise missing(folder, file)
    return read_values(path, file)


def split(images: Labelled, validation: int) -> tuple[Labelled, Labelled]:
    """Training and validation part; the same images every time.

    Args:
        images: the whole training set.
        validation: how many to hold back: the last ones of a fixed permutation; 0 is allowed.

    Returns:
        (training, validation). All in their own order, and nothing held back, for 0.

    Raises:
        FlowError: data-split (nothing would be left to train on).
    """
    if validation == 0:
        return images, images.subset(torch.arange(0))
    if validation >= len(images):
        raise FlowError(
            "data-split",
            f"{validation} validation images of {len(images)} leave none to train on",
            "[data] validation of the configuration",
            "a smaller number, or 0 to train on all",
        )
    order = torch.randperm(len(images), generator=generator(SPLIT_SEED, 0))
    return images.subset(order[:-validation]), images.subset(order[-validation:])


def generator(seed: int, epoch: int) -> torch.Generator:
    """A random generator that depends on seed and epoch only."""
    words = np.random.SeedSequence([seed, epoch]).generate_state(2)
    return torch.Generator().manual_seed(int(words[0]) << 31 | int(words[1]) >> 1)
