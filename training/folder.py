# SPDX-License-Identifier: Apache-2.0
"""A folder of images per class: train/<class>/<image> and test/<class>/<image>.

Classes are numbered in the order of their names. Images are decoded once; the pixels are kept in
build/cache/, under a name that follows from all file names, sizes and times.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from tqdm import tqdm

from flows.errors import FlowError
from flows.files import replacing

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}
CACHE = Path("build/cache")
SHOWN = 3  # how many culprits an error names
Labelled = tuple[NDArray[np.uint8], NDArray[np.int64]]


def load(folder: Path, test: bool, shape: tuple[int, ...]) -> Labelled:
    """Images and labels of one part.

    Args:
        folder: has train/ and test/ with the same classes in both.
        test: the test part instead of the training part.
        shape: channels (1: grey, 3: colour), rows and columns of the network. Images of another
            size are scaled and cropped in the middle.

    Returns:
        Pixels, shape (N, channels * rows * columns), planes of each channel; labels, shape (N,).

    Raises:
        FlowError: data-missing, data-classes, data-empty, data-unreadable.
    """
    files = {part: _files(folder, part) for part in ("train", "test")}
    _same_classes(folder, files["train"], files["test"])
    part = files["test" if test else "train"]
    paths = [path for name in sorted(part) for path in part[name]]
    y = np.repeat(np.arange(len(part)), [len(part[name]) for name in sorted(part)])
    cached = CACHE / f"{_key(folder, paths, shape)}.npy"
    if cached.is_file():
        return np.load(cached), y
    x = _decode(paths, shape)
    cached.parent.mkdir(parents=True, exist_ok=True)
    with replacing(cached) as tmp, tmp.open("wb") as out:
        np.save(out, x)
    return x, y


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
        what = f"no image in the class folders {_some(empty)}" if empty else "no class folder"
        hint = f"images ({kinds}) in every class folder; remove those that are no class"
        raise FlowError("data-empty", what, str(root), hint)
    return found


def _same_classes(folder: Path, train: dict[str, list[Path]], test: dict[str, list[Path]]) -> None:
    for ours, theirs, where in ((train, test, "test"), (test, train, "train")):
        missing = sorted(set(ours) - set(theirs))
        if missing:
            raise FlowError(
                "data-classes",
                f"{where}/ has no class {_some(missing)}, which the other part has",
                str(folder / where),
                "the same class folders in train/ and test/; compare their spelling",
            )


def _decode(paths: list[Path], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    channels, rows, columns = shape
    mode = "L" if channels == 1 else "RGB"
    x = np.empty((len(paths), channels, rows, columns), np.uint8)
    bad = []
    bar = tqdm(paths, unit="image", desc="decode", disable=not sys.stderr.isatty())
    for nth, path in enumerate(bar):
        try:
            with Image.open(path) as file:
                image: Image.Image = file.convert(mode)
                if image.size != (columns, rows):
                    image = ImageOps.fit(image, (columns, rows))
                x[nth] = np.asarray(image).reshape(rows, columns, channels).transpose(2, 0, 1)
        except (OSError, ValueError, SyntaxError) as err:
            bad.append(f"{path} ({err})")
    if bad:
        raise FlowError(
            "data-unreadable",
            f"{len(bad)} of {len(paths)} images cannot be read",
            _some(bad),
            "mend or remove them",
        )
    return x.reshape(len(paths), -1)


def _key(folder: Path, paths: list[Path], shape: tuple[int, ...]) -> str:
    digest = hashlib.sha256(f"{folder.resolve()} {shape}".encode())
    for path in paths:
        stat = path.stat()
        digest.update(f"{path.relative_to(folder)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _some(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
