# SPDX-License-Identifier: Apache-2.0
"""The driver around networks with maps: order of pixels, picture files, installed networks."""

from pathlib import Path

import numpy as np
import pytest
from bnnflow_host import HostError, installed
from bnnflow_host.__main__ import load_images
from bnnflow_host.description import Description, Stream
from bnnflow_host.packing import check_images
from PIL import Image


def about(*shape: int, bits: int = 8) -> Description:
    elements = int(np.prod(shape))
    pixels, one = Stream(elements, 1, 1, bits, False), Stream(1, 1, 1, 4, False)
    return Description("maps", 0, 100.0, 0, elements, shape, 10, pixels, one, one)


def test_maps_have_their_channels_last() -> None:
    images = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
    for given in (images, images.reshape(2, -1), np.asfortranarray(images)):
        assert (check_images(given, about(4, 5, 3)) == images.reshape(2, 60)).all()
    assert np.shares_memory(check_images(images, about(4, 5, 3)), images)
    with pytest.raises(HostError, match=r"images-shape(.|\n)*transpose\(0, 2, 3, 1\)"):
        check_images(images.transpose(0, 3, 1, 2), about(4, 5, 3))
    for other in ((2, 5, 4, 3), (2, 20, 3), (2, 3, 20)):
        with pytest.raises(HostError, match=r"images-shape(.|\n)*reshape\(-1, \*\(4, 5, 3\)\)"):
            check_images(images.reshape(other), about(4, 5, 3))
    # one channel, or a perceptron: there is only one order
    gray = images.reshape(2, 60)
    for shape in ((2, 6, 10), (2, 1, 6, 10), (2, 6, 10, 1)):
        assert (check_images(gray.reshape(shape), about(6, 10, 1)) == gray).all()
    assert (check_images(images, about(60)) == gray).all()
    with pytest.raises(HostError, match="images-shape"):
        check_images(images[:, :3], about(4, 5, 3))


@pytest.mark.parametrize(
    ("shape", "picture"),
    [((4, 5, 3), (4, 5, 3)), ((49,), (7, 7, 1)), ((75,), (5, 5, 3)), ((20,), (1, 20, 1))],
)
def test_shape_of_a_picture(shape: tuple[int, ...], picture: tuple[int, int, int]) -> None:
    assert about(*shape).picture == picture


def test_picture_files(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    colours = draw.integers(0, 256, (4, 5, 3)).astype(np.uint8)
    Image.fromarray(colours).save(tmp_path / "x.png")
    assert (load_images(tmp_path / "x.png", about(4, 5, 3)) == colours.reshape(1, -1)).all()
    gray = np.asarray(Image.fromarray(colours).convert("L"))
    assert (load_images(tmp_path / "x.png", about(4, 5, 1)) == gray.reshape(1, -1)).all()
    assert load_images(tmp_path / "x.png", about(8, 6, 3)).shape == (1, 144)  # scaled
    for saved, n in ((colours, 1), (colours[None], 1), (np.stack([colours] * 3), 3)):
        np.save(tmp_path / "x.npy", saved)
        found = check_images(load_images(tmp_path / "x.npy", about(4, 5, 3)), about(4, 5, 3))
        assert (found == np.tile(colours.reshape(-1), (n, 1))).all()
    with pytest.raises(HostError, match=r"image-format.*no picture of 2 channels"):
        load_images(tmp_path / "x.png", about(4, 5, 2))
    with pytest.raises(HostError, match="image-missing"):
        load_images(tmp_path / "y.png", about(4, 5, 3))


class Point:
    """An entry point, as much of it as is read."""

    value = "bnnflow_tiny"


class Points(list[Point]):
    """What importlib.metadata gives from Python 3.10 on."""

    def select(self, group: str) -> list[Point]:
        return self if group == "pynq.overlays" else []


@pytest.mark.parametrize("points", [{"pynq.overlays": [Point()]}, Points([Point()])])
def test_installed_networks_are_found_by_name(
    points: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before Python 3.10, and after; what lies in the current folder comes first."""
    package, here = tmp_path / "site" / "bnnflow_tiny", tmp_path / "here"
    for folder in (package, here):
        folder.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "tiny.json").touch()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr(installed, "entry_points", lambda: points)
    monkeypatch.chdir(here)
    assert installed.find_bitfile(Path("tiny.bit")) == package / "tiny.bit"
    for path in (Path("other.bit"), here / "tiny.bit"):
        assert installed.find_bitfile(path) == path
    (here / "tiny.json").touch()
    assert installed.find_bitfile(Path("tiny.bit")) == Path("tiny.bit")
