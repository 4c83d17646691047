# SPDX-License-Identifier: Apache-2.0
"""CIFAR-10 and CIFAR-100 in their official archives (binary version), packed or unpacked.

Record: CIFAR-10 one label byte, CIFAR-100 two (coarse, fine; the fine one counts), then 3072 bytes:
red, green and blue plane of 32 rows of 32 pixels.
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flows.errors import FlowError

PIXELS = 3 * 32 * 32


@dataclass(frozen=True)
class Archive:
    """Where the records of one data set are."""

    file: str
    folder: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    records: int  # per file
    test_records: int
    label_bytes: int
    classes: int


ARCHIVES = {
    "cifar10": Archive(
        "cifar-10-binary.tar.gz",
        "cifar-10-batches-bin",
        tuple(f"data_batch_{n}.bin" for n in range(1, 6)),
        ("test_batch.bin",),
        10_000,
        10_000,
        1,
        10,
    ),
    "cifar100": Archive(
        "cifar-100-binary.tar.gz",
        "cifar-100-binary",
        ("train.bin",),
        ("test.bin",),
        50_000,
        10_000,
        2,
        100,
    ),
}


def load(name: str, folder: Path, test: bool) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images and labels of one part.

    Args:
        name: key of ARCHIVES.
        folder: holds the archive, or its unpacked folder, or is that folder.
        test: the test part instead of the training part.

    Returns:
        Pixels, shape (N, 3072), planes of red, green and blue; labels, shape (N,).

    Raises:
        FlowError: data-missing, data-damaged.
    """
    archive = ARCHIVES[name]
    images, labels = [], []
    for file in archive.test if test else archive.train:
        raw, where = _bytes(archive, folder, file)
        row = archive.label_bytes + PIXELS
        count = archive.test_records if test else archive.records
        if len(raw) != count * row:
            raise _damaged(where, f"{len(raw)} bytes, but {count} records are {count * row}")
        table = np.frombuffer(raw, np.uint8).reshape(count, row)
        label = table[:, archive.label_bytes - 1].astype(np.int64)
        if label.max() >= archive.classes:
            raise _damaged(where, f"label {label.max()}, but there are {archive.classes} classes")
        images.append(table[:, archive.label_bytes :])
        labels.append(label)
    return np.concatenate(images), np.concatenate(labels)


def _bytes(archive: Archive, folder: Path, file: str) -> tuple[bytes, str]:
    for path in (folder / file, folder / archive.folder / file):
        if path.is_file():
            return path.read_bytes(), str(path)
    packed = folder / archive.file
    if not packed.is_file():
        raise FlowError(
            "data-missing",
            f"neither {archive.file} nor its {file} is there",
            str(folder),
            f"put {archive.file} of the CIFAR page (binary version) there, or name its folder "
            "with --data or BNNFLOW_DATA",
            'training/README.md, "Data"',
        )
    try:
        with tarfile.open(packed) as tar:
            member = tar.extractfile(f"{archive.folder}/{file}")
            assert member is not None, "a regular file"
            return member.read(), f"{packed}: {file}"
    except (tarfile.TarError, OSError, EOFError, KeyError, AssertionError) as err:
        raise _damaged(str(packed), f"{file} cannot be read ({err})") from err


def _damaged(where: str, why: str) -> FlowError:
    return FlowError(
        "data-damaged", why, where, "get the archive again", 'training/README.md, "Data"'
    )
