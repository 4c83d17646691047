# SPDX-License-Identifier: Apache-2.0
"""Deliberate faults in the RTL: the proof has to catch each and say where it is."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.build import build
from flows.config import FlowConfig
from flows.errors import CheckFailed
from flows.files import read_json
from sim.lib.literals import flip


def broken(tiny: Path, folder: Path, change: Callable[[Path], None]) -> Path:
    run = folder / "run"
    shutil.copytree(tiny, run)
    change(run / "07_top")
    return run


def check(run: Path) -> None:
    config = FlowConfig(**read_json(run / "flow.json"))
    build(run, config, "check", "check")


def replace_once(path: Path, pattern: str, by: str) -> None:
    text, n = re.subn(pattern, by, path.read_text(), count=1)
    assert n == 1, f"{pattern} is not in {path.name}: adapt the fault to the kernel"
    path.write_text(text)


def xnor_becomes_xor(top: Path) -> None:
    replace_once(top / "bnn_match_rom.sv", r"~\(w \^ \{PE\{x\}\}\)", "(w ^ {PE{x}})")
    replace_once(top / "bnn_match2.sv", r"x ~\^ w;", "x ^ w;")


def threshold_is_off_by_one(top: Path) -> None:
    flip(top / "BnnMvu_1.sv", "THRESHOLDS", sum(1 << 5 * row for row in range(8)))  # of every row


def weight_bit_flips(top: Path) -> None:
    flip(top / "BnnMvu_2.sv", "WEIGHTS", 1 << 38)  # of the last class


FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "xnor is xor": (xnor_becomes_xor, r"layer .*BnnMvu_0\.out0"),
    "threshold off by one": (threshold_is_off_by_one, r"layer .*BnnMvu_1\.out0, channel \d"),
    "weight bit flipped": (weight_bit_flips, "layer scores"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_wrong_bits_are_found_and_located(name: str, tiny: Path, tmp_path: Path) -> None:
    change, located = FAULTS[name]
    run = broken(tiny, tmp_path, change)
    with pytest.raises(CheckFailed, match=located) as caught:
        check(run)
    assert caught.value.exit_code == 3
    assert not (run / "check.json").exists()


def test_a_dropped_beat_is_a_stuck_stream(tiny: Path, tmp_path: Path) -> None:
    def drop(top: Path) -> None:
        # the first unit's output loses every beat that comes while a counter is zero
        replace_once(
            top / "bnn_top.sv",
            r"(u_BnnMvu_1 \(\n.*\n\s*\.in0_V_TVALID\()(\w+)\)",
            r"\1\2 && drop_q != 0)",
        )
        replace_once(
            top / "bnn_top.sv",
            r"(  BnnMvu_1 [^\n]*u_BnnMvu_1)",
            "  logic [4:0] drop_q;\n  always_ff @(posedge ap_clk)\n"
            "    drop_q <= !ap_rst_n ? 5'd1 : drop_q + 5'd1;\n\\1",
        )

    run = broken(tiny, tmp_path, drop)
    with pytest.raises(CheckFailed, match="sim-stuck") as caught:
        check(run)
    assert "BnnMvu_1" in str(caught.value), "the node behind the dropped beat is named"


def test_a_lost_cycle_is_found(tiny: Path, tmp_path: Path) -> None:
    def stall(top: Path) -> None:
        # one input beat in 64 clk: right bits, wrong rate
        name = top / "bnn_top.sv"
        replace_once(name, r"\.in0_V_TVALID\(s_axis_tvalid\)", ".in0_V_TVALID(s_axis_tvalid && go)")
        replace_once(name, r"\.in0_V_TREADY\(s_axis_tready\)", ".in0_V_TREADY(ready)")
        replace_once(
            name,
            r"(  BnnBinarize_0 [^\n]*u_BnnBinarize_0)",
            "  logic [5:0] count_q;\n  logic go, ready;\n  always_ff @(posedge ap_clk)\n"
            "    count_q <= !ap_rst_n ? '0 : count_q + 6'd1;\n"
            "  assign go = count_q == 6'd0;\n"
            "  assign s_axis_tready = ready && go;\n\\1",
        )

    run = broken(tiny, tmp_path, stall)
    with pytest.raises(CheckFailed, match="cycles-differ"):
        check(run)
