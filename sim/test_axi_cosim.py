# SPDX-License-Identifier: Apache-2.0
"""The shipped driver and a user's script against the RTL of the whole system, small networks."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from flows.errors import CheckFailed
from sim.lib import bench
from sim.lib.networks import Make
from sim.lib.tops import Top
from sim.system import cosim
from sim.system.run import SYSTEM
from sim.system.small import small_package

PIXELS = Top(Make((24, 12, 8, 5), batch_norm=True, final="bn"), ((3, 8), (2, 3), (1, 2)))
BITS = Top(Make((15, 6, 4), batch_norm=True, pixels=False), ((2, 5), (4, 2)))
PACKED = Top(Make((48, 6, 4), batch_norm=True, input_norm=True), ((2, 6), (4, 2)), packed=True)
[(_, SIMULATOR)] = bench.runs([{}])


def built(
    name: str, top: Top, system: Path = SYSTEM, bench_top: str = "system_bench"
) -> tuple[Path, Path]:
    folder = bench.BUILD / "cosim" / name
    bit, _ = small_package(top, folder, seed=5)
    about = json.loads(bit.with_suffix(".json").read_text())
    cosim.build(folder / "top", about, folder / "sim", system, SIMULATOR, bench_top)
    return folder / "sim", bit


def run(work: Path, bit: Path, tests: str | None = None, fault: str = "") -> dict[str, object]:
    return cosim.run(work, bit, 64, tests, fault, bench.draw_seed(), SIMULATOR)


def test_axi_cosim_pixels_and_negative_controls() -> None:
    """All tests pass; each fault in driver, buffers or hash makes the same tests fail."""
    work, bit = built("pixels", PIXELS)
    rate = run(work, bit)
    assert rate["frames"] == 64
    for fault in ("no-flush", "no-invalidate"):
        with pytest.raises(CheckFailed):
            run(work, bit, "user_script", fault)
    about = json.loads(bit.with_suffix(".json").read_text())
    about["hash"] = f"{int(about['hash'], 16) ^ 1:016x}"
    bit.with_suffix(".json").write_text(json.dumps(about))
    with pytest.raises(CheckFailed, match="wrong-bitstream"):
        run(work, bit, "user_script")


def test_axi_cosim_bits() -> None:
    """A network with 1-bit inputs, packed by the driver."""
    run(*built("bits", BITS))


def test_axi_cosim_packed() -> None:
    """Pixels that the driver compares, some with >=, some with <, and packs: 6 bytes a frame."""
    work, bit = built("packed", PACKED)
    about = json.loads(bit.with_suffix(".json").read_text())
    assert about["elements"] == 48 and about["input"] == {
        "beats": 2,
        "beat_bytes": 3,
        "per_beat": 24,
        "bits": 1,
        "signed": False,
    }
    with np.load(bit.with_name("small_vectors.npz")) as vectors:
        assert vectors["images"].max() == 255 and len(set(vectors["labels"].tolist())) > 1
    assert run(work, bit)["frames"] == 64
    # a pixel's bit is another one: the same tests fail
    table = about["binarize"]
    turned = bytes(1 - flag for flag in bytes.fromhex(table["falling"])) * 48
    table["falling"] = turned[:48].hex()
    bit.with_suffix(".json").write_text(json.dumps(about))
    with pytest.raises(CheckFailed, match=r"1 of 1 tests"):
        run(work, bit, "user_script")


@pytest.mark.parametrize("bench_top", cosim.BOARD_TOPS)
def test_axi_cosim_board_top(bench_top: str) -> None:
    """The same from the processor's pins: AXI3 or AXI4, IDs, bursts to the registers, its reset."""
    work, bit = built(bench_top, PIXELS, bench_top=bench_top)
    cosim.run(work, bit, 64, None, "", bench.draw_seed(), SIMULATOR, bench_top)


@pytest.mark.parametrize(
    ("file", "before", "after", "bench_top", "tests"),
    [
        (
            "axi_read_master",
            "next_q <= next_q + 29'(length)",
            "next_q <= next_q + 29'(length) - 1'b1",
            "system_bench",
            "user_script",
        ),
        (
            "axi3_lite_bridge",
            "m_axi_araddr <= following(m_axi_araddr, r_size_q, r_burst_q)",
            "m_axi_araddr <= m_axi_araddr",
            "zynq7_top",
            "register_bursts",
        ),
    ],
)
def test_axi_cosim_wrong_stride_is_caught(
    file: str, before: str, after: str, bench_top: str, tests: str, tmp_path: Path
) -> None:
    shutil.copytree(SYSTEM, tmp_path / "system", ignore=shutil.ignore_patterns("formal"))
    mutant = tmp_path / "system" / f"{file}.sv"
    text = mutant.read_text()
    assert text.count(before) == 1, f"{file}.sv changed: mend this mutant"
    mutant.write_text(text.replace(before, after))
    work, bit = built(f"wrong-{file}", PIXELS, tmp_path / "system", bench_top)
    with pytest.raises(CheckFailed, match=r"1 of 1 tests"):
        cosim.run(work, bit, 64, tests, "", 1, SIMULATOR, bench_top)
