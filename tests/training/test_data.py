# SPDX-License-Identifier: Apache-2.0
import dataclasses
import hashlib
from pathlib import Path

import pytest
import torch

from flows.errors import FlowError
from tests.training.tiny import SIDE, idx_bytes, write_idx
from training import fetch, idx
from training.batches import EpochBatches, shift_table
from training.data import Images, generator, load_test, load_train, pixels, split

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@pytest.mark.parametrize("packed", [False, True])
def test_reads_plain_and_packed(tmp_path: Path, packed: bool) -> None:
    folder = write_idx(tmp_path, packed=packed)
    train, test = load_train("custom", folder), load_test("custom", folder)
    assert train.x.shape == (96, SIDE * SIDE) and train.x.dtype == torch.uint8
    assert len(test) == 40
    for i in range(96):
        assert bool((train.x[i].view(SIDE, SIDE)[train.y[i]] == 255).all())


def damage(path: Path, kind: str) -> None:
    raw = bytearray(path.read_bytes())
    if kind == "truncated":
        raw = raw[:-1]
    elif kind == "longer":
        raw += b"\0"
    elif kind == "empty":
        raw = bytearray()
    elif kind == "magic":
        raw[2] = 0x0D
    elif kind == "content":
        raw[-1] ^= 1
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("truncated", "asks for 2400"),
        ("longer", "asks for 2400"),
        ("empty", "too few"),
        ("magic", "magic number 00000d03"),
    ],
)
def test_damaged_plain_file(tmp_path: Path, kind: str, says: str) -> None:
    damage(write_idx(tmp_path) / IMAGES, kind)
    with pytest.raises(FlowError) as err:
        load_train("custom", tmp_path)
    assert err.value.code == "data-damaged" and says in err.value.what
    assert IMAGES in err.value.where


@pytest.mark.parametrize("kind", ["truncated", "empty", "content"])
def test_damaged_archive(tmp_path: Path, kind: str) -> None:
    damage(write_idx(tmp_path, packed=True) / f"{IMAGES}.gz", kind)
    with pytest.raises(FlowError, match="data-damaged"):
        load_train("custom", tmp_path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    (write_idx(tmp_path / "a") / LABELS).unlink()
    for folder in (tmp_path / "a", tmp_path / "none"):
        with pytest.raises(FlowError, match="data-missing"):
            load_train("custom", folder)
    with pytest.raises(FlowError, match="data-name"):
        load_train("fashion", tmp_path)


def test_counts_have_to_match(tmp_path: Path) -> None:
    write_idx(tmp_path)
    (tmp_path / LABELS).write_bytes(idx_bytes(torch.zeros(95).numpy()))
    with pytest.raises(FlowError, match="data-pairs"):
        load_train("custom", tmp_path)


def known(folder: Path) -> idx.DataSet:
    """The tiny data as a data set with published dimensions and checksums."""
    files = {}
    for field in ("train_images", "train_labels", "test_images", "test_labels"):
        file = getattr(idx.DATASETS["custom"], field)
        raw = (folder / file.stem).read_bytes()
        dims = tuple(int.from_bytes(raw[4 + 4 * i : 8 + 4 * i]) for i in range(raw[3]))
        files[field] = idx.IdxFile(file.stem, dims, hashlib.sha256(raw).hexdigest())
    return idx.DataSet("tiny", **files)


def test_checksum_and_dimensions_of_known_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = known(write_idx(tmp_path))
    monkeypatch.setitem(idx.DATASETS, "tiny", data)
    load_train("tiny", tmp_path)
    larger = dataclasses.replace(data.train_images, dims=(97, SIDE, SIDE))
    monkeypatch.setitem(idx.DATASETS, "tiny", dataclasses.replace(data, train_images=larger))
    with pytest.raises(FlowError, match="dimensions"):
        load_train("tiny", tmp_path)
    monkeypatch.setitem(idx.DATASETS, "tiny", data)
    damage(tmp_path / IMAGES, "content")
    with pytest.raises(FlowError, match="SHA-256"):
        load_train("tiny", tmp_path)


def test_fetch_copies_checks_and_mends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = write_idx(tmp_path / "source"), tmp_path / "data" / "tiny"
    monkeypatch.setitem(idx.DATASETS, "tiny", known(source))
    assert fetch.fetch("tiny", source, target) == target
    assert {p.name for p in target.iterdir()} == {p.name for p in source.iterdir()}
    damage(target / IMAGES, "content")
    monkeypatch.setattr(fetch, "SYSTEM", tmp_path / "system")
    with pytest.raises(FlowError, match="data-nowhere"):
        fetch.fetch("tiny", None, target)
    write_idx(tmp_path / "system" / "tiny", packed=True)
    fetch.fetch("tiny", None, target)
    idx.check_folder(target, idx.DATASETS["tiny"])
    assert not (target / IMAGES).exists()  # the damaged twin of the archive


def test_fetch_keeps_nothing_of_a_damaged_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_idx(tmp_path / "source")
    monkeypatch.setitem(idx.DATASETS, "tiny", known(source))
    damage(source / "t10k-labels-idx1-ubyte", "content")
    with pytest.raises(FlowError, match="data-damaged"):
        fetch.fetch("tiny", source, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_split_is_fixed_and_disjoint(tiny_data: Path) -> None:
    images = load_train("custom", tiny_data)
    train, val = split(images, 16)
    again, _ = split(images, 16)
    assert (len(train), len(val)) == (80, 16)
    assert torch.equal(train.x, again.x)
    rows = {bytes(r.tolist()) for r in torch.cat([train.x, val.x])}
    assert rows == {bytes(r.tolist()) for r in images.x}
    assert len(split(images, 0)[0]) == 96
    with pytest.raises(FlowError, match="data-split"):
        split(images, 96)


def test_binarised_pixel_boundary_is_128() -> None:
    x = pixels(torch.arange(256, dtype=torch.uint8))
    assert torch.equal(2 * x - 1 >= 0, torch.arange(256) >= 128)


def test_epoch_depends_on_seed_and_epoch_only(tiny_data: Path) -> None:
    images = load_train("custom", tiny_data)

    def batch(seed: int, epoch: int) -> torch.Tensor:
        return torch.cat([x for x, *_ in EpochBatches(images, 32, seed, lambda: epoch, 1, True)])

    assert torch.equal(batch(1, 2), batch(1, 2))
    assert not torch.equal(batch(1, 2), batch(1, 3))
    assert not torch.equal(batch(1, 2), batch(2, 2))
    assert generator(1, 2).initial_seed() != generator(2, 1).initial_seed()


def test_batches_visit_every_image_once(tiny_data: Path) -> None:
    images = load_train("custom", tiny_data)
    batches = EpochBatches(images, 32, 1, lambda: 0)
    seen = torch.cat([x for x, *_ in batches])
    want = pixels(images.x)
    assert len(batches) == 3
    assert sorted(map(tuple, seen.tolist())) == sorted(map(tuple, want.tolist()))
    few = Images(images.x[:5], images.y[:5], SIDE, SIDE)
    assert [len(y) for _, y, _ in EpochBatches(few, 32, 1, lambda: 0)] == [5]


def test_shift_table() -> None:
    table = shift_table(2, 3, 1, True)
    image = torch.tensor([1, 2, 3, 4, 5, 6, 0])  # 2 x 3, then black
    variants = [image[t].tolist() for t in table]
    assert len(variants) == 18
    assert variants[4] == [1, 2, 3, 4, 5, 6]  # no shift
    assert variants[0] == [0, 0, 0, 0, 1, 2]  # down and right
    assert variants[4 + 9] == [3, 2, 1, 6, 5, 4]
