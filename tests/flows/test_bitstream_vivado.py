# SPDX-License-Identifier: Apache-2.0
"""Scripts for Vivado, executed in plain Tcl with recording stand-ins for its commands.

Vivado was not run: this shows commands, order, options and files, not that Vivado likes them.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.bitstream import vivado
from flows.bitstream.design import Design, shell_sources
from tests.flows.bitstream_tcl import parsed, run_tcl
from tests.flows.bitstream_tools import small_design

BOARDS = ["pynq-z1", "kv260"]


@pytest.fixture(params=BOARDS)
def design(request: pytest.FixtureRequest, tmp_path: Path) -> Design:
    return small_design(tmp_path / "run", request.param)


def laid_out(design: Design, folder: Path) -> Path:
    """The folders of the stages, with the scripts; the last one's."""
    (folder / "rtl").mkdir()
    design.write_rtl(folder / "rtl")
    for name in (vivado.SYNTHESISE, vivado.IMPLEMENT, vivado.BITSTREAM):
        (folder / name).mkdir()
    (folder / vivado.SYNTHESISE / "clock.xdc").write_text(vivado.constraints(design))
    return folder


def executed(text: str, folder: Path, tmp_path: Path) -> list[tuple[Path, list[str]]]:
    (folder / "script.tcl").write_text(text)
    return run_tcl(folder / "script.tcl", tmp_path)


def test_synthesis(design: Design, tmp_path: Path) -> None:
    stages = laid_out(design, tmp_path)
    here, part = stages / vivado.SYNTHESISE, design.board.part
    calls = executed(vivado.synthesis_script(design), here, tmp_path)
    assert [words[0] for _, words in calls] == [
        "set_part", "read_verilog", "read_mem", "read_xdc", "synth_design", "write_checkpoint",
        "report_utilization",
    ]  # fmt: skip
    by_name = {words[0]: (cwd, *parsed(words)) for cwd, words in calls}
    assert by_name["set_part"][2] == [part]
    cwd, options, [files] = by_name["read_verilog"]
    assert "-sv" in options and all((cwd / name).is_file() for name in files.split())
    modules = "".join((cwd / name).read_text() for name in files.split())
    assert f"module {design.board.top} " in modules and "module bnn_top " in modules
    cwd, _, [memories] = by_name["read_mem"]
    assert memories == "weights.mem" and (cwd / memories).is_file()
    assert Path(by_name["read_xdc"][2][0]).is_file()
    _, options, rest = by_name["synth_design"]
    assert (options["-top"], options["-part"], rest) == ([design.board.top], [part], [])
    assert sorted(options["-generic"]) == [
        "CONFIG_HASH=64'h0123456789abcdef", "IN_BEATS=8", "IN_BEAT_BYTES=98", "LABEL_BEATS=1",
        "LABEL_BEAT_BYTES=1", "PRIM=1", "SCORE_BEATS=5", "SCORE_BEAT_BYTES=6",
    ]  # fmt: skip
    assert by_name["write_checkpoint"][2] == [str(here / "synth.dcp")]


def test_implementation_and_bitstream(design: Design, tmp_path: Path) -> None:
    stages = laid_out(design, tmp_path)
    here = stages / vivado.IMPLEMENT
    calls = executed(vivado.implementation_script(design), here, tmp_path)
    assert [words[0] for _, words in calls] == [
        "open_checkpoint", "opt_design", "place_design", "phys_opt_design", "route_design",
        "report_utilization", "report_timing_summary", "report_power", "write_checkpoint",
    ]  # fmt: skip
    before = stages / vivado.SYNTHESISE / "synth.dcp"
    assert Path(calls[0][1][1]).resolve() == before
    reports = [parsed(words)[0]["-file"][0] for _, words in calls if words[0].startswith("report")]
    assert reports == [str(here / f"{name}.rpt") for name in ("utilisation", "timing", "power")]
    assert parsed(calls[-1][1])[1] == [str(here / "routed.dcp")]
    last = executed(vivado.bitstream_script(design), stages / vivado.BITSTREAM, tmp_path)
    assert [words[0] for _, words in last] == ["open_checkpoint", "write_bitstream"]
    assert Path(last[0][1][1]).resolve() == here / "routed.dcp"
    options, rest = parsed(last[1][1])
    assert set(options) == {"-force", "-bin_file"}
    assert rest == [str(stages / vivado.BITSTREAM / "small.bit")]


def test_constraints(design: Design, tmp_path: Path) -> None:
    (tmp_path / "clock.xdc").write_text(vivado.constraints(design))
    calls = run_tcl(tmp_path / "clock.xdc", tmp_path)
    names = [words[0] for _, words in calls]
    assert names == ["get_pins", "create_clock", "get_pins", "set_false_path"]
    options, target = parsed(calls[1][1])
    assert options["-period"] == ["10.000"]
    # the pins are those of a primitive in our RTL
    rtl = "".join(path.read_text() for path in shell_sources(design.board.top))
    for pin in (target[0], parsed(calls[3][1])[0]["-through"][0]):
        unit, cell, port = pin.split("/")
        name = re.fullmatch(r"(\w+)\[\d+\]", port)
        assert name and f".{name[1]}(" in rtl
        assert re.search(rf"\w+_ps {unit} \(", rtl) and re.search(
            rf"^  PS[78] {cell} \(", rtl, re.M
        )


def test_the_recorder_refuses_what_vivado_has_not(tmp_path: Path) -> None:
    script = tmp_path / "x.tcl"
    script.write_text("report_utilisation -file x\n")
    with pytest.raises(RuntimeError, match="report_utilisation"):
        run_tcl(script, tmp_path)
    with pytest.raises(AssertionError, match="no option -bin"):
        parsed(["write_bitstream", "-bin", "x.bit"])


@pytest.mark.parametrize("top", ["zynq7_top", "zynqmp_top"])
def test_sources_of_a_top_are_all_of_the_shell_but_the_other_board(top: str) -> None:
    found = [path.stem for path in shell_sources(top)]
    others = {
        "zynq7": {"zynqmp_top", "zynqmp_ps", "start_reset"},
        "zynqmp": {"zynq7_top", "zynq7_ps"},
    }
    every = {path.stem for path in shell_sources(top)[0].parent.glob("*.sv")}
    assert found[-1] == top and len(found) == len(set(found))
    assert set(found) == every - others[top.removesuffix("_top")]
