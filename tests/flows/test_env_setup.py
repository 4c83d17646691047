# SPDX-License-Identifier: Apache-2.0
"""Setup: what it takes for done, what it repairs, and what it says when it cannot go on."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from flows.env import bootstrap, setup
from flows.env.pins import plain_name, read_pins
from flows.env.shell import Steps, clean_environ
from flows.env.tools import ROOT
from flows.errors import FlowError


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """Something that looks like a finished environment."""
    site = tmp_path / "venv/lib/python3.11/site-packages"
    site.mkdir(parents=True)
    (tmp_path / "venv/bin").mkdir()
    (tmp_path / "venv/bin/python").symlink_to(sys.executable)
    (tmp_path / "venv" / setup.STAMP).write_text(setup.stamp_text("key", tmp_path))
    return tmp_path / "venv"


def test_finished_environment_is_left_alone(venv: Path) -> None:
    assert setup.is_up_to_date(venv, setup.stamp_text("key", venv.parent))


@pytest.mark.parametrize("harm", ["key", "moved", "no stamp", "half a stamp", "no python"])
def test_anything_else_is_set_up_again(venv: Path, harm: str) -> None:
    text = setup.stamp_text("key", venv.parent)
    if harm == "key":
        text = setup.stamp_text("other", venv.parent)
    elif harm == "moved":
        text = setup.stamp_text("key", venv)
    elif harm == "no stamp":
        (venv / setup.STAMP).unlink()
    elif harm == "half a stamp":
        (venv / setup.STAMP).write_text(text[:20])
    else:
        (venv / "bin/python").unlink()
        (venv / "bin/python").symlink_to("/nonexistent/python3")
    assert not setup.is_up_to_date(venv, text)


def test_packages_half_written_by_an_interrupted_pip_are_dropped(venv: Path) -> None:
    site = venv / "lib/python3.11/site-packages"
    for name in ("whole-1.dist-info", "half-1.dist-info", "~umpy"):
        (site / name).mkdir()
        (site / name / "METADATA").touch()
    (site / "whole-1.dist-info/RECORD").touch()
    bootstrap.drop_half_installed(venv)
    assert [p.name for p in site.iterdir()] == ["whole-1.dist-info"]


def test_python_too_old_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "version_of", lambda python: (3, 9))
    with pytest.raises(FlowError) as caught:
        bootstrap.choose_python()
    assert caught.value.code == "python-version"
    assert "3.11 to 3.13" in caught.value.what and "PYTHON=" in caught.value.hint


def test_another_python_on_path_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"/y/python3": (3, 14), "/x/python3.12": (3, 12)}
    monkeypatch.setattr(sys, "_base_executable", "/y/python3")
    monkeypatch.setattr(bootstrap, "version_of", versions.get)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/x/{name}")
    assert bootstrap.choose_python() == "/x/python3.12"


def test_python_that_does_not_run_has_no_version(tmp_path: Path) -> None:
    assert bootstrap.version_of(str(tmp_path / "none")) is None
    assert bootstrap.version_of("/bin/false") is None
    assert bootstrap.version_of(sys.executable) == sys.version_info[:2]


def test_full_disk_is_said_before_anything_is_fetched(tmp_path: Path) -> None:
    setup.check_room(tmp_path / "venv", 0.001)
    with pytest.raises(FlowError, match="disk-space"):
        setup.check_room(tmp_path / "venv", 1e9)


@pytest.mark.parametrize(
    ("printed", "advice"),
    [
        ("OSError: [Errno 28] No space left on device", "free some space"),
        ("ERROR: No matching distribution found for torch==9", "pip config list"),
        ("Temporary failure in name resolution", "check the network"),
        ("something else", "setup.log"),
    ],
)
def test_failing_step_says_where_and_what_to_do(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], printed: str, advice: str
) -> None:
    steps = Steps(tmp_path / "build/setup.log", 3)
    steps.begin("packages")
    with pytest.raises(FlowError) as caught:
        steps.run([sys.executable, "-c", f"print({printed!r}); raise SystemExit(7)"])
    assert "step 1 of 3 (packages) ended with exit code 7" in caught.value.what
    assert advice in caught.value.hint
    assert printed in capfd.readouterr().err
    assert printed in (tmp_path / "build/setup.log").read_text()


def test_other_environments_do_not_reach_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET"):
        monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("PIP_FIND_LINKS", "/kept")
    env = clean_environ()
    assert "/elsewhere" not in env.values() and env["PIP_FIND_LINKS"] == "/kept"


def test_apt_that_is_not_there_is_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    assert bootstrap.apt_unpack([["x"]], tmp_path, Steps(tmp_path / "log", 1)) is None


def test_link_makes_the_project_importable_and_verilator_ours(venv: Path) -> None:
    setup.link(venv)
    pth = venv / "lib/python3.11/site-packages/bnnflow.pth"
    assert pth.read_text().strip() == str(ROOT)
    script = (venv / "bin/verilator").read_text()
    assert script.startswith("#!/bin/sh\n") and "site-packages/verilator'" in script


def test_pins_are_exact_and_in_the_lock() -> None:
    pins = read_pins()
    assert (bootstrap.OLDEST, bootstrap.NEWEST) == pins.python
    for requirement in (*pins.first, *pins.main, *pins.no_deps):
        wanted = f"{plain_name(requirement)}=={requirement.split('==')[1]}"
        assert wanted in pins.lock, "after a change of pyproject.toml: see CONTRIBUTING.md"
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+", line) for line in pins.lock)


def test_loose_pin_is_refused(tmp_path: Path) -> None:
    text = (ROOT / "pyproject.toml").read_text()
    (tmp_path / "pyproject.toml").write_text(text.replace('"numpy==', '"numpy>='))
    with pytest.raises(FlowError, match="pin-loose"):
        read_pins(tmp_path)


def test_key_follows_what_is_installed() -> None:
    pins = read_pins()
    assert pins.key() == read_pins().key() != pins.key(locked=False)
