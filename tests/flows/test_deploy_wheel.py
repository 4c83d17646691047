# SPDX-License-Identifier: Apache-2.0
"""The deploy folder as a wheel that pip installs, and its notebook, on the NumPy back end."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import numpy as np
import pytest

from hw.kernels import bnn_mvu_ref
from sim.lib.map_corners import falling_scores
from sim.lib.networks import Make
from sim.lib.tops import Top
from sim.system.small import small_maps, small_package

PYNQ = os.environ.get("PYNQ_PYTHON", "")
HOST = Path(bnn_mvu_ref.__file__).parents[1] / "host"
NUMPY = "import bnnflow_host.backends as b; b.use_backend(b.NumpyBackend)\n"


@pytest.fixture(scope="module")
def bit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The .bit of a network with maps, deployed."""
    return small_maps(falling_scores, (3, 6, 5), 1e5, tmp_path_factory.mktemp("maps") / "x", 2, 30)


def run(*line: object, folder: Path, path: Path, code: int = 0) -> str:
    """A command in `folder` with nothing of ours on its path but `path`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [str(word) for word in line],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(path), "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr[-3000:]
    return done.stdout + done.stderr


def wheel_of(deploy: Path) -> Path:
    said = run(sys.executable, HOST / "make_wheel.py", "--deploy", deploy, folder=deploy, path=HOST)
    return Path(said.strip())


def install(wheel: Path, into: Path) -> None:
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, "--target", into, wheel, folder=wheel.parent, path=wheel.parent)


def test_wheel_installs_and_passes_its_selftest(bit: Path, tmp_path: Path) -> None:
    wheel = wheel_of(bit.parent)
    about = json.loads(bit.with_suffix(".json").read_text())
    version = f"0.1.0+h{about['hash']}"
    assert wheel.name == f"bnnflow_small-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = {*archive.namelist()}
        points = ConfigParser()
        [entries] = [n for n in names if n.endswith("entry_points.txt")]
        points.read_string(archive.read(entries).decode())
    for group in ("pynq.overlays", "pynq.notebooks"):
        assert dict(points[group]) == {"small": "bnnflow_small"}
    shipped = {p.name for p in bit.parent.iterdir()} - {"bnnflow_host", "SHA256SUMS"}
    assert names >= {f"bnnflow_small/{name}" for name in shipped}
    driver = {f"bnnflow_host/{p.name}" for p in (HOST / "bnnflow_host").glob("*.py")}
    assert {n for n in names if n.startswith("bnnflow_host/")} == driver
    first = hashlib.sha256(wheel.read_bytes()).digest()
    assert hashlib.sha256(wheel_of(bit.parent).read_bytes()).digest() == first

    into = tmp_path / "installed"
    install(wheel, into)
    driver_line = (sys.executable, "-m", "bnnflow_host", "--backend", "numpy", "--bit")
    said = run(*driver_line, "small.bit", "selftest", folder=tmp_path, path=into)
    assert said == "selftest: 30 images, every label and every score equal\n"
    said = run(*driver_line, "other.bit", "selftest", folder=tmp_path, path=into, code=2)
    assert said.startswith("error[description-missing]")
    # what was installed is what runs, and what is damaged fails
    vectors = into / "bnnflow_small" / "small_vectors.npz"
    with np.load(vectors) as kept:
        damaged = {**kept, "labels": kept["labels"] + 1}
    np.savez(vectors, **damaged)
    said = run(*driver_line, "small.bit", "selftest", folder=tmp_path, path=into, code=3)
    assert "30 of 30 label differ" in said


@pytest.mark.skipif(not PYNQ, reason="PYNQ_PYTHON names no Python with pynq: test_pynq.py")
def test_real_pynq_finds_an_installed_bitstream(bit: Path, tmp_path: Path) -> None:
    into = tmp_path / "installed"
    install(wheel_of(bit.parent), into)
    (into / "bnnflow_small" / "small.bit").touch()  # there is none in a deploy folder of tests
    program = """
from types import SimpleNamespace
from pynq.bitstream import Bitstream
print(Bitstream("small.bit", device=SimpleNamespace(name="none")).bitfile_name)
"""
    said = run(Path(PYNQ).absolute(), "-c", program, folder=tmp_path, path=into)
    assert str(into / "bnnflow_small" / "small.bit") in said.splitlines()


def test_no_wheel_of_another_folder(tmp_path: Path) -> None:
    line = (sys.executable, HOST / "make_wheel.py", "--deploy", tmp_path)
    said = run(*line, folder=tmp_path, path=HOST, code=2)
    assert said.startswith("error[deploy-missing]") and str(tmp_path) in said


def cells_of(path: Path) -> list[dict[str, object]]:
    """Cells of a notebook; what the format 4.4 demands of them is checked."""
    book = json.loads(path.read_text())
    assert {*book} == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 4)
    assert {*book["metadata"]["kernelspec"]} >= {"name", "display_name"}
    for cell in book["cells"]:
        wanted = {"cell_type", "metadata", "source"}
        if cell["cell_type"] == "code":
            wanted |= {"execution_count", "outputs"}
            assert cell["outputs"] == [] and cell["execution_count"] is None
        assert {*cell} == wanted and cell["cell_type"] in ("code", "markdown")
        assert all(isinstance(line, str) for line in cell["source"])
    return list(book["cells"])


@pytest.mark.parametrize("kind", ["maps", "perceptron"])
def test_notebook_runs(kind: str, bit: Path, tmp_path: Path) -> None:
    """Its cells in order, unchanged, on the back end that "auto" is told to be."""
    if kind == "perceptron":
        top = Top(Make((9, 5, 3), input_norm=True), ((1, 3), (1, 5)))
        bit, _ = small_package(top, tmp_path / "x", seed=1)
    path = bit.with_suffix(".ipynb")
    assert "NETWORK" not in path.read_text()
    cells = [cell for cell in cells_of(path) if cell["cell_type"] == "code"]
    program = tmp_path / "cells.py"
    keep = f"figure.savefig({str(tmp_path / 'seen.png')!r})\n"
    sources = ["".join(cell["source"]) for cell in cells]  # type: ignore[arg-type]
    program.write_text(NUMPY + "\n".join(sources) + "\n" + keep)
    said = run(sys.executable, program, folder=bit.parent, path=bit.parent).splitlines()
    with np.load(bit.with_name("small_vectors.npz")) as vectors:
        n = len(vectors["labels"])
    assert said[0] == f"{n} of {n} labels as expected" and said[1] == f"{n} of {n} as expected"
    assert any(line.startswith("frames_per_s") for line in said)
    assert (tmp_path / "seen.png").stat().st_size > 1000
