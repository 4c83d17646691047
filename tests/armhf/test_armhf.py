# SPDX-License-Identifier: Apache-2.0
"""The driver on 32 bits, where build/armhf is there (make test-armhf makes it); its own checks.

BNNFLOW_ARMHF=1 makes build/armhf here, too. Nothing is fetched otherwise.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from flows.errors import CheckFailed, FlowError
from tests.armhf import apt, root
from tests.armhf.pair import Arrays, Pair, first_difference
from tests.armhf.run import HOST, bit_of, check_folder, check_layers, deploy_folder, write_inputs
from tests.hw.host_folder import Folder

SEED = int(os.environ.get("SEED") or 7)
emulated = pytest.mark.skipif(
    root.ready() is None and os.environ.get("BNNFLOW_ARMHF") != "1",
    reason="no 32-bit ARM Python in build/armhf: make test-armhf, or BNNFLOW_ARMHF=1, fetches it",
)
has_apt = pytest.mark.skipif(
    not (shutil.which("apt-get") and shutil.which("dpkg-deb")), reason="no apt-get, no dpkg-deb"
)


def shipped(path: Path, packed: bool = False) -> Path:
    """A deploy folder with the driver of hw/host; of 8-bit pixels, or of signs that it takes."""
    path.mkdir()
    signs = {"thresholds": "01", "falling": "00", "inverted": "00"}
    Folder(path, 1 if packed else 8, binarize=signs if packed else None)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(HOST / "bnnflow_host", path / "bnnflow_host", ignore=ignored)
    return path


@emulated
@pytest.mark.parametrize("packed", (False, True))
def test_the_driver_gives_the_same_bytes(packed: bool, tmp_path: Path) -> None:
    folder, work = shipped(tmp_path / "deploy", packed), tmp_path / "work"
    before = sorted(path.name for path in folder.rglob("*"))
    found = check_folder(folder, root.prepare(), work, SEED, 50)
    assert found["selftest"] == "selftest: 40 images, every label and every score equal"
    assert found["about"]["armhf"]["pointer_bits"] == 32 and found["arrays"] > 200
    assert sorted(path.name for path in folder.rglob("*")) == before  # as it was shipped


@emulated
def test_every_kind_of_layer_gives_the_same_bytes(tmp_path: Path) -> None:
    from bnnflow_host.layers import LAYERS

    assert check_layers(root.prepare(), tmp_path, SEED)["kinds"] == sorted(LAYERS)


FAULTS = {  # what no test on a PC can see: the fault in packing.py, and what is said of it
    "value": ("lane] = value", "lane] = value.astype(np.int_)", "values differ)"),
    "crash": ("\n\n\n", "\nnp.zeros(1, np.int_).view(np.int64)\n\n", "exit code 1: "),
}


@emulated
@pytest.mark.parametrize("fault", FAULTS)
def test_a_driver_that_counts_on_64_bits_is_found(fault: str, tmp_path: Path) -> None:
    folder, (old, new, said) = shipped(tmp_path / "deploy"), FAULTS[fault]
    file = folder / "bnnflow_host" / "packing.py"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    pair, inputs = Pair(root.prepare(), tmp_path / "work", folder), tmp_path / "inputs.npz"
    write_inputs(folder / "tiny.bit", inputs, SEED, 40)
    with pytest.raises(CheckFailed, match=r"armhf-(differs|run)") as caught:
        pair.probe({"bit": str(folder / "tiny.bit"), "inputs": str(inputs), "seed": SEED})
    assert said in caught.value.what and caught.value.exit_code == 3


A: Arrays = {"a": np.arange(6).reshape(2, 3), "b": np.array("text")}
OTHERS = {
    "a[1][2]: native 5, armhf 9 (1 of 6 values differ)": {**A, "a": A["a"] + 4 * (A["a"] == 5)},
    "a: native int64 (2, 3), armhf int32 (2, 3)": {**A, "a": A["a"].astype(np.int32)},
    "a: native int64 (2, 3), armhf int64 (3, 2)": {**A, "a": A["a"].reshape(3, 2)},
    "b: native text, armhf tent (1 of 1 values differ)": {**A, "b": np.array("tent")},
    "b: native <U4 (), armhf <U5 (): text / texts": {**A, "b": np.array("texts")},
    "not the same arrays: b": {"a": A["a"]},
    "not the same arrays: c": {**A, "c": A["a"]},
    "not the same arrays: the order": dict(reversed(A.items())),
}  # fmt: skip


@pytest.mark.parametrize("said", OTHERS)
def test_the_first_difference(said: str) -> None:
    assert first_difference(A, OTHERS[said]) == said
    assert first_difference(A, {name: array.copy() for name, array in A.items()}) == ""


def test_bytes_are_compared_not_values() -> None:
    """0.0 == -0.0, and NaN is never itself."""
    zero, nan = np.zeros(1), np.array([np.nan])
    assert "-0.0" in first_difference({"a": zero}, {"a": -zero})
    assert first_difference({"a": nan}, {"a": nan.copy()}) == ""


def test_without_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FlowError, match=r"error\[armhf-apt\]: apt-get is not installed"):
        root.prepare(tmp_path / "armhf")
    assert not (tmp_path / "armhf").exists()


@has_apt
def test_packages_that_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No source at all, as where none can be reached; what apt-get says is told and kept."""
    (tmp_path / "sources").mkdir()
    own = f'Dir::Etc::sourcelist "{tmp_path}/none";\nDir::Etc::sourceparts "{tmp_path}/sources";\n'
    (tmp_path / "apt.conf").write_text(own)
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    with pytest.raises(FlowError, match=r"armhf-fetch.*qemu-user-static.*: E: ") as caught:
        root.prepare(tmp_path / "armhf")
    assert caught.value.exit_code == 2
    log = (tmp_path / "armhf" / "apt.log").read_text()
    assert "Unable to locate package python3" in log
    assert not (tmp_path / "armhf" / "root").exists()


def test_simulated_installation_is_read() -> None:
    text = """\
Inst libc6 (2.36-9+deb12u14 Debian:12.15/oldstable [armhf]) []
Inst media-types (10.0.0 Debian:12.15/oldstable [all])
Inst qemu-user-static:amd64 (1:7.2+dfsg-7 Debian:12.15/oldstable, Debian:12/oldstable [amd64])
Conf libc6 (2.36-9+deb12u14 Debian:12.15/oldstable [armhf])
"""
    want = ["libc6_2.36-9+deb12u14_armhf", "media-types_10.0.0_all"]
    assert apt.file_names(text) == [
        f"{name}.deb" for name in [*want, "qemu-user-static_1%3a7.2+dfsg-7_amd64"]
    ]


def test_a_run_that_is_not_there_or_not_whole(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "tests.armhf.run", "--run", str(tmp_path / "none")]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=HOST.parents[1])
    assert done.returncode == 2 and re.search(r"try +make demo deploy ", done.stderr)
    (tmp_path / "run/deploy").mkdir(parents=True)
    with pytest.raises(FlowError, match=r"armhf-run.*no driver"):
        bit_of(deploy_folder(tmp_path / "run"))
    folder = shipped(tmp_path / "whole")
    assert bit_of(folder) == folder / "tiny.bit"
    (folder / "bnnflow_host/errors.py").unlink()
    with pytest.raises(FlowError, match=r"armhf-old.*: errors.py differ"):
        bit_of(folder)
