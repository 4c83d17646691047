# SPDX-License-Identifier: Apache-2.0
"""IDX files: which ones we know, how they are read, how they are proved to be the right ones.

Standard library only, so that `python -m training.fetch` runs before anything is installed.

IDX: two zero bytes, a type byte (0x08: unsigned 8-bit), the number of dimensions, every dimension
as a big-endian 32-bit word, then the values, last dimension fastest.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from flows.errors import FlowError

UINT8 = 0x08


@dataclass(frozen=True)
class IdxFile:
    """One file of a data set. The checksum is that of the decompressed bytes.

    Archives of the same data differ in their gzip headers; their content must not.
    """

    stem: str
    dims: tuple[int, ...]  # 0: any size
    sha256: str = ""  # empty: any content


@dataclass(frozen=True)
class DataSet:
    """The four files of a data set and the places where its archives can be fetched."""

    name: str
    train_images: IdxFile
    train_labels: IdxFile
    test_images: IdxFile
    test_labels: IdxFile
    debian: str = ""
    urls: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[IdxFile, ...]:
        """All four, in the order they are checked."""
        return self.train_images, self.train_labels, self.test_images, self.test_labels


def _mnist_like(
    name: str, sums: tuple[str, str, str, str], debian: str, urls: tuple[str, ...]
) -> DataSet:
    return DataSet(
        name,
        IdxFile("train-images-idx3-ubyte", (60000, 28, 28), sums[0]),
        IdxFile("train-labels-idx1-ubyte", (60000,), sums[1]),
        IdxFile("t10k-images-idx3-ubyte", (10000, 28, 28), sums[2]),
        IdxFile("t10k-labels-idx1-ubyte", (10000,), sums[3]),
        debian,
        urls,
    )


DATASETS = {
    "custom": DataSet(  # images of your own: same file names, any number, any size
        "custom",
        IdxFile("train-images-idx3-ubyte", (0, 0, 0)),
        IdxFile("train-labels-idx1-ubyte", (0,)),
        IdxFile("t10k-images-idx3-ubyte", (0, 0, 0)),
        IdxFile("t10k-labels-idx1-ubyte", (0,)),
    ),
    "fashion-mnist": _mnist_like(
        "fashion-mnist",
        (
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
        "dataset-fashion-mnist",
        ("https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",),
    ),
    "mnist": _mnist_like(
        "mnist",
        (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
        "",
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
    ),
}


def dataset(name: str) -> DataSet:
    """The data set of this name.

    Raises:
        FlowError: data-name.
    """
    if name not in DATASETS:
        raise FlowError(
            "data-name",
            f"no data set is called {name!r}",
            "[data] name of the configuration, or the argument of training.fetch",
            "one of: " + ", ".join(DATASETS),
        )
    return DATASETS[name]


def find(folder: Path, file: IdxFile) -> Path | None:
    """The file in `folder`, plain or as .gz; None where neither exists."""
    for path in (folder / file.stem, folder / f"{file.stem}.gz"):
        if path.is_file():
            return path
    return None


def _damaged(path: Path, why: str) -> FlowError:
    return FlowError(
        "data-damaged",
        f"{path.name}: {why}",
        str(path),
        f"remove {path} and run python3 -m training.fetch to get it again",
        'training/README.md, "Data"',
    )


def read_values(path: Path, file: IdxFile) -> tuple[bytes, tuple[int, ...]]:
    """The values of an IDX file, proved to have the dimensions and the content of `file`.

    Args:
        path: plain or .gz.
        file: what it has to be.

    Returns:
        The bytes behind the header, last dimension fastest, and the dimensions.

    Raises:
        FlowError: data-damaged (compression, magic, dimensions, length or checksum).
    """
    raw = path.read_bytes()
    if path.suffix == ".gz":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as err:
            raise _damaged(path, f"not a whole gzip file ({err})") from err
    dims = _dimensions(path, raw, file.dims)
    head = 4 + 4 * len(dims)
    if len(raw) - head != math.prod(dims):
        raise _damaged(
            path, f"{len(raw) - head} values, but its header {dims} asks for {math.prod(dims)}"
        )
    if file.sha256 and hashlib.sha256(raw).hexdigest() != file.sha256:
        raise _damaged(path, "right size, but another SHA-256 than the published file has")
    return raw[head:], dims


def _dimensions(path: Path, raw: bytes, want: tuple[int, ...]) -> tuple[int, ...]:
    """The dimensions in a header of unsigned bytes; 0 in `want` allows any size."""
    head = 4 + 4 * len(want)
    if len(raw) < head:
        raise _damaged(path, f"{len(raw)} bytes are too few for an IDX header")
    magic = bytes((0, 0, UINT8, len(want)))
    if raw[:4] != magic:
        raise _damaged(path, f"magic number {raw[:4].hex()}, but {magic.hex()} is needed")
    dims = struct.unpack(f">{len(want)}I", raw[4:head])
    if any(w and w != d for w, d in zip(want, dims, strict=True)):
        raise _damaged(path, f"dimensions {dims}, but {want} are needed")
    return dims


def check_folder(folder: Path, data: DataSet) -> None:
    """Prove that a folder holds all files of a data set.

    Raises:
        FlowError: data-missing, data-damaged.
    """
    for file in data.files:
        path = find(folder, file)
        if path is None:
            raise missing(folder, file)
        read_values(path, file)


def missing(folder: Path, file: IdxFile) -> FlowError:
    """The error for a file that is not there."""
    return FlowError(
        "data-missing",
        f"neither {file.stem} nor {file.stem}.gz is there",
        str(folder),
        "python3 -m training.fetch gets the data; --data or BNNFLOW_DATA names another folder",
        'training/README.md, "Data"',
    )
