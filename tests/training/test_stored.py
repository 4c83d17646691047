# SPDX-License-Identifier: Apache-2.0
"""Folders of images that stay on disk: mapped, read by batches, decoded whole or not at all."""

import fcntl
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from flows.errors import FlowError
from tests.training.resuming import curve, same_after_a_stop
from tests.training.two_ranks import on_two_ranks
from training import decode, folder
from training.batches import StoredBatches
from training.config import Config, from_table
from training.data import load_test, load_train, split
from training.stored import StoredImages
from training.train import train

SHAPE = (3, 14, 14)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(folder, "CACHE", tmp_path / "cache")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    rng, root = np.random.default_rng(2), tmp_path / "set"
    for part, count in (("train", 12), ("test", 3)):
        for label, name in enumerate(("ape", "bee")):
            (root / part / name).mkdir(parents=True)
            for nth in range(count):
                pixels = rng.integers(0, 200, (18, 21, 3), np.uint8)
                pixels[label::3] = 255
                Image.fromarray(pixels).save(root / part / name / f"{nth:02}.png")
    return root


def config(**data: Any) -> Config:
    table = {
        "data": {"name": "folder", "validation": 4} | data,
        "model": {"hidden": [8], "shape": list(SHAPE), "classes": 2},
        "train": {"epochs": 4, "batch": 4, "lr": 0.01},
    }
    return from_table(table, "test")


def test_images_are_mapped_and_subsets_copy_nothing(root: Path, tmp_path: Path) -> None:
    images = load_train("folder", root, SHAPE, crop=True)
    assert isinstance(images, StoredImages) and isinstance(images.file, np.memmap)
    assert images.file.shape == (24, 3, 16, 16) and len(images) == 24
    for part in split(images, 5):
        assert isinstance(part, StoredImages) and part.file is images.file
    test = load_test("folder", root, SHAPE, crop=True)
    spans = [
        [int(n, 16) for n in line.split()[0].split("-")]
        for line in Path("/proc/self/maps").read_text().splitlines()
        if str(tmp_path / "cache") in line
    ]
    assert any(low <= test.x.data_ptr() < high for low, high in spans)


def test_what_is_tested_is_the_middle(root: Path) -> None:
    images, test = (load("folder", root, SHAPE, crop=True) for load in (load_train, load_test))
    whole = load_train("folder", root, (3, 16, 16))
    middle = whole.x.view(-1, 3, 16, 16)[:, :, 1:15, 1:15].flatten(1)
    assert torch.equal(images[0:24], middle) and torch.equal(images[3:5], middle[3:5])
    assert images.subset(torch.tensor([7, 2]))[:].equal(middle[[7, 2]])
    larger = load_test("folder", root, (3, 16, 16)).x.view(-1, 3, 16, 16)
    assert torch.equal(test.x, larger[:, :, 1:15, 1:15].flatten(1))


def test_on_disk_or_in_memory_the_run_is_the_same(root: Path, tmp_path: Path) -> None:
    for disk in (False, True):
        given = config(disk=disk, shift=1, flip=True, images=17)
        train(given, tmp_path / f"run{disk}", data=root)
    a, b = (tmp_path / f"run{disk}" for disk in (False, True))
    assert curve(a) == curve(b)
    states = [torch.load(run / "model.pt")["state"] for run in (a, b)]
    assert all(torch.equal(v, states[1][k]) for k, v in states[0].items())


def test_crops_follow_from_the_seed_and_resume(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, other = config(crop=True, flip=True), tmp_path / "other"
    run = same_after_a_stop(given, root, tmp_path, monkeypatch)
    train(given.with_train(seed=2), other, data=root)
    assert curve(run) != curve(other)


def ramps() -> StoredImages:
    file = np.empty((12, 1, 16, 16), np.uint8)
    file[:] = np.arange(16) * 10 + np.arange(12)[:, None, None, None]
    return StoredImages(file, torch.arange(12), 14, 14, np.arange(12))


def batches(flip: bool = True) -> list[Any]:
    made = StoredBatches(ramps(), 6, 3, lambda: 1, flip=flip, crop=True)
    return [[x, index] for x, _, index in made]


def test_a_crop_is_a_part_of_its_own_image_at_the_networks_size() -> None:
    for flip in (False, True):
        seen = []
        for x, index in batches(flip):
            x = 255 * x.view(-1, 14, 14)
            steps = x.diff(dim=2)
            rising, falling = (steps >= 0).all((1, 2)), (steps <= 0).all((1, 2))
            assert bool((rising | falling).all())
            seen += falling.tolist()
            assert bool((x.amin((1, 2)) >= index - 1e-3).all())
            assert bool((x.amax((1, 2)) <= 150 + index + 1e-3).all())
        assert any(seen) == flip and not all(seen)


def test_each_rank_reads_its_share_of_the_same_crops(tmp_path: Path) -> None:
    first, second = on_two_ranks(batches, tmp_path)
    for whole, a, b in zip(batches(), first, second, strict=True):
        assert len(a[1]) == 3 and torch.equal(whole[1], torch.cat([a[1], b[1]]))
        torch.testing.assert_close(whole[0], torch.cat([a[0], b[0]]), rtol=0, atol=1e-6)


def test_half_a_file_is_never_taken(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, cache = decode._decoded, tmp_path / "cache"

    def stopped(path: Path, **given: Any) -> Any:
        if path.name == "05.png":
            raise KeyboardInterrupt
        return read(path, **given)

    with monkeypatch.context() as patch:
        patch.setattr(decode, "_decoded", stopped)
        with pytest.raises(KeyboardInterrupt):
            load_train("folder", root, SHAPE, disk=True)
    assert not list(cache.iterdir())
    (cache / ".killed.123.tmp.npy").write_bytes(b"half")
    want = load_train("folder", root, SHAPE, disk=True)[:]
    (cached,) = cache.iterdir()
    raw = cached.read_bytes()
    cached.write_bytes(raw[: len(raw) // 2])
    assert torch.equal(load_train("folder", root, SHAPE, disk=True)[:], want)
    assert cached.read_bytes() == raw
    np.save(tmp_path / "same.npy", want.numpy())  # as earlier versions wrote it
    assert (tmp_path / "same.npy").read_bytes() == raw


def test_one_process_decodes_and_the_other_waits(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    handle = os.open(cache, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    other = threading.Thread(target=load_train, args=("folder", root, SHAPE, True))
    other.start()
    other.join(0.5)
    assert other.is_alive() and not list(cache.iterdir())
    os.close(handle)
    other.join()
    assert len(list(cache.iterdir())) == 1 and "waiting" in capsys.readouterr().err


def test_no_room_is_said_before_decoding(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        free = 1000

    monkeypatch.setattr(decode.shutil, "disk_usage", lambda _: Full)
    with pytest.raises(FlowError, match="data-space"):
        load_train("folder", root, SHAPE, crop=True)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"name": "cifar10", "crop": True}, "data.crop"),
        ({"name": "fashion-mnist", "disk": True}, "data.disk"),
        ({"name": "folder", "crop": True, "shift": 4}, "data.shift"),
    ],
)
def test_mistakes(data: dict[str, Any], says: str) -> None:
    with pytest.raises(FlowError, match="config-value") as err:
        from_table({"data": data}, "mine.toml")
    assert says in str(err.value)
    assert err.value.hint
