# SPDX-License-Identifier: Apache-2.0
"""The Makefile as a user meets it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from flows.env.tools import ROOT

WANTED = """help setup doctor lint format test sim sim-<kernel> train export build report demo
bench-kernels clean distclean""".split()


def make(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    return subprocess.run(["make", *words], cwd=cwd, env=env, capture_output=True, text=True)


def test_help_is_the_default_and_lists_every_target() -> None:
    done = make()
    assert done.returncode == 0 and done.stdout == make("help").stdout
    lines = dict(re.findall(r"^  ([a-z<>-]+) +(\S.*)$", done.stdout, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony and set(phony[1].split()) | {"sim-<kernel>"} == set(lines)
    assert set(WANTED) <= set(lines)


def test_unknown_kernel_is_one_clear_error() -> None:
    done = make("-o", "setup", "sim-bnn_nonsense")
    assert done.returncode == 2
    assert "error[kernel-unknown]: there is no kernel bnn_nonsense" in done.stderr
    assert "  try    one of:" in done.stderr


def test_path_with_a_space_is_one_clear_error(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    done = make("help", cwd=folder)
    assert done.returncode == 2 and "error[path-space]" in done.stderr


def test_no_python_is_one_clear_error() -> None:
    done = make("setup", "PYTHON=no-such-python")
    assert done.returncode == 2 and "error[python-missing]" in done.stderr


@pytest.mark.parametrize("target", ["demo", "test", "lint", "sim", "build", "train", "export"])
def test_targets_set_up_first(target: str) -> None:
    done = make("-n", target, "SEED=5")
    assert done.returncode == 0, done.stderr
    assert done.stdout.index("flows.env.setup") < done.stdout.index(".venv/bin/python")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("", None),
        ("TARGET_FPS=5", "--target-fps 5"),
        ("MAX=1", "--max"),
        ("PACKED=1", "--packed"),
        ("BOARD=zcu104", "--board zcu104"),
        ("MODEL=m.onnx", "--model m.onnx"),
        ("MODEL=m.onnx BOARD=zcu104 TARGET_FPS=5", "--board zcu104 --target-fps 5 --model m.onnx"),
    ],
)
def test_a_bitstream_is_of_what_is_asked_for(
    words: str, wanted: str | None, tmp_path: Path
) -> None:
    """What is given reaches the build, which leaves a run alone that is so; nothing else does."""
    pattern = re.compile(r"flows\.build --if-changed --run \S+ *(.*?) *$", re.MULTILINE)
    done = make("-n", "bitstream", f"RUN={tmp_path}", *words.split())
    assert f"-m flows.bitstream --run {tmp_path}" in done.stdout, done.stderr
    build = pattern.search(done.stdout)
    assert (wanted is None) == (build is None)
    if wanted:  # a run that is not there: the rest as for `make build`
        assert build and set(wanted.split()) <= set(build[1].split())
        assert ("--target-fps" in build[1]) == ("MAX" not in words)
    (tmp_path / "flow.json").touch()
    build = pattern.search(make("-n", "bitstream", f"RUN={tmp_path}", *words.split()).stdout)
    assert (build and " ".join(build[1].split())) == wanted


def test_variables_reach_the_commands() -> None:
    words = ("MODEL=my.onnx", "TARGET_FPS=5", "BOARD=pynq-z2", "RUN=build/my")
    printed = make("-n", "build", *words).stdout
    for word in ("--model my.onnx", "--target-fps 5", "--board pynq-z2", "--run build/my"):
        assert word in printed
    assert "--seed 7" in make("-n", "train", "SEED=7").stdout
