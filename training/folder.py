# SPDX-License-Identifier: Apache-2.0
"""A folder of images per class: train/<class>/<image> and test/<class>/<image>.

Classes are numbered in the order of their names. Images are decoded once; the pixels are kept in
build/cache/, under a name that follows from all file names, sizes and times.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flows.errors import FlowError
from training.decode import some, stored

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}
CACHE = Path("build/cache")
Labelled = tuple[NDArray[np.uint8], NDArray[np.int64]]


def load(
    folder: Path,
    test: bool,
    shape: tuple[int, ...],
    whole: tuple[int, ...] = (),
    mapped: bool = False,
) -> Labelled:
    """Images and labels of one part.

    Args:
        folder: has train/ and test/ with the same classes in both.
        test: the test part instead of the training part.
        shape: channels (1: grey, 3: colour), rows and columns of the network. Images of another
            size are scaled and cropped in the middle.
        whole: rows and columns to scale and crop to, of which the middle of `shape` is kept; those
            of `shape` if not given.
        mapped: pixels stay in their file, and are read where they are looked at.

    Returns:
        Pixels, shape (N, channels * rows * columns), planes of each channel; labels, shape (N,).

    Raises:
        FlowError: data-missing, data-classes, data-empty, data-unreadable, data-space.
    """
    files = {part: _files(folder, part) for part in ("train", "test")}
    _same_classes(folder, files["train"], files["test"])
    part = files["test" if test else "train"]
    paths = [path for name in sorted(part) for path in part[name]]
    y = np.repeat(np.arange(len(part)), [len(part[name]) for name in sorted(part)])
    whole = whole or shape[1:]
    cached = stored(paths, shape, whole, CACHE / f"{_key(folder, paths, shape, whole)}.npy")
    # "c": whoever writes into them gets a copy, the file stays as it is
    return np.load(cached, mmap_mode="c" if mapped else None), y


def _files(folder: Path, part: str) -> dict[str, list[Path]]:
    root = folder / part
    if not root.is_dir():
        raise FlowError(
            "data-missing",
            f"there is no folder {part}/",
            str(folder),
            f"{part}/<class>/<image>, with --data or BNNFLOW_DATA naming the folder above {part}/",
            'training/README.md, "Data"',
        )
    classes = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    found = {
        c.name: sorted(p for p in c.iterdir() if p.suffix.lower() in SUFFIXES) for c in classes
    }
    empty = [name for name, paths in found.items() if not paths]
    if empty or not found:
        kinds = ", ".join(sorted(SUFFIXES))
        what = f"no image in the class folders {some(empty)}" if empty else "no class folder"
        hint = f"images ({kinds}) in every class folder; remove those that are no class"
        raise FlowError("data-empty", what, str(root), hint)
    return found


def _same_classes(folder: Path, train: dict[str, list[Path]], test: dict[str, list[Path]]) -> None:
    for ours, theirs, where in ((train, test, "test"), (test, train, "train")):
        missing = sorted(set(ours) - set(theirs))
        if missing:
            raise FlowError(
                "data-classes",
                f"{where}/ has no class {some(missing)}, which the other part has",
                str(folder / where),
                "the same class folders in train/ and test/; compare their spelling",
            )


def _key(folder: Path, paths: list[Path], shape: tuple[int, ...], whole: tuple[int, ...]) -> str:
    of = "" if whole == shape[1:] else f" of {whole}"
    digest = hashlib.sha256(f"{folder.resolve()} {shape}{of}".encode())
    for path in paths:
        stat = path.stat()
        digest.update(f"{path.relative_to(folder)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]
