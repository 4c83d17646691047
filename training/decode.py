# SPDX-License-Identifier: Apache-2.0
"""Images decoded into one file of pixels, which is there whole or not at all.

Rows of pixels are written as they come, so memory holds a few hundred images of any data set.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from tqdm import tqdm

from flows.errors import FlowError
from flows.files import replacing

SHOWN = 3  # how many culprits an error names
AT_ONCE = 256  # images decoded before they are written
THREADS = min(8, os.cpu_count() or 1)  # Pillow lets others run while it decodes


def some(names: list[str]) -> str:
    """The first few names, and how many there are besides."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def stored(paths: list[Path], shape: tuple[int, ...], whole: tuple[int, ...], file: Path) -> Path:
    """The file of decoded images, made if it is not there.

    One process makes it, others wait for it. A file that an interrupted one left is removed.

    Args:
        paths: images, in order.
        shape: channels (1: grey, 3: colour), rows and columns to keep.
        whole: rows and columns that an image is scaled to, and cropped in the middle; of those the
            middle of `shape` is kept.
        file: .npy; shape (N, channels * rows * columns), uint8, planes of each channel.

    Raises:
        FlowError: data-unreadable, data-space.
    """
    if _is_whole(file, (len(paths), prod(shape))):
        return file
    file.parent.mkdir(parents=True, exist_ok=True)
    with _alone(file.parent):
        if not _is_whole(file, (len(paths), prod(shape))):  # another process may have made it
            for left in file.parent.glob(".*.tmp.npy"):
                left.unlink()
            _write(paths, shape, whole, file)
    return file


def _is_whole(file: Path, shape: tuple[int, int]) -> bool:
    try:
        x = np.load(file, mmap_mode="r")
    except (OSError, ValueError, EOFError):  # none, or shorter than its header says
        return False
    return bool(x.shape == shape and x.dtype == np.uint8)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder; ends with the process, however that ends."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"decode: waiting for another process that fills {folder}", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(paths: list[Path], shape: tuple[int, ...], whole: tuple[int, ...], file: Path) -> None:
    size = (len(paths), prod(shape))
    _room(prod(size), file)
    bad: list[str] = []
    with replacing(file) as tmp, tmp.open("wb") as out, ThreadPoolExecutor(THREADS) as pool:
        header = {"descr": "|u1", "fortran_order": False, "shape": size}
        np.lib.format.write_array_header_1_0(out, header)
        decode = partial(_decoded, shape=shape, whole=whole)
        quiet = not sys.stderr.isatty()
        with tqdm(total=len(paths), unit="image", desc="decode", disable=quiet) as bar:
            for start in range(0, len(paths), AT_ONCE):
                for found in pool.map(decode, paths[start : start + AT_ONCE]):
                    if isinstance(found, str):
                        bad.append(found)
                    else:
                        out.write(found.tobytes())
                    bar.update()
        if bad:
            raise FlowError(
                "data-unreadable",
                f"{len(bad)} of {len(paths)} images cannot be read",
                some(bad),
                "mend or remove them",
            )
        out.flush()
        os.fsync(out.fileno())  # before its name says that it is whole


def _room(size: int, file: Path) -> None:
    free = shutil.disk_usage(file.parent).free
    if size > free:
        raise FlowError(
            "data-space",
            f"the decoded images take {size / 1e9:.1f} GB, but {free / 1e9:.1f} GB are free",
            str(file.parent),
            "make room there, link build/cache to a larger disk, or a smaller [model] shape",
        )


def _decoded(path: Path, shape: tuple[int, ...], whole: tuple[int, ...]) -> NDArray[np.uint8] | str:
    """Planes of an image, or why there are none."""
    channels, rows, columns = shape
    try:
        with Image.open(path) as opened:
            image: Image.Image = opened.convert("L" if channels == 1 else "RGB")
            if image.size != (whole[1], whole[0]):
                image = ImageOps.fit(image, (whole[1], whole[0]))
            x = np.asarray(image).reshape(*whole, channels)
    except (OSError, ValueError, SyntaxError) as err:
        return f"{path} ({err})"
    top, left = (whole[0] - rows) // 2, (whole[1] - columns) // 2
    return x[top : top + rows, left : left + columns].transpose(2, 0, 1)
