# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flows.errors import FlowError
from flows.images import load_images


def test_random_images_are_seeded_and_hold_corners() -> None:
    a = load_images("random:20", 7, False, 3).images
    assert np.array_equal(a, load_images("random:20", 7, False, 3).images)
    assert not np.array_equal(a, load_images("random:20", 7, False, 4).images)
    assert (a[0] == 0).all() and (a[1] == 255).all()
    assert load_images("random:20", 7, True, 3).images.max() == 1


def test_npy_with_labels(tmp_path: Path) -> None:
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    np.save(tmp_path / "x.npy", images)
    np.save(tmp_path / "x.labels.npy", np.array([1, 0]))
    found = load_images(str(tmp_path / "x.npy"), 12, False, 1)
    assert np.array_equal(found.images, images.reshape(2, 12))
    assert found.labels is not None and found.labels.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("gone.npy", None, "images-missing"),
        ("text.npy", b"not numpy", "images-file"),
        ("float.npy", np.zeros((2, 12), np.float32), "images-file"),
        ("empty.npy", np.zeros((0, 12), np.uint8), "images-file"),
        ("size.npy", np.zeros((2, 5), np.uint8), "images-size"),
    ],
)
def test_bad_files(tmp_path: Path, name: str, content: object, code: str) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.save(path, content)
    with pytest.raises(FlowError, match=code):
        load_images(str(path), 12, False, 1)


@pytest.mark.parametrize("spec", ["random:", "random:0", "random:x"])
def test_bad_random(spec: str) -> None:
    with pytest.raises(FlowError, match="images-spec"):
        load_images(spec, 12, False, 1)


def test_pixels_for_a_bipolar_network_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.full((2, 12), 7, np.uint8))
    with pytest.raises(FlowError, match="bits"):
        load_images(str(tmp_path / "x.npy"), 12, True, 1)
