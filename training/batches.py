# SPDX-License-Identifier: Apache-2.0
"""The batches of one epoch, of images in memory or in a file.

In memory a batch is an index lookup, so no worker process is needed. Of a file the next batch is
read while the network works on this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from training import ranks, views
from training.data import Batch, Images, Labelled, generator, pixels
from training.stored import StoredImages


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


def moved(x: Tensor, place: Tensor) -> Tensor:
    """Augmented images: planes of shape (n, channels, rows * columns + 1), rows of shift_table."""
    return x.gather(2, place[:, None].expand(-1, x.shape[1], -1))


class _Batches:
    """What both kinds share: which images a batch has, and what is drawn for them.

    Args:
        images: training images.
        batch: images per batch, over all ranks; a last batch that is not full is left out, except
            when it is the only one (batch norm needs more than one image, and equal steps keep the
            schedule true).
        seed: of the run.
        epoch: called when an iteration starts, tells the epoch.
        shift, flip: augmentation as in shift_table.
        device: where the images are augmented.
    """

    def __init__(
        self,
        images: Labelled,
        batch: int,
        seed: int,
        epoch: Callable[[], int],
        shift: int = 0,
        flip: bool = False,
        device: torch.device | str = "cpu",
    ) -> None:
        self.batch, self.seed, self.epoch, self.device = batch, seed, epoch, device
        self.count, self.y = len(images), images.y.to(device)
        self.table: Tensor | None = None
        if shift or flip:
            self.table = shift_table(images.rows, images.columns, shift, flip).to(device)

    def __len__(self) -> int:
        return max(1, self.count // self.batch)

    def _plan(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Batch by batch this rank's images and the random numbers that belong to them."""
        draw = generator(self.seed, self.epoch())
        order = torch.randperm(self.count, generator=draw)
        for step in range(len(self)):
            index = order[step * self.batch : (step + 1) * self.batch]
            own, numbers = ranks.own_rows(len(index)), self._numbers(len(index), draw)
            yield index[own], None if numbers is None else numbers[own]

    def _numbers(self, count: int, draw: torch.Generator) -> Tensor | None:
        """Random numbers of a batch of all ranks: a row of the table for each image."""
        if self.table is None:
            return None
        return torch.randint(len(self.table), (count,), generator=draw)


class EpochBatches(_Batches):
    """Shuffled, optionally augmented batches of pixels / 255; an iterable for Lightning.

    Each rank of a distributed run gets its share of the same batches. Arguments as in _Batches;
    the images are kept on the device.
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
        super().__init__(images, batch, seed, epoch, shift, flip, device)
        self.x = images.x
        if self.table is not None:
            planes = images.x.view(len(images), images.channels, -1)
            black = torch.zeros(*planes.shape[:2], 1, dtype=torch.uint8)
            self.x = torch.cat([planes, black], 2)
        self.x = self.x.to(device)

    def __iter__(self) -> Iterator[Batch]:
        for index, variant in self._plan():
            index = index.to(self.device)
            x = self.x[index]
            if self.table is not None and variant is not None:
                x = moved(x, self.table[variant.to(self.device)]).flatten(1)
            yield pixels(x), self.y[index], index


class StoredBatches(_Batches):
    """Batches as EpochBatches makes them, of images that are read for them.

    Args:
        images: training images.
        batch, seed, epoch, device: as there; with the same shift and flip the batches are the same.
        shift, flip: augmentation as there.
        crop: instead of the middle of each image a random part (`views.crop`, 8 to 100 % of its
            area, sides 3:4 to 4:3), scaled to the network's size; with `flip` every second one
            mirrored.
    """

    def __init__(
        self,
        images: StoredImages,
        batch: int,
        seed: int,
        epoch: Callable[[], int],
        shift: int = 0,
        flip: bool = False,
        crop: bool = False,
        device: torch.device | str = "cpu",
    ) -> None:
        in_table = (0, False) if crop else (shift, flip)
        super().__init__(images, batch, seed, epoch, *in_table, device)
        self.images, self.crop, self.flip = images, crop, flip

    def __iter__(self) -> Iterator[Batch]:
        ahead: tuple[Future[Tensor], Tensor, Tensor | None] | None = None
        with ThreadPoolExecutor(1) as reader:
            for index, numbers in self._plan():
                following = (reader.submit(self.images.read, index.numpy()), index, numbers)
                if ahead is not None:
                    yield self._made(*ahead)
                ahead = following
            if ahead is not None:
                yield self._made(*ahead)

    def _numbers(self, count: int, draw: torch.Generator) -> Tensor | None:
        """As the base's; of crops five for each image."""
        return torch.rand(count, 5, generator=draw) if self.crop else super()._numbers(count, draw)

    def _made(self, read: Future[Tensor], index: Tensor, numbers: Tensor | None) -> Batch:
        x, images, index = read.result().to(self.device), self.images, index.to(self.device)
        if self.crop and numbers is not None:
            size = (images.rows, images.columns)
            part = views.crop(pixels(x), numbers.to(x.device), size, views.AREA, self.flip)
            return part.flatten(1), self.y[index], index
        x = x.flatten(2)
        if self.table is not None and numbers is not None:
            x = torch.cat([x, x.new_zeros(*x.shape[:2], 1)], 2)
            x = moved(x, self.table[numbers.to(x.device)])
        return pixels(x.flatten(1)), self.y[index], index
