# SPDX-License-Identifier: Apache-2.0
"""The driver of a packed build: pixels become bits here, and bool goes through as it is."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bnnflow_host import Accelerator, HostError
from bnnflow_host import registers as reg
from bnnflow_host.description import Binarize, Description, Stream, load_description
from bnnflow_host.packing import check_images, store

from tests.hw.host_folder import Device, Folder

N = 24
DRAW = np.random.default_rng(7)
EACH = DRAW.integers(0, 256, N).astype(np.uint8)
FLAGS = DRAW.integers(0, 2, N).astype(np.uint8)
CASES = {  # thresholds, falling, inverted
    "one": (b"\x80", b"\x00", b"\x00"),
    "one, falling": (b"\x07", b"\x01", b"\x01"),
    "always": (b"\x00", b"\x00", b"\x00"),
    "never": (b"\x00", b"\x01", b"\x00"),
    "each": (EACH.tobytes(), FLAGS.tobytes(), FLAGS[::-1].tobytes()),
    "mixed": (EACH.tobytes(), b"\x00", FLAGS.tobytes()),
}


def about(per_beat: int, binarize: Binarize) -> Description:
    bits = Stream(N // per_beat, (per_beat + 7) // 8, per_beat, 1, False)
    one = Stream(1, 1, 1, 4, False)
    return Description("packed", 0, 100.0, 0, N, (N,), 10, bits, one, one, binarize)


def frame(bits: list[int], per_beat: int) -> bytes:
    """Bit by bit: the specification."""
    out = bytearray()
    for first in range(0, N, per_beat):
        beat = sum(bit << i for i, bit in enumerate(bits[first : first + per_beat]))
        out += beat.to_bytes((per_beat + 7) // 8, "little")
    return bytes(out)


@pytest.mark.parametrize("per_beat", [1, 3, 8, 12, 24])
@pytest.mark.parametrize("name", CASES)
def test_memory_holds_the_sign_of_every_pixel(name: str, per_beat: int) -> None:
    binarize = Binarize(*CASES[name])
    described = about(per_beat, binarize)
    thresholds, falling, inverted = (np.resize(np.frombuffer(v, np.uint8), N) for v in binarize)
    images = np.random.default_rng(1).integers(0, 256, (40, N)).astype(np.uint8)
    images[0], images[1], images[2] = 0, 255, thresholds
    images[3] = np.maximum(thresholds, 1) - 1

    def limits(row: list[int]) -> Any:
        return zip(row, thresholds, falling, strict=True)

    for given in (images, images.reshape(40, 4, 6), np.asfortranarray(images), images[::-1][::-1]):
        memory = np.full(40 * described.input.frame_bytes, 0xA5, np.uint8)
        store(check_images(given, described), described, memory)
        want = [
            frame([int(x >= t) ^ int(f) for x, t, f in limits(row)], per_beat)
            for row in images.tolist()
        ]
        assert memory.tobytes() == b"".join(want)
    signs = images % 2 == 1
    for given in (signs, np.asfortranarray(signs)):
        memory = np.full(40 * described.input.frame_bytes, 0xA5, np.uint8)
        store(check_images(given, described), described, memory)
        want = [
            frame([int(s) ^ int(i) for s, i in zip(row, inverted, strict=True)], per_beat)
            for row in signs
        ]
        assert memory.tobytes() == b"".join(want)


def packed_folder(path: Path) -> Folder:
    """The network of Folder(in_bits=8), its thresholds in the description."""
    thresholds = Folder(path, 8).thr.astype(np.uint8)
    zeros = bytes(20).hex()
    table = {"thresholds": thresholds.tobytes().hex(), "falling": zeros, "inverted": "00"}
    return Folder(path, 1, binarize=table)


def test_pixels_and_bools_through_the_whole_driver(tmp_path: Path) -> None:
    folder = packed_folder(tmp_path)
    pixels = np.random.default_rng(2).integers(0, 256, (50, 20)).astype(np.uint8)
    bits = pixels >= folder.thr
    want = folder.scores(bits.astype(np.uint8))
    for device in ("numpy", folder.backend()):
        with Accelerator(folder.bit, device, max_batch=16) as accelerator:
            for images in (pixels, bits, pixels.reshape(50, 4, 5)):
                assert (accelerator.scores(images) == want).all()
                assert (accelerator.predict(images) == want.argmax(axis=1)).all()
            assert accelerator.predict(pixels[:0]).shape == (0,)
            assert accelerator.benchmark(20)["frames"] == 20
            with pytest.raises(HostError, match=r"images-dtype.*takes uint8 or bool"):
                accelerator.predict(pixels.astype(np.float32))


def test_8_bit_pixels_are_no_bools(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with Accelerator(folder.bit, "numpy") as accelerator, pytest.raises(HostError, match="dtype"):
        accelerator.predict(np.zeros((3, 20), bool))


class Counting(Device):
    """Every batch of 10 frames adds so many clk to the counters: all, the core's input idle."""

    clk, waited = 0, 0

    def batch(self) -> int:
        for name, more in ((reg.CYCLES, self.clk), (reg.READ_STALL, self.waited)):
            self.registers[name] = self.registers.get(name, 0) + more
        return super().batch()


@pytest.mark.parametrize(("clk", "bound"), [(80, "core"), (84, "core"), (85, "read")])
def test_a_core_that_is_never_idle_is_the_bound(clk: int, bound: str, tmp_path: Path) -> None:
    """It takes its beats in bursts, and waits in them, but 10 frames of 8 clk are all there is."""
    folder = packed_folder(tmp_path)
    device = Counting(folder.bit)
    device.clk, device.waited = clk, 30
    with Accelerator(folder.bit, device, max_batch=10) as accelerator:
        assert accelerator.about.interval == 8
        assert accelerator.benchmark(40)["bound"] == bound


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"thresholds": "8080"}, "2 thresholds for 20 values"),
        ({"inverted": ""}, "0 inverted for 20 values"),
        ({"falling": "0g"}, "ValueError"),
        (None, "KeyError"),
    ],
)
def test_a_description_that_does_not_fit(
    change: dict[str, str] | None, word: str, tmp_path: Path
) -> None:
    path = packed_folder(tmp_path).bit.with_suffix(".json")
    table = json.loads(path.read_text())
    assert load_description(path).binarize is not None
    if change is None:
        del table["binarize"]
    else:
        table["binarize"].update(change)
    path.write_text(json.dumps(table))
    with pytest.raises(HostError, match=f"description-format(.|\\n)*{word}"):
        load_description(path)
