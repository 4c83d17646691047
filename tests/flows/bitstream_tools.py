# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for Vivado, nextpnr and prjxray's tools, and a design small enough for them.

They make no bitstream: each notes how it was called and writes files that look like the real
tool's. What they look like was written by us from the documented formats, not copied from a run.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

from flows.bitstream.design import Design
from flows.config import load_board

PART = "xc7z020clg400-1"
NETWORK = """module bnn_top #(parameter int PRIM = 0) (
  input logic [783:0] s_axis_tdata, input logic s_axis_tvalid, output logic s_axis_tready,
  output logic [47:0] m_axis_score_tdata, output logic m_axis_score_tvalid,
  input logic m_axis_score_tready, output logic [7:0] m_axis_label_tdata,
  output logic m_axis_label_tvalid, input logic m_axis_label_tready,
  input logic ap_clk, input logic ap_rst_n
);
  assign s_axis_tready = &s_axis_tdata && s_axis_tvalid && ap_rst_n && ap_clk;
  assign {m_axis_label_tdata, m_axis_label_tvalid} = {8'(PRIM), m_axis_label_tready};
  assign {m_axis_score_tdata, m_axis_score_tvalid} = {49{m_axis_score_tready}};
endmodule
"""
STREAMS = {"s_axis": (98, 8), "m_axis_label": (1, 1), "m_axis_score": (6, 5)}

UTILISATION = """\
| Tool Version : stand-in

1. Slice Logic
--------------

+----------------------------+------+-------+------------+-----------+-------+
|          Site Type         | Used | Fixed | Prohibited | Available | Util% |
+----------------------------+------+-------+------------+-----------+-------+
| {lut:<26} | 5036 |     0 |          0 |     53200 |  9.47 |
|   LUT as Logic             | 4746 |     0 |          0 |     53200 |  8.92 |
| {ff:<26} | 4318 |     0 |          0 |    106400 |  4.06 |
+----------------------------+------+-------+------------+-----------+-------+
* Warning! The Final LUT count may change

2. Memory
---------

| Block RAM Tile |  7.5 |     0 |          0 |       140 |  5.36 |
|   RAMB36/FIFO* |    7 |     0 |          0 |       140 |  5.00 |

3. DSP
------

| DSPs      |    1 |     0 |          0 |       220 |  0.45 |
"""
TIMING = """\
| Design Timing Summary
| ---------------------

    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints      WHS(ns)      THS(ns)\
  THS Failing Endpoints  THS Total Endpoints     WPWS(ns)     TPWS(ns)  TPWS Failing Endpoints\
  TPWS Total Endpoints
    -------      -------  ---------------------  -------------------      -------      -------\
  ---------------------  -------------------     --------     --------  ----------------------\
  --------------------
      {wns}        0.000                      0                 7203        {whs}        0.000\
                      0                 7203        3.750        0.000                       0\
                  2916
"""
POWER = """\
1. Summary
----------

+--------------------------+--------------+
| Total On-Chip Power (W)  | 1.533        |
| Design Power Budget (W)  | Unspecified* |
| Dynamic (W)              | 1.400        |
+--------------------------+--------------+
"""

STAND_IN = """\
#!{python}
import json, os, re, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.flows import bitstream_tools as b
name, args, here = {name!r}, sys.argv[1:], Path(__file__).resolve().parent
if args in (["--version"], ["-version"]):
    sys.exit(print(f"{{name}} 2023.1 (stand-in)"))
with (here / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps([name, *args]) + "\\n")
given = json.loads((here / "given.json").read_text())
if given.get("fails") == name:
    print("ERROR: stand-in fails")
    sys.exit(7)
b.act(name, args, given)
"""


def small_design(folder: Path, board: str = "pynq-z1") -> Design:
    """A board's logic with a network that is only wires, in `folder`."""
    network = folder / "network"
    network.mkdir(parents=True)
    (network / "bnn_top.sv").write_text(NETWORK)
    (network / "sources.f").write_text("bnn_top.sv\n")
    (network / "weights.mem").write_text("0\n")
    streams = {name: {"bytes": n, "beats_per_frame": m} for name, (n, m) in STREAMS.items()}
    (network / "top.json").write_text(json.dumps({"streams": streams}))
    return Design("small", load_board(board), 100.0, network, "0123456789abcdef")


def bit_bytes(part: str, data: bytes = b"") -> bytes:
    """A .bit with a valid header and no configuration."""
    data = data or b"\xff" * 48 + bytes.fromhex("aa995566") + bytes(64)
    parts = [bytes.fromhex("00090ff00ff00ff00ff0000001")]
    for key, text in (("a", "small;Version=stand-in"), ("b", part), ("c", "2026/11/21")):
        parts.append(key.encode() + struct.pack(">H", len(text) + 1) + text.encode() + b"\0")
    parts.append(b"d" + struct.pack(">H", 9) + b"12:00:00\0")
    return b"".join(parts) + b"e" + struct.pack(">I", len(data)) + data


def install(folder: Path, *names: str, **given: object) -> None:
    """Stand-ins in a folder for PATH; `given` as act() takes it, "fails" names one that does."""
    folder.mkdir(exist_ok=True)
    (folder / "given.json").write_text(json.dumps(given))
    root = str(Path(__file__).resolve().parents[2])
    for name in names:
        path = folder / name
        path.write_text(STAND_IN.format(python=sys.executable, root=root, name=name))
        path.chmod(0o755)


def calls(folder: Path) -> list[list[str]]:
    """How the stand-ins of a folder were called, in order."""
    log = folder / "calls.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.is_file() else []


def after(words: list[str], option: str) -> str:
    """The word behind an option."""
    return words[words.index(option) + 1]


def act(name: str, args: list[str], given: dict[str, str]) -> None:
    """Write what a tool would, into the working folder.

    Args:
        name: of the tool.
        args: its arguments.
        given: wns, whs (ns, as text), fmax (MHz), part (in the .bit's header).
    """
    part = given.get("part", PART)
    if name.startswith("nextpnr"):
        pairs = [word.split("=", 1) for word in args if word.startswith("fasm=")]
        fasm = pairs[0][1] if pairs else after(args, "--fasm")
        Path(fasm).write_text("# stand-in\n")
        fmax, goal = given.get("fmax", 151.2), float(after(args, "--freq"))
        clock = {"clk": {"achieved": fmax, "constraint": goal}}
        used = {
            "SLICE_LUTX": {"available": 53200, "used": 5100},
            "DSP": {"available": 1, "used": 0},
        }
        report = {"fmax": clock, "utilization": used}
        Path(after(args, "--report")).write_text(json.dumps(report))
    elif name == "fasm2frames":
        Path(args[-1]).write_text("0x00000000 0x00000000\n")
    elif name == "xc7frames2bit":
        Path(after(args, "--output_file")).write_bytes(bit_bytes(part))
    else:
        act_as_vivado(Path(after(args, "-source")), given, part)


def act_as_vivado(script: Path, given: dict[str, str], part: str) -> None:
    """What the commands of one of our scripts would write."""
    for line in script.read_text().splitlines():
        words = line.replace("]", "").split()
        out = Path(words[-1]) if words else Path()
        if line.startswith("report_utilization"):
            out.write_text(UTILISATION.format(lut="Slice LUTs", ff="Slice Registers"))
        elif line.startswith("report_timing_summary"):
            values = {"wns": given.get("wns", "0.412"), "whs": given.get("whs", "0.019")}
            out.write_text(TIMING.format(**values))
        elif line.startswith("report_power"):
            out.write_text(POWER)
        elif line.startswith("write_checkpoint"):
            out.write_bytes(b"stand-in")
        elif line.startswith("write_bitstream"):
            out.write_bytes(bit_bytes(part))
