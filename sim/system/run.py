# SPDX-License-Identifier: Apache-2.0
"""Builds shell_bench with one set of parameters and runs cocotb tests on it, under pytest."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner

from flows.env.tools import verilator_env
from sim.lib import bench

OUTER = ("bnn_system", "zynq7_top", "zynq7_ps", "zynqmp_top", "zynqmp_ps")
SYSTEM = bench.ROOT / "hw" / "system"
HERE = Path(__file__).resolve().parent
CHECKERS = ("axi_checker", "axi_register_checker")


def rtl() -> list[Path]:
    """The shell and its bench; what is around it needs a network."""
    shell = [f for f in sorted(SYSTEM.glob("*.sv")) if f.stem not in OUTER]
    return shell + [HERE / f"{name}.sv" for name in (*CHECKERS, "toy_core", "shell_bench")]


def simulate(
    params: dict[str, int],
    simulator: str,
    module: str,
    *,
    top: str = "shell_bench",
    sources: list[Path] | None = None,
    folder: Path | None = None,
    tests: str | None = None,
    seed: int | None = None,
) -> None:
    """Build and run every test of `module` (a dotted name).

    Args:
        params: parameters of the top.
        simulator: "verilator" or "icarus".
        module: where the cocotb tests are.
        top: module to simulate.
        sources: RTL; rtl() where not given.
        folder: build directory; under build/sim/ where not given.
        tests: a regular expression that names of tests must match.
        seed: drawn where not given.

    Raises:
        SimulationFailed: with the messages and how to run it again.
    """
    bench.need(simulator)
    seed = bench.draw_seed() if seed is None else seed
    name = "-".join(str(v) for v in params.values())
    folder = folder or bench.BUILD / top / f"{module.split('.')[-1]}-{name}-{simulator}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    waves = os.environ.get("WAVES", "0") not in ("", "0")
    os.environ.update(verilator_env("OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0"))
    print(f"{top} {params} on {simulator}: SEED={seed}")
    runner = get_runner(simulator)
    runner.build(
        sources=rtl() if sources is None else sources,
        hdl_toplevel=top,
        build_dir=folder / "build",
        parameters=params,
        timescale=("1ns", "1ps"),
        build_args=["-Wno-fatal"] if simulator == "verilator" else [],
        waves=waves,
        always=True,
        log_file=folder / "build.log",
    )
    env = {"BENCH_PARAMS": json.dumps(params), "SEED": str(seed)}
    env["PYTHONPATH"] = os.pathsep.join([str(bench.ROOT), os.environ.get("PYTHONPATH", "")])
    try:
        runner.test(
            hdl_toplevel=top,
            test_module=module,
            test_filter=tests,
            build_dir=folder / "build",
            test_dir=folder,
            results_xml=str(folder / "results.xml"),
            extra_env=env,
            seed=seed,
            waves=waves,
            timescale=("1ns", "1ps"),
            log_file=folder / "test.log",
        )
    except SystemExit:
        pass  # results.xml says what failed; where it is missing, get_results() says so
    n_tests, n_failed = get_results(folder / "results.xml")
    if n_failed or not n_tests:
        lines = (folder / "test.log").read_text().splitlines()
        errors = [x for x in lines if "Error:" in x or "axi_checker:" in x or "Timeout" in x][:8]
        raise bench.SimulationFailed(
            "\n".join([f"{n_failed} of {n_tests} tests failed", *errors])
            + f"\n  log     {folder / 'test.log'}\n  replay  SEED={seed} SIM={simulator} WAVES=1"
        )
