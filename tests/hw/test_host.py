# SPDX-License-Identifier: Apache-2.0
"""The driver, against the register map in NumPy with a cache, a clock and faults."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bnnflow_host import Accelerator, HostError, HostTimeout, use_backend
from bnnflow_host import registers as reg

from hw.kernels import bnn_mvu_ref
from tests.hw.host_folder import Device, Folder

PACKAGE = Path(bnn_mvu_ref.__file__).parents[1] / "host" / "bnnflow_host"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize("in_bits", [8, 1])
@pytest.mark.parametrize("signed", [True, False])
def test_equals_the_specification(in_bits: int, signed: bool, tmp_path: Path) -> None:
    folder = Folder(tmp_path, in_bits, signed)
    with Accelerator(folder.bit, folder.backend(), max_batch=16) as accelerator:
        for n in (0, 1, 2, 15, 16, 17, 100, 3):
            images = folder.images(n, seed=n)
            labels, scores = accelerator.predict(images), accelerator.scores(images)
            assert labels.shape == (n,) and scores.shape == (n, 5)
            assert labels.dtype == scores.dtype == np.int64
            assert (labels == folder.labels(images)).all() if n else True
            assert (scores == folder.scores(images)).all() if n else True


def test_numpy_back_end_by_name(folder: Folder) -> None:
    images = folder.images(50)
    with Accelerator(str(folder.bit), backend="numpy") as accelerator:
        assert (accelerator.predict(images) == folder.labels(images)).all()


def test_any_layout_of_uint8(folder: Folder) -> None:
    images = folder.images(12)
    want = folder.labels(images)
    with Accelerator(folder.bit, folder.backend()) as accelerator:
        assert (accelerator.predict(images.reshape(12, 4, 5)) == want).all()
        assert (accelerator.predict(np.asfortranarray(images)) == want).all()
        assert (accelerator.predict(np.repeat(images, 2, axis=0)[::2]) == want).all()
        assert (accelerator.predict(images.tolist() and images) == want).all()


def test_bool_for_one_bit(tmp_path: Path) -> None:
    folder = Folder(tmp_path, 1)
    images = folder.images(9)
    with Accelerator(folder.bit, folder.backend()) as accelerator:
        assert (accelerator.predict(images.astype(bool)) == folder.labels(images)).all()
        with pytest.raises(HostError, match=r"images-values.*hold 7"):
            accelerator.predict(images * 7)


@pytest.mark.parametrize(
    ("images", "code"),
    [
        (np.zeros((3, 20), np.float32), "images-dtype"),
        (np.zeros((3, 20), np.int64), "images-dtype"),
        (np.zeros((3, 21), np.uint8), "images-shape"),
        (np.zeros((20,), np.uint8), r"images-shape(.|\n)*images\[None\]"),
        (np.zeros((4, 5), np.uint8), r"images-shape(.|\n)*images\[None\]"),
        (np.uint8(3), "images-shape"),
    ],
)
def test_wrong_images_are_refused(images: np.ndarray, code: str, folder: Folder) -> None:
    with Accelerator(folder.bit, folder.backend()) as accelerator:
        with pytest.raises(HostError, match=code):
            accelerator.predict(images)
        assert "start" not in accelerator._backend.log  # type: ignore[union-attr]


def test_buffers_are_reused_flushed_and_freed(folder: Folder) -> None:
    device = folder.backend()
    with Accelerator(folder.bit, device, max_batch=8) as accelerator:
        accelerator.predict(folder.images(40))
        allocated = device.log.count("allocate")
        assert allocated <= 4
        for _ in range(5):
            device.log.clear()
            accelerator.predict(folder.images(40))
            assert device.log.count("allocate") == 0
            assert device.log.count("flush") == device.log.count("start") == 5
            assert device.log.count("invalidate") == 5
            # two in flight; the others follow as soon as one of them has ended
            assert device.log[:4] == ["flush", "start"] * 2
            assert device.log[4:13] == ["invalidate", "flush", "start"] * 3
        device.log.clear()
    assert device.log.count("free") == allocated and device.log[-1] == "close"
    accelerator.close()
    assert device.log.count("close") == 1
    with pytest.raises(HostError, match="closed"):
        accelerator.predict(folder.images(1))


def test_waits_and_then_gives_up(folder: Folder) -> None:
    device = folder.backend()
    accelerator = Accelerator(folder.bit, device, timeout_s=1.0)
    images = folder.images(4)
    device.busy_for = 50
    assert (accelerator.predict(images) == folder.labels(images)).all()
    device.busy_for, begin = None, device.time
    with pytest.raises(HostTimeout, match=r"4 frames were not done in 1 s(.|\n)*idle again"):
        accelerator.predict(images)
    assert 1.0 <= device.time - begin < 1.1 and device.log[-1] == "reset"
    device.busy_for = 0  # and it goes on
    assert (accelerator.predict(images) == folder.labels(images)).all()
    device.stuck = True
    with pytest.raises(HostTimeout, match="busy even after RESET"):
        accelerator.predict(images)
    with pytest.raises(HostTimeout, match="reset-timeout"):
        Accelerator(folder.bit, device)


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (reg.STATUS_READ_ERROR, "read of the input"),
        (reg.STATUS_WRITE_ERROR, "write of the output"),
        (reg.STATUS_BAD_ADDRESS, "multiple of 8"),
        (reg.STATUS_BAD_RANGE, "4 GiB"),
        (reg.STATUS_STOPPED, "reset the accelerator"),
        (0, "no reason"),
    ],
)
def test_hardware_errors_are_told(status: int, word: str, folder: Folder) -> None:
    device = folder.backend()
    device.status = status
    with (
        Accelerator(folder.bit, device) as accelerator,
        pytest.raises(HostError, match=f"batch-failed(.|\n)*{word}"),
    ):
        accelerator.predict(folder.images(2))


@pytest.mark.parametrize(
    ("register", "value", "word"),
    [
        (reg.IDENTITY, 0xFFFFFFFF, "identity"),
        (reg.VERSION, 0x7F << 16, "register map 127"),
        (reg.HASH_HIGH, 0x01234566, "configuration 0123456689abcdef is loaded"),
        (reg.IN_BYTES, 24, "frames of"),
    ],
)
def test_wrong_bitstream(register: int, value: int, word: str, folder: Folder) -> None:
    device = folder.backend()
    device.registers[register] = value
    with pytest.raises(HostError, match=f"wrong-bitstream(.|\n)*{word}"):
        Accelerator(folder.bit, device)
    assert device.log == ["close"]  # nothing was started


def test_a_newer_minor_version_is_welcome(folder: Folder) -> None:
    device = folder.backend()
    device.registers[reg.VERSION] += 1
    Accelerator(folder.bit, device).close()


def test_missing_files_and_names(folder: Folder, tmp_path: Path) -> None:
    with pytest.raises(HostError, match="description-missing"):
        Accelerator(tmp_path / "other.bit", "numpy")
    with pytest.raises(HostError, match="backend-unknown"):
        Accelerator(folder.bit, "fpga")
    with pytest.raises(HostError, match="max-batch"):
        Accelerator(folder.bit, "numpy", max_batch=0)
    folder.bit.with_suffix(".npz").unlink()
    with pytest.raises(HostError, match="network-missing"):
        Accelerator(folder.bit, "numpy")
    for text, word in (('{"format": 2}', "format 2, this package reads 3"), ("{}", "KeyError")):
        folder.bit.with_suffix(".json").write_text(text)
        with pytest.raises(HostError, match=f"description-format.*{word}"):
            Accelerator(folder.bit, "numpy")


class Counting(Device):
    """Counters as hardware has them: never cleared, about to wrap."""

    def batch(self) -> int:
        for name, clk in ((reg.CYCLES, 100), (reg.READ_STALL, 7), (reg.CORE_STALL, 70)):
            self.registers[name] = (self.registers[name] + clk) & 0xFFFFFFFF
        return super().batch()


def test_benchmark_counts_every_batch(folder: Folder) -> None:
    device = Counting(folder.bit)
    device.registers.update(dict.fromkeys((reg.CYCLES, reg.READ_STALL, reg.CORE_STALL), 2**32 - 60))
    use_backend(lambda bitfile, about: device)
    try:
        with Accelerator(folder.bit, max_batch=10) as accelerator:
            found = accelerator.benchmark(35)
            with pytest.raises(HostError, match="benchmark-frames"):
                accelerator.benchmark(0)
    finally:
        use_backend(None)
    assert [found[f"{name}_stall"] for name in ("read", "core", "write")] == [28, 280, 0]
    assert found["frames"] == 35 and found["cycles"] == 400 and found["bound"] == "core"
    assert found["hardware_frames_per_s"] == pytest.approx(35 / 4e-6)


def command(folder: Folder, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "bnnflow_host", "--bit", str(folder.bit), *arguments]
    return subprocess.run(line, cwd=PACKAGE.parent, capture_output=True, text=True, check=False)


def test_command_line(folder: Folder, tmp_path: Path) -> None:
    done = command(folder, "--backend", "numpy", "selftest")
    assert done.returncode == 0 and "40 images, every label and every score equal" in done.stdout
    np.save(tmp_path / "x.npy", folder.images(3))
    done = command(folder, "--backend", "numpy", "classify", str(tmp_path / "x.npy"))
    assert [int(line.split()[-1]) for line in done.stdout.splitlines()] == list(
        folder.labels(folder.images(3))
    )
    done = command(folder, "--backend", "numpy", "benchmark", "--frames", "100")
    assert done.returncode == 0 and "frames_per_s" in done.stdout
    done = command(folder, "classify", "none.npy")  # no board here
    assert done.returncode == 2 and done.stderr.startswith("error[pynq-missing]")
    vectors = dict(np.load(tmp_path / "tiny_vectors.npz"))
    vectors["scores"][7, 2] += 1
    np.savez(tmp_path / "tiny_vectors.npz", **vectors)
    done = command(folder, "--backend", "numpy", "selftest")
    assert done.returncode == 3 and "1 of 40 scores differ; image 7" in done.stderr


def test_python_3_8_and_numpy_only() -> None:
    allowed = {*sys.stdlib_module_names, "numpy", "pynq", "PIL", "bnnflow_host"}
    for path in PACKAGE.glob("*.py"):
        tree = ast.parse(path.read_text(), feature_version=(3, 8))
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            assert {name.split(".")[0] for name in names} <= allowed, path.name
