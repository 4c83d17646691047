# SPDX-License-Identifier: Apache-2.0
"""A bitstream of a compiled run: `make bitstream`.

    python -m flows.bitstream --run build/demo --pnr openxc7

Writes build/<run>/bitstream/ and, when all is well, build/<run>/<run>.bit, where `make deploy`
looks for it. Without place and route it ends with netlist, size and depth, and exit code 2.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

from flows.bitstream import netlist, openxc7, vivado
from flows.bitstream.backends import (
    FAMILIES,
    NEXTPNRS,
    Backend,
    chipdb_names,
    choose,
    pnr_missing,
)
from flows.bitstream.design import Design, design_of
from flows.bitstream.header import check_part
from flows.bitstream.stages import Stages
from flows.bitstream.timing import Routed, check_slack
from flows.errors import CheckFailed, run_main
from flows.files import replacing, sha256_of, write_json

RTL = "rtl"


def make_bitstream(
    run: Path, design: Design, pnr: str | None = None, allow_slack: bool = False
) -> Path:
    """Build `run`/`<name of the design>`.bit.

    Args:
        run: gets bitstream/, the .bit and bitstream.json.
        design: what is built.
        pnr: "vivado", "openxc7", or None for what is installed.
        allow_slack: keep a design that is too slow for its clock.

    Returns:
        The .bit, whose header was read and names the board's part.

    Raises:
        FlowError: pnr-missing (netlist and estimate are there), and those of the stages.
        CheckFailed: timing-missed, bit-header, bit-part, and those of the reports.
    """
    bit, result = run / f"{design.name}.bit", run / "bitstream.json"
    backend, found = choose(design.board, pnr)
    stages = Stages(run / "bitstream")
    inputs = {p.name: p for p in (*design.sources(), *design.memories())}
    rtl = stages.run(RTL, inputs, design.write_rtl)
    if backend is None or backend.name == "openxc7":
        mapped = netlist.synthesise(stages, rtl, design)
        netlist.print_estimate(mapped)
    if backend is None:
        raise pnr_missing(found, run, go_on(design, run))
    if backend.name == "vivado":
        routed = vivado.route(stages, backend, rtl, design)
        check_slack(routed, design.clk_mhz, allow_slack)
        made = vivado.write_bit(stages, backend, routed, design)
    else:
        routed = openxc7.route(stages, backend, mapped, design)
        check_slack(routed, design.clk_mhz, allow_slack)
        made = openxc7.write_bit(stages, backend, routed, design)
    if not made.is_file():
        raise CheckFailed(
            "bit-missing",
            f"{backend.name} ended without an error and without a bitstream",
            str(made),
            f"read the log in {run / 'bitstream' / 'logs'}",
        )
    header = check_part(made, design.board.part)
    with replacing(bit) as tmp:
        shutil.copy(made, tmp)
    write_json(result, result_of(bit, design, backend, routed) | {"header": vars(header)})
    return bit


def result_of(bit: Path, design: Design, backend: Backend, routed: Routed) -> dict[str, Any]:
    """bitstream.json: what was made, from what, by what, and what the tool says of it."""
    return {
        "bit": bit.name,
        "sha256": sha256_of(bit),
        "board": design.board.name,
        "part": design.board.part,
        "config_hash": design.config_hash,
        "pnr": backend.name,
        "tools": {tool.name: tool.version for tool in backend.tools.values()},
        "clk_mhz": design.clk_mhz,
        "slack_ns": round(routed.slack_ns, 3),
        "used": routed.used,
        "power_w": routed.power_w,
    }


def go_on(design: Design, run: Path) -> str:
    """The nextpnr command that goes on from the netlist; none for parts it does not know."""
    if design.board.family not in FAMILIES["openxc7"]:
        return ""
    chipdb = Path("$CHIPDB") / chipdb_names(NEXTPNRS[0], design.board)[0]
    words = openxc7.nextpnr_arguments(NEXTPNRS[0], chipdb, design, ".")
    return f"cd {run / 'bitstream' / netlist.STAGE} && {NEXTPNRS[0]} {' '.join(words)}"


def main() -> None:
    """Make the bitstream and say what it is."""
    parser = argparse.ArgumentParser(
        prog="python -m flows.bitstream", description="a bitstream of a compiled run"
    )
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--board", help="of the same part as the run's (default: the run's)")
    parser.add_argument("--pnr", choices=("vivado", "openxc7"), help="default: what is installed")
    parser.add_argument("--allow-slack", action="store_true", help="keep a design that is too slow")
    options = parser.parse_args()
    design = design_of(options.run, options.board)
    bit = make_bitstream(options.run, design, options.pnr, options.allow_slack)
    print(f"{bit}: {bit.stat().st_size:,} bytes; see {bit.with_name('bitstream.json')}")
    print("its header was checked; no board was used. Next: make deploy")


if __name__ == "__main__":
    sys.exit(run_main(main))
