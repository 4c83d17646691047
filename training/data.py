# SPDX-License-Identifier: Apache-2.0
"""Images in memory, fixed splits, and the batches of one epoch.

Whole data sets stay in memory as unsigned bytes; a batch is an index lookup, so no worker process
is needed. Whatever is random follows from (seed, epoch) alone, never from what ran before.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from flows.errors import FlowError
from training import cifar, ranks
from training import folder as image_folder
from training.fetch import DATA, SYSTEM
from training.idx import DATASETS, DataSet, IdxFile, dataset, find, missing, read_values

OTHERS = (*cifar.ARCHIVES, "folder")  # those that are no IDX files
NAMES = (*DATASETS, *OTHERS)
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

    def subset(self, index: Tensor) -> Images:
        """The images at these indices, in their order."""
        return Images(self.x[index], self.y[index], self.rows, self.columns)


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


def load_train(name: str, folder: Path | None = None, shape: tuple[int, ...] = ()) -> Images:
    """The training images of a data set.

    Args:
        name: one of NAMES.
        folder: where it is, see folder_of.
        shape: channels, rows and columns to bring a folder of images to; others have their own.

    Raises:
        FlowError: data-name, data-missing, data-damaged, and those of training.folder.
    """
    return _part(name, folder, shape, test=False)


def load_test(name: str, folder: Path | None = None, shape: tuple[int, ...] = ()) -> Images:
    """The test images of a data set; arguments and errors as in load_train."""
    return _part(name, folder, shape, test=True)


def _part(name: str, folder: Path | None, shape: tuple[int, ...], test: bool) -> Images:
    if name in OTHERS:
        where = folder_of(name, folder)
        if name == "folder":
            shape = shape or (3, 32, 32)
            x, y = image_folder.load(where, test, shape)
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


def split(images: Images, validation: int) -> tuple[Images, Images]:
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


def shift_table(rows: int, columns: int, shift: int, flip: bool) -> Tensor:
    """Source pixel of every target pixel for each augmentation.

    Args:
        rows: image height in pixels.
        columns: image width in pixels.
        shift: largest shift in pixels, in both directions of both axes.
        flip: mirrored left to right as well.

    Returns:
        Shape (variants, rows * columns), int64; rows * columns stands for a black pixel.
    """
    index = np.full((rows + 2 * shift, columns + 2 * shift), rows * columns)
    index[shift : shift + rows, shift : shift + columns] = np.arange(rows * columns).reshape(
        rows, columns
    )
    span = range(2 * shift + 1)
    tables = [index[dy : dy + rows, dx : dx + columns] for dy in span for dx in span]
    if flip:
        tables += [t[:, ::-1] for t in tables]
    return torch.from_numpy(np.stack(tables).reshape(len(tables), -1).copy())


class EpochBatches:
    """Shuffled, optionally augmented batches of pixels / 255; an iterable for Lightning.

    Each rank of a distributed run gets its share of the same batches.

    Args:
        images: training images.
        batch: images per batch, over all ranks; a last batch that is not full is left out, except
            when it is the only one (batch norm needs more than one image, and equal steps keep the
            schedule true).
        seed: of the run.
        epoch: called when an iteration starts, tells the epoch.
        shift, flip: augmentation as in shift_table.
        device: where the images are kept and augmented.
    """

    def __init__(
        self,
        images: Images,
        batch: int,
        seed: int,
        epoch: Callable[[], int],
        shift: int = 0,
        flip: bool = False,
        device: torch.device | str = "cpu",
    ) -> None:
        self.batch, self.seed, self.epoch = batch, seed, epoch
        self.count, self.y = len(images), images.y.to(device)
        self.table: Tensor | None = None
        self.x = images.x
        if shift or flip:
            self.table = shift_table(images.rows, images.columns, shift, flip).to(device)
            planes = images.x.view(len(images), images.channels, -1)
            black = torch.zeros(*planes.shape[:2], 1, dtype=torch.uint8)
            self.x = torch.cat([planes, black], 2)
        self.x = self.x.to(device)

    def __len__(self) -> int:
        return max(1, self.count // self.batch)

    def __iter__(self) -> Iterator[Batch]:
        draw = generator(self.seed, self.epoch())
        order = torch.randperm(self.count, generator=draw)
        for step in range(len(self)):
            index = order[step * self.batch : (step + 1) * self.batch]
            own = ranks.own_rows(len(index))
            variant = None
            if self.table is not None:
                variant = torch.randint(len(self.table), (len(index),), generator=draw)[own]
            yield self._batch(index[own].to(self.x.device), variant)

    def _batch(self, index: Tensor, variant: Tensor | None) -> Batch:
        x = self.x[index]
        if self.table is not None and variant is not None:
            place = self.table[variant.to(x.device)]
            x = x.gather(2, place[:, None].expand(-1, x.shape[1], -1)).flatten(1)
        return pixels(x), self.y[index], index
