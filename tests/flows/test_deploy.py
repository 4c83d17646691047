# SPDX-License-Identifier: Apache-2.0
"""A deploy folder computes what the graph does, on NumPy alone, and says which network it is."""

import hashlib
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from bnnflow_host import Accelerator
from bnnflow_host import registers as reg
from bnnflow_host.hwh import divisors, hwh_text

from flows.config import load_board
from flows.deploy import deploy, description, vectors
from flows.errors import FlowError
from flows.execute import run_qonnx
from flows.importer import import_qonnx
from flows.packed import packed_input
from sim.lib.networks import Make
from sim.lib.random_maps import write_random
from sim.lib.stages import run_stages
from sim.lib.tops import Top
from sim.system.small import package, small_package

TOPS = {
    "pixels-affine": Top(Make((17, 6, 4), batch_norm=True, final="bn"), ((1, 1), (1, 1))),
    "bits": Top(Make((15, 6, 4), batch_norm=True, pixels=False), ((2, 5), (4, 2))),
    "table": Top(Make((17, 6, 4), batch_norm=True, final="curve"), ((6, 1), (2, 3))),
    "negative": Top(Make((12, 8, 6), batch_norm=True, final="negative"), ((4, 12), (1, 4))),
    "one-class": Top(Make((9, 4, 1), batch_norm=True), ((2, 3), (1, 2))),
    "threshold-per-pixel": Top(Make((9, 5, 3), input_norm=True), ((1, 3), (1, 5))),
    "packed": Top(Make((48, 6, 4), batch_norm=True, input_norm=True), ((2, 6), (4, 2)), True),
    "packed-odd": Top(Make((17, 6, 4), batch_norm=True, final="bn"), ((1, 1), (1, 1)), True),
}


@pytest.mark.parametrize("name", TOPS)
def test_numpy_back_end_equals_the_reference(name: str, tmp_path: Path) -> None:
    bit, model = small_package(TOPS[name], tmp_path / "x", seed=11)
    draw = np.random.default_rng(4)
    high = 256 if TOPS[name].make.pixels else 2
    images = draw.integers(0, high, (300, TOPS[name].make.sizes[0])).astype(np.uint8)
    want = vectors(model, images)
    with Accelerator(bit, "numpy", max_batch=64) as accelerator:
        assert (accelerator.predict(images) == want["labels"]).all()
        assert (accelerator.scores(images) == want["scores"]).all()


@pytest.mark.parametrize("name", [name for name in TOPS if TOPS[name].packed])
def test_signs_of_the_network_as_bools(name: str, tmp_path: Path) -> None:
    """What QONNX' first sign gives, True for +1: those that the hardware inverts, too."""
    bit, model = small_package(TOPS[name], tmp_path / "x", seed=11)
    n = TOPS[name].make.sizes[0]
    images = np.random.default_rng(4).integers(0, 256, (300, n)).astype(np.uint8)
    qonnx = run_qonnx(import_qonnx(tmp_path / "x" / "network.onnx"), images, "pixel/255")
    signs = qonnx.layers[0][1] == 1
    packed = packed_input(model)
    assert packed is not None and 0.1 < signs.mean() < 0.9
    assert packed.inverted.any() == TOPS[name].make.input_norm
    assert len(packed.thresholds) == (n if TOPS[name].make.input_norm else 1)
    with Accelerator(bit, "numpy") as accelerator:
        assert accelerator.about.input.frame_bytes == -(-n // 8)
        assert (accelerator.predict(signs) == qonnx.labels).all()
        assert (accelerator.predict(images) == qonnx.labels).all()
    assert "takes their sign" in (bit.parent / "README.md").read_text()


@pytest.mark.parametrize(
    ("seed", "fps"), [(s, fps) for s in (3, 4, 9, 12) for fps in (1e4, 2e5)], ids=str
)
def test_maps_through_memory(seed: int, fps: float, tmp_path: Path) -> None:
    """Any width of beats (4, 12: bits): pixels copied, bits packed, scores unpacked."""
    drawn = write_random(tmp_path / "n.onnx", seed)
    model = run_stages(drawn.path, fps, drawn.kind).folded
    bit = package(model, tmp_path / "x", 50)
    with np.load(bit.with_name("small_vectors.npz")) as want, Accelerator(bit, "numpy") as one:
        assert want["images"].shape[1:] == one.about.shape
        assert one.about.input.bits == (1 if drawn.kind == "bipolar" else 8)
        assert (one.predict(want["images"]) == want["labels"]).all()
        assert (one.scores(want["images"]) == want["scores"]).all()


def test_the_folder(tmp_path: Path) -> None:
    bit, model = small_package(TOPS["bits"], tmp_path / "x", seed=1)
    folder = bit.parent
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    names = {p.name for p in folder.iterdir()}
    assert names >= {"small.json", "small.npz", "small.hwh", "small_vectors.npz", "README.md"}
    assert "There is no .bit" in (folder / "README.md").read_text()
    # the commands that its README shows: three for a board, and one that runs anywhere
    shown = re.findall(r"python3 (-m bnnflow_host .*)", (folder / "README.md").read_text())
    assert [words.split()[-1] for words in shown] == [
        "selftest", "benchmark", "YOURS.npy", "selftest"
    ]  # fmt: skip
    np.save(folder / "YOURS.npy", np.zeros((2, 15), np.uint8))
    for line in shown:
        words = line.replace(" --backend numpy", "").split()
        command = [sys.executable, *words[:4], "--backend", "numpy", *words[4:]]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    # the hash: the same again, another for any change of the RTL
    top = tmp_path / "x" / "top"
    about = json.loads(bit.with_suffix(".json").read_text())
    assert description(top, model, "small", load_board("pynq-z1"), 100.0) == about
    weights = next(top.glob("BnnMvu_*.sv"))
    weights.write_text(weights.read_text() + "\n")
    assert description(top, model, "small", load_board("pynq-z1"), 100.0)["hash"] != about["hash"]


def test_a_run_that_is_not_compiled(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match="deploy-run"):
        deploy(tmp_path, "x")
    assert not any(tmp_path.iterdir())


def test_hwh_says_address_clock_and_every_register() -> None:
    text = hwh_text("tiny", "xc7z020clg400-1", 0x40000000, 100.0)
    assert text == hwh_text("tiny", "xc7z020clg400-1", 0x40000000, 100.0)
    root = ET.fromstring(text)
    assert [child.tag for child in root] == ["SYSTEMINFO", "EXTERNALPORTS", "MODULES"]
    memory = root.find(".//MEMRANGE")
    assert memory is not None and memory.get("BASEVALUE") == "0x40000000"
    assert memory.get("HIGHVALUE") == "0x40000FFF"
    found = {
        r.get("NAME"): int(r.find("PROPERTY[@NAME='ADDRESS_OFFSET']").get("VALUE"), 16)  # type: ignore[union-attr,arg-type]
        for r in root.iter("REGISTER")
    }
    assert found == {row[0]: row[1] for row in reg.TABLE}
    parameters = {p.get("NAME"): p.get("VALUE") for p in root.iter("PARAMETER")}
    assert parameters["PSU__CRL_APB__PL0_REF_CTRL__ACT_FREQMHZ"] == "100"
    for mhz in (50.0, 100.0, 125.0, 142.857):
        a, b = divisors(mhz, 1000.0)
        assert abs(1000 / (a * b) - mhz) < 1 and 1 <= min(a, b) <= max(a, b) <= 63


def test_hwh_of_an_ultrascale_says_how_wide_its_ports_are() -> None:
    board = load_board("zcu104")
    root = ET.fromstring(hwh_text("tiny", board.part, board.base, 100.0))
    system = root.find("SYSTEMINFO")
    assert system is not None and system.get("ARCH") == "zynquplus"
    assert (system.get("DEVICE"), system.get("PACKAGE")) == ("xczu7ev", "ffvc1156")
    assert root.find(".//MODULE[@MODTYPE='zynq_ultra_ps_e']") is not None
    memory = root.find(".//MEMRANGE")
    assert memory is not None and memory.get("BASEVALUE") == "0xA0000000"
    parameters = {p.get("NAME"): p.get("VALUE") for p in root.iter("PARAMETER")}
    widths = parameters["C_MAXIGP0_DATA_WIDTH"], parameters["C_SAXIGP2_DATA_WIDTH"]
    assert widths == ("32", "64")
    product = [int(parameters[f"PSU__CRL_APB__PL0_REF_CTRL__DIVISOR{i}"]) for i in (0, 1)]
    assert 1500 / (product[0] * product[1]) == 100
    assert parameters["PSU__CRL_APB__PL0_REF_CTRL__ACT_FREQMHZ"] == "100"
