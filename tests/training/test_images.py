# SPDX-License-Identifier: Apache-2.0
"""CIFAR archives and folders of images: read as they are, and what is wrong is named."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from flows.errors import FlowError
from training import cifar, folder
from training.batches import EpochBatches, shift_table
from training.config import from_table
from training.data import Images, load_test, load_train
from training.train import train


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import dataclasses

    for name, archive in cifar.ARCHIVES.items():
        few = dataclasses.replace(archive, records=6, test_records=4)
        monkeypatch.setitem(cifar.ARCHIVES, name, few)
    monkeypatch.setattr(folder, "CACHE", tmp_path / "cache")


def write_cifar(root: Path, name: str, packed: bool) -> dict[str, bytes]:
    archive = cifar.ARCHIVES[name]
    rng, files = np.random.default_rng(1), {}
    for file in (*archive.train, *archive.test):
        count = archive.test_records if file in archive.test else archive.records
        table = rng.integers(0, 256, (count, archive.label_bytes + 3072), np.uint8)
        table[:, : archive.label_bytes] %= archive.classes
        files[file] = table.tobytes()
    if packed:
        with tarfile.open(root / archive.file, "w:gz") as tar:
            for file, raw in files.items():
                info = tarfile.TarInfo(f"{archive.folder}/{file}")
                info.size = len(raw)
                tar.addfile(info, io.BytesIO(raw))
    else:
        (root / archive.folder).mkdir()
        for file, raw in files.items():
            (root / archive.folder / file).write_bytes(raw)
    return files


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(("name", "n_train"), [("cifar10", 30), ("cifar100", 6)])
def test_official_archive(tmp_path: Path, name: str, n_train: int, packed: bool) -> None:
    files = write_cifar(tmp_path, name, packed)
    train_part, test_part = load_train(name, tmp_path), load_test(name, tmp_path)
    assert len(train_part) == n_train and len(test_part) == 4 and train_part.channels == 3
    archive = cifar.ARCHIVES[name]
    record = files[archive.test[0]][-(3072 + archive.label_bytes) :]
    assert test_part.y[-1] == record[archive.label_bytes - 1]
    assert bytes(test_part.x[-1].tolist()) == record[archive.label_bytes :]
    if not packed:
        assert len(load_test(name, tmp_path / archive.folder)) == 4


def test_cifar_damage_is_named(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match=r"data-missing.*cifar-10-binary\.tar\.gz"):
        load_train("cifar10", tmp_path)
    write_cifar(tmp_path, "cifar10", packed=True)
    path = tmp_path / "cifar-10-binary.tar.gz"
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(FlowError, match="data-damaged"):
        load_test("cifar10", tmp_path)
    files = write_cifar(tmp_path, "cifar10", packed=False)
    batch = tmp_path / "cifar-10-batches-bin/data_batch_3.bin"
    batch.write_bytes(files["data_batch_3.bin"][:-1])
    with pytest.raises(FlowError, match=r"data_batch_3.bin"):
        load_train("cifar10", tmp_path)
    batch.write_bytes(b"\x0a" + files["data_batch_3.bin"][1:])
    with pytest.raises(FlowError, match="label 10"):
        load_train("cifar10", tmp_path)


def write_folder(root: Path, size: int = 6, kind: str = "png") -> Path:
    rng = np.random.default_rng(2)
    for part, count in (("train", 5), ("test", 2)):
        for label, name in enumerate(("ape", "bee", "cat")):
            (root / part / name).mkdir(parents=True)
            for nth in range(count):
                pixels = rng.integers(0, 256, (size, size, 3), np.uint8)
                pixels[label] = 255
                Image.fromarray(pixels).save(root / part / name / f"{nth}.{kind}")
    return root


def test_folder_of_images_and_its_cache(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "set")
    images = load_train("folder", root, (3, 6, 6))
    assert images.y.tolist() == [0] * 5 + [1] * 5 + [2] * 5
    want = np.asarray(Image.open(root / "train/bee/0.png")).transpose(2, 0, 1)
    assert np.array_equal(images.x[5].view(3, 6, 6).numpy(), want)
    (cached,) = (tmp_path / "cache").iterdir()
    stamp = cached.stat().st_mtime_ns
    assert torch.equal(load_train("folder", root, (3, 6, 6)).x, images.x)
    assert cached.stat().st_mtime_ns == stamp
    (root / "train/ape/0.png").unlink()
    assert len(load_train("folder", root, (3, 6, 6))) == 14
    assert load_test("folder", root, (1, 4, 4)).x.shape == (6, 16)


def test_folder_mistakes_are_named(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "set")
    (root / "test/bee").rename(root / "test/bees")
    with pytest.raises(FlowError, match=r"data-classes.*test/ has no class bee"):
        load_train("folder", root, (3, 6, 6))
    (root / "test/bees").rename(root / "test/bee")
    (root / "train/dog").mkdir()
    with pytest.raises(FlowError, match=r"data-empty.*dog"):
        load_train("folder", root, (3, 6, 6))
    (root / "train/dog").rmdir()
    for name in ("ape/1.png", "cat/4.png"):
        (root / "train" / name).write_bytes(b"\x89PNG no more")
    with pytest.raises(FlowError, match=r"data-unreadable.*2 of 15") as err:
        load_train("folder", root, (3, 6, 6))
    assert "ape/1.png" in err.value.where and "cat/4.png" in err.value.where
    assert not list((tmp_path / "cache").iterdir())
    with pytest.raises(FlowError, match="no folder train/"):
        load_train("folder", tmp_path, (3, 6, 6))


def test_unknown_data_set_names_all(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match=r"data-name") as err:
        load_train("cifar", tmp_path)
    assert "cifar10" in err.value.hint and "folder" in err.value.hint


def test_augmentation_moves_all_planes_alike() -> None:
    x = torch.arange(2 * 3 * 4, dtype=torch.uint8).view(1, -1) + 1
    images = Images(x, torch.zeros(1, dtype=torch.int64), 3, 4)
    table = shift_table(3, 4, 1, True)
    planes = torch.cat([x.view(2, 12), torch.zeros(2, 1, dtype=torch.uint8)], 1)
    allowed = {tuple(planes[:, t].flatten().tolist()) for t in table}
    seen = set()
    for epoch in range(60):
        batches = EpochBatches(images, 1, 3, lambda e=epoch: e, 1, True)
        seen |= {tuple((255 * b[0]).round().int().flatten().tolist()) for b in batches}
    assert seen <= allowed and len(seen) > 9


def test_a_folder_trains_a_convolutional_network(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "set", 8)
    config = from_table(
        {
            "data": {"name": "folder", "shift": 1, "flip": True},
            "model": {"network": "resnet20", "shape": [3, 8, 8], "width": 2, "classes": 3},
            "quant": {"method": "adabin"},
            "cmim": {"weight": 0.1, "dim": 4},
            "train": {"epochs": 1, "batch": 5},
        },
        "test",
    )
    train(config, tmp_path / "run", data=root)
    assert (tmp_path / "run/metrics.json").is_file()
