# SPDX-License-Identifier: Apache-2.0
"""The whole flow with stand-ins for place and route, and without any.

yosys is real; nextpnr, prjxray's tools and Vivado are scripts of ours (bitstream_tools.py): what is
shown is how they are called and what becomes of what they say.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from flows.bitstream.__main__ import make_bitstream
from flows.bitstream.backends import choose
from flows.bitstream.design import Design
from flows.bitstream.header import read_header
from flows.config import load_board
from flows.errors import CheckFailed, FlowError
from tests.flows.bitstream_tools import PART, after, calls, install, small_design

OPEN = ("nextpnr-himbaechel", "fasm2frames", "xc7frames2bit")
#: cells that upstream nextpnr and prjxray's tools took to a .bit in an earlier trial
TRIED = {"BUFG", "CARRY4", "FDRE", "FDSE", "MUXF7", "PS7", "RAM32M", "RAM64M", "SRL16E", "INV"}


@pytest.fixture(scope="module")
def synthesised(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FlowError]:
    """A run without place and route, and the error it ended with."""
    run = tmp_path_factory.mktemp("bitstream") / "small"
    design = small_design(run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(run / "nothing"))
        with pytest.raises(FlowError) as caught:
            make_bitstream(run, design)
    return run, caught.value


@pytest.fixture
def run(
    synthesised: tuple[Path, FlowError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A copy of that run, an empty folder on PATH, and openXC7's data sets (empty files)."""
    copy = tmp_path / "small"
    shutil.copytree(synthesised[0], copy)
    (tmp_path / "db" / "zynq7" / PART).mkdir(parents=True)
    (tmp_path / "db" / "zynq7" / PART / "part.yaml").write_text("")
    for name in ("chipdb-xc7z020.bin", "xc7z020.bin"):
        (tmp_path / name).write_text("")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("CHIPDB", str(tmp_path))
    monkeypatch.setenv("PRJXRAY_DB_DIR", str(tmp_path / "db"))
    return copy


def design_in(run: Path, board: str = "pynq-z1") -> Design:
    return Design("small", load_board(board), 100.0, run / "network", "0123456789abcdef")


def used(run: Path) -> list[str]:
    return [words[0] for words in calls(run.parent / "bin")]


def test_without_place_and_route(synthesised: tuple[Path, FlowError]) -> None:
    run, error = synthesised
    assert (error.code, error.exit_code) == ("pnr-missing", 2)
    for word in ("vivado", "nextpnr-himbaechel", "fasm2frames", "xc7frames2bit", "PRJXRAY_DB_DIR"):
        assert word in error.what
    assert f"make bitstream RUN={run} PNR=openxc7" in error.hint
    assert f"cd {run}/bitstream/netlist && nextpnr-himbaechel --device {PART}" in error.hint
    folder = run / "bitstream" / "netlist"
    assert (folder / "netlist.edif").read_text().startswith("(edif zynq7_top")
    module = json.loads((folder / "netlist.json").read_text())["modules"]["zynq7_top"]
    kinds = {cell["type"] for cell in module["cells"].values()}
    assert {k for k in kinds if not k.startswith("LUT")} <= TRIED and "LUT6_2" not in kinds
    assert "PS7" in kinds and "BUFG" in kinds
    # the net that the .xdc names is what the clock buffer drives
    [buffer] = [c for c in module["cells"].values() if c["type"] == "BUFG"]
    assert module["netnames"]["clk"]["bits"] == buffer["connections"]["O"]
    assert (folder / "clock.xdc").read_text() == "create_clock -period 10.000 [get_nets clk]\n"
    found = json.loads((folder / "estimate.json").read_text())
    assert 1000 < found["total"]["lut"] < 3000 and found["budget"]["lut"] == 53200
    timing = found["timing"]
    assert timing["levels"] > 1 and "no wires" in timing["method"]
    spent = timing["least_ns"] + (timing["levels"] + 1) * timing["wire_ns"]
    assert spent == pytest.approx(timing["period_ns"], abs=0.01)  # rounded to ps
    assert not (run / "small.bit").exists() and not (run / "bitstream.json").exists()


def test_openxc7(run: Path, tmp_path: Path) -> None:
    install(tmp_path / "bin", *OPEN)
    bit = make_bitstream(run, design_in(run), "openxc7")
    assert bit == run / "small.bit" and read_header(bit).part == PART
    assert used(run) == list(OPEN)
    pnr, frames, pack = calls(tmp_path / "bin")
    assert after(pnr, "--device") == PART
    assert after(pnr, "--chipdb") == str(tmp_path / "chipdb-xc7z020.bin")
    assert "xdc=../netlist/clock.xdc" in pnr and "fasm=top.fasm" in pnr
    assert after(pnr, "--freq") == "100" and "--timing-allow-fail" in pnr
    database = str(tmp_path / "db" / "zynq7")
    assert frames[1:] == ["--part", PART, "--db-root", database, "top.fasm", "top.frames"]
    assert after(pack, "--part_file") == f"{database}/{PART}/part.yaml"
    assert after(pack, "--frm_file") == "../openxc7-frames/top.frames"
    result = json.loads((run / "bitstream.json").read_text())
    assert result["config_hash"] == "0123456789abcdef" and result["pnr"] == "openxc7"
    assert result["slack_ns"] == pytest.approx(10 - 1000 / 151.2, abs=0.001)
    assert result["used"] == {"SLICE_LUTX": 5100} and result["header"]["part"] == PART
    noted = json.loads((run / "bitstream" / "tools.json").read_text())
    assert [row["tool"] for row in noted] == ["yosys", *OPEN]
    assert all(row["version"] and row["ended"] == "done" for row in noted)
    assert noted[1]["version"] == "nextpnr-himbaechel 2023.1 (stand-in)"
    # again: nothing runs; another tool version: from there on
    make_bitstream(run, design_in(run), "openxc7")
    assert used(run) == list(OPEN)
    with (tmp_path / "bin" / "fasm2frames").open("a") as tool:
        tool.write("# newer\n")
    make_bitstream(run, design_in(run), "openxc7")
    assert used(run) == [*OPEN, "fasm2frames"]  # which wrote the same frames


def test_openxc7s_own_nextpnr(run: Path, tmp_path: Path) -> None:
    """It has other arguments; of two nextpnrs the one whose chip database is there is taken."""
    install(tmp_path / "bin", "nextpnr-xilinx", *OPEN)
    (tmp_path / "chipdb-xc7z020.bin").unlink()
    make_bitstream(run, design_in(run))
    assert used(run)[0] == "nextpnr-xilinx"
    pnr = calls(tmp_path / "bin")[0]
    assert after(pnr, "--chipdb") == str(tmp_path / "xc7z020.bin") and "--device" not in pnr
    assert after(pnr, "--xdc") == "../netlist/clock.xdc" and after(pnr, "--fasm") == "top.fasm"


def test_vivado(run: Path, tmp_path: Path) -> None:
    install(tmp_path / "bin", "vivado", *OPEN)
    shutil.rmtree(run / "bitstream" / "netlist")
    make_bitstream(run, design_in(run))
    assert used(run) == ["vivado"] * 3
    scripts = [after(words, "-source") for words in calls(tmp_path / "bin")]
    assert scripts == ["synthesise.tcl", "implement.tcl", "bitstream.tcl"]
    assert all(after(words, "-mode") == "batch" for words in calls(tmp_path / "bin"))
    result = json.loads((run / "bitstream.json").read_text())
    assert (result["slack_ns"], result["power_w"], result["used"]["lut"]) == (0.019, 1.533, 5036)
    assert not (run / "bitstream" / "netlist").exists()  # yosys is not needed
    make_bitstream(run, design_in(run))
    assert len(used(run)) == 3


@pytest.mark.parametrize(
    ("tools", "given", "pnr"),
    [(OPEN, {"fmax": 80.0}, "openxc7"), (("vivado",), {"wns": "-2.500"}, "vivado")],
)
def test_missed_timing(
    tools: tuple[str, ...], given: dict[str, object], pnr: str, run: Path, tmp_path: Path
) -> None:
    install(tmp_path / "bin", *tools, **given)
    with pytest.raises(CheckFailed, match=r"80\.0 MHz are reached") as caught:
        make_bitstream(run, design_in(run), pnr)
    assert (caught.value.code, caught.value.exit_code) == ("timing-missed", 3)
    assert not (run / "small.bit").exists()
    assert make_bitstream(run, design_in(run), pnr, allow_slack=True).is_file()
    assert json.loads((run / "bitstream.json").read_text())["slack_ns"] == -2.5


@pytest.mark.parametrize(("tools", "pnr"), [(OPEN, "openxc7"), (("vivado",), "vivado")])
def test_a_bitstream_for_another_part(
    tools: tuple[str, ...], pnr: str, run: Path, tmp_path: Path
) -> None:
    install(tmp_path / "bin", *tools, part="7z010clg400")
    with pytest.raises(CheckFailed, match="bit-part"):
        make_bitstream(run, design_in(run), pnr)
    assert not (run / "small.bit").exists() and not (run / "bitstream.json").exists()


@pytest.mark.parametrize("broken", [*OPEN, "vivado"])
def test_a_tool_that_fails(broken: str, run: Path, tmp_path: Path) -> None:
    pnr, tools = ("vivado", ["vivado"]) if broken == "vivado" else ("openxc7", OPEN)
    install(tmp_path / "bin", *tools, fails=broken)
    with pytest.raises(FlowError, match="tool-failed") as caught:
        make_bitstream(run, design_in(run), pnr)
    assert "code 7: ERROR: stand-in fails" in caught.value.what and caught.value.exit_code == 2
    assert not (run / "small.bit").exists() and not list((run / "bitstream").glob(".*"))
    before = used(run).index(broken)
    install(tmp_path / "bin")  # mended: goes on where it was
    make_bitstream(run, design_in(run), pnr)
    assert used(run)[before:].count(broken) == (4 if broken == "vivado" else 2)
    assert used(run)[:before] == list(OPEN)[:before]


def test_which_back_end(run: Path, tmp_path: Path) -> None:
    zynq, kria = load_board("pynq-z1"), load_board("kv260")
    assert choose(zynq, None)[0] is None
    install(tmp_path / "bin", *OPEN)
    assert [choose(zynq, asked)[0] is None for asked in (None, "vivado")] == [False, True]
    with pytest.raises(FlowError, match="pnr-family") as caught:
        choose(kria, "openxc7")
    assert caught.value.hint.startswith("PNR=vivado")
    backend, found = choose(kria, None)
    assert backend is None and [b.name for b in found] == ["vivado"]
    install(tmp_path / "bin", "vivado")
    for board in (zynq, kria):
        backend, _ = choose(board, None)
        assert backend and backend.name == "vivado"


@pytest.mark.parametrize("gone", [*OPEN, "CHIPDB", "PRJXRAY_DB_DIR"])
def test_half_of_openxc7(
    gone: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "bin", *(name for name in OPEN if name != gone))
    if gone not in OPEN:
        monkeypatch.setenv(gone, str(tmp_path / "bin"))
    backend, [found] = choose(load_board("pynq-z1"), "openxc7")
    assert backend is None and any(gone in missing for missing in found.missing)
