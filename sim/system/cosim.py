# SPDX-License-Identifier: Apache-2.0
"""The shipped driver against the RTL of the whole system: registers, DMA, network.

python -m sim.system.cosim --run build/demo     # `make cosim`
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner

from flows.deploy import deploy
from flows.env.tools import verilator_env
from flows.errors import CheckFailed, run_main
from sim.system.run import CHECKERS, HERE, SYSTEM

PROCESSORS = ("zynq7_ps", "zynqmp_ps")  # need a model of their primitive
WIDE = ["--max-num-width", "4194304"]  # bits of a literal: a layer's weights are one
BOARD_TOPS = {"zynq7_top": "ps7_model", "zynqmp_top": "ps8_model"}


def parameters(top: dict[str, Any], config_hash: str) -> dict[str, object]:
    """Parameters of bnn_system from top.json and the description's hash."""
    streams = top["streams"]
    found: dict[str, object] = {"CONFIG_HASH": f"64'h{config_hash}"}
    for name, port in (("IN", "s_axis"), ("LABEL", "m_axis_label"), ("SCORE", "m_axis_score")):
        found[f"{name}_BEAT_BYTES"] = streams[port]["bytes"]
        found[f"{name}_BEATS"] = streams[port]["beats_per_frame"]
    return found


def build(
    top: Path,
    about: dict[str, Any],
    folder: Path,
    system: Path = SYSTEM,
    simulator: str = "verilator",
    bench_top: str = "system_bench",
) -> None:
    """Build system_bench, or a board's top, around the network of `top`.

    Args:
        top: folder of stage stitch.
        about: the description.
        folder: for what is built, made anew.
        system: folder of the shell's sources.
        simulator: "verilator" or "icarus".
        bench_top: "system_bench" or one of BOARD_TOPS.
    """
    top, folder = top.resolve(), folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for memory in top.glob("*.mem"):
        shutil.copy(memory, folder)
    os.environ.update(verilator_env("OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O0"))
    network = [top / name for name in (top / "sources.f").read_text().split()]
    others = {*BOARD_TOPS, *PROCESSORS} - {bench_top, bench_top.replace("_top", "_ps")}
    shell = sorted(f for f in system.glob("*.sv") if f.stem not in others)
    benches = [*CHECKERS, BOARD_TOPS.get(bench_top, "system_bench")]
    get_runner(simulator).build(
        sources=[*network, *shell, *(HERE / f"{name}.sv" for name in benches)],
        hdl_toplevel=bench_top,
        build_dir=folder / "build",
        parameters=parameters(json.loads((top / "top.json").read_text()), about["hash"]),
        timescale=("1ns", "1ps"),
        build_args=["-Wno-fatal", *WIDE] if simulator == "verilator" else [],
        always=True,
        log_file=folder / "build.log",
    )


def run(
    folder: Path,
    bit: Path,
    frames: int,
    tests: str | None = None,
    fault: str = "",
    seed: int = 1,
    simulator: str = "verilator",
    bench_top: str = "system_bench",
) -> dict[str, Any]:
    """Run the tests of cosim_suite.

    Args:
        folder: of build().
        bit: path of the .bit in a deploy folder; it need not exist.
        frames: of the rate measurement.
        tests: a regular expression that names of tests must match.
        fault: what the simulated buffers forget: "no-flush", "no-invalidate".
        seed: of the pauses.
        simulator: as for build().
        bench_top: as for build().

    Returns:
        What the rate measurement found; empty when `tests` left it out.

    Raises:
        CheckFailed: cosim, with the first messages.
    """
    folder = folder.resolve()
    rate, results = folder / "rate.json", folder / "results.xml"
    rate.unlink(missing_ok=True)
    env = {"COSIM_BIT": str(bit.resolve()), "COSIM_FAULT": fault, "COSIM_FRAMES": str(frames)}
    env |= {"SEED": str(seed)}
    os.environ.update(verilator_env())
    try:
        get_runner(simulator).test(
            hdl_toplevel=bench_top,
            hdl_toplevel_lang="verilog",
            test_module="sim.system.cosim_suite",
            test_filter=tests,
            build_dir=folder / "build",
            test_dir=folder,
            results_xml=str(results),
            extra_env=env,
            seed=seed,
            log_file=folder / "test.log",
        )
    except SystemExit:
        pass  # results.xml says what failed
    n_tests, n_failed = get_results(results)
    if n_failed or not n_tests:
        lines = (folder / "test.log").read_text().splitlines()
        marks = ("Error", "error[", "failed[", "axi_checker:")
        errors = [line.strip()[:160] for line in lines if any(m in line for m in marks)][:6]
        raise CheckFailed(
            "cosim",
            f"{n_failed} of {n_tests} tests of driver and RTL failed: " + "; ".join(errors),
            str(folder / "test.log"),
            "read that log; SEED and the deploy folder repeat the run",
        )
    return dict(json.loads(rate.read_text())) if rate.is_file() else {}


def main() -> None:
    """Deploy, build, run, print."""
    parser = argparse.ArgumentParser(description="driver and user script against the system's RTL")
    parser.add_argument("--run", type=Path, required=True, help="a compiled run, e.g. build/demo")
    parser.add_argument("--frames", type=int, default=2048, help="of the rate measurement")
    options = parser.parse_args()
    name = options.run.resolve().name
    folder = deploy(options.run, name)
    about = json.loads((folder / f"{name}.json").read_text())
    work = options.run / "cosim"
    build(options.run / "07_top", about, work)
    found = run(work, folder / f"{name}.bit", options.frames)
    print(f"cosim {options.run}: user script, selftest, any batch size, errors: every byte equal")
    print(
        f"system model (RTL with AXI memory, {about['clk_mhz']:g} MHz, 64-bit port, no board):"
        f" {found['hardware_frames_per_s']:,.0f} frames/s, bound by: {found['bound']}"
    )
    for key in ("frames", "cycles", "read_stall", "core_stall", "write_stall"):
        print(f"  {key:12} {found[key]}")


if __name__ == "__main__":
    sys.exit(run_main(main))
