# SPDX-License-Identifier: Apache-2.0
"""Builds a kernel with one set of parameters and runs the suite on it, under pytest.

Environment: SIM=verilator|icarus forces a simulator, SEED=n repeats a run, WAVES=1 records a trace.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner

from flows.env.tools import verilator_env
from sim.lib import suite

ROOT = Path(__file__).resolve().parents[2]
KERNELS = ROOT / "hw" / "kernels"
CELLS = ROOT / "hw" / "prims" / "xc7_cells.sv"  # models of the cells that PRIM > 0 instantiates
BUILD = ROOT / "build" / "sim"


NEEDS_ICARUS = (
    "needs iverilog (apt-get install iverilog): a Verilator build takes 10 s, so without iverilog"
    " only the most telling foldings of each kernel run"
)


def tag(params: Mapping[str, Any]) -> str:
    """Name of a folding for directories and test identifiers."""
    return "-".join(f"{k}{v}" if k.isupper() else str(v) for k, v in params.items())


def icarus_found() -> bool:
    """Whether the optional second simulator is installed."""
    return shutil.which("iverilog") is not None


Params = Mapping[str, Any]


def runs(
    few: Iterable[Params], more: Iterable[Params] = (), both: Iterable[Params] = ()
) -> list[tuple[dict[str, Any], str]]:
    """Foldings and the simulators they run on, as (params, simulator) for pytest.parametrize.

    Icarus builds in 0.1 s and Verilator in 10 s. With SIM set everything runs on that one.

    Args:
        few: the most telling ones: on Icarus where it is installed, else on Verilator.
        more: on Icarus; skipped where it is not installed (and the skip says so).
        both: on both, or on Verilator where Icarus is not installed.
    """
    forced = os.environ.get("SIM", "")
    here = forced or ("icarus" if icarus_found() else "verilator")
    plan = [(p, here) for p in few] + [(p, forced or "icarus") for p in more]
    for p in both:
        plan += [(p, name) for name in dict.fromkeys([here, forced or "verilator"])]
    return [(dict(p), name) for p, name in plan]


def need(simulator: str) -> None:
    """Skip the test, loudly, where its simulator is not installed."""
    if simulator == "icarus" and not icarus_found():
        pytest.skip(NEEDS_ICARUS)


def test_id(value: Any) -> str:
    """Readable pytest identifier for a parameter dict or a simulator name."""
    return tag(value) if isinstance(value, dict) else str(value)


def sources(top: str) -> list[Path]:
    """All kernel files, the top last: a kernel finds its parts by name."""
    return [CELLS, *sorted(KERNELS.glob("*.sv"), key=lambda f: f.stem == top)]


def write_files(folder: Path, files: Mapping[str, list[str]]) -> dict[str, str]:
    """Write memory files; returns the SystemVerilog string literal for each parameter."""
    folder.mkdir(parents=True, exist_ok=True)
    literals = {}
    for name, lines in files.items():
        path = folder / f"{name.lower()}.mem"
        path.write_text("\n".join(lines) + "\n")
        literals[name] = f'"{path}"'
    return literals


def draw_seed() -> int:
    """The seed of this run: SEED of the environment, or a new one."""
    return int(os.environ.get("SEED") or random.SystemRandom().getrandbits(31))


class SimulationFailed(AssertionError):
    """At least one cocotb test failed, or the simulator did not get that far."""


@cache
def _environment() -> dict[str, str]:
    """What Verilator and cocotb need; -O0 halves the build and the runs are short."""
    return verilator_env("OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0")


def _run(
    top: str,
    params: Mapping[str, Any],
    case: str,
    simulator: str,
    folder: Path,
    rtl: list[Path],
    cwd: Path,
    seed: int,
    waves: bool,
) -> None:
    given = suite.load_case(case, dict(params), seed)
    literals = {**write_files(folder, given.files), **given.literals}
    os.environ.update(_environment())
    runner = get_runner(simulator)
    runner.build(
        sources=rtl,
        hdl_toplevel=top,
        build_dir=folder / "build",
        parameters={**{k: v for k, v in params.items() if k.isupper()}, **literals},
        timescale=("1ns", "1ps"),
        build_args=["-Wno-fatal"] if simulator == "verilator" else [],
        waves=waves,
        always=True,
        log_file=folder / "build.log",
    )
    results = folder / "results.xml"
    env = {
        "BENCH_CASE": case,
        "BENCH_PARAMS": json.dumps(dict(params)),
        "SEED": str(seed),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    try:
        runner.test(
            hdl_toplevel=top,
            test_module="sim.lib.suite",
            build_dir=folder / "build",
            test_dir=cwd,
            results_xml=str(results),
            extra_env=env,
            seed=seed,
            waves=waves,
            timescale=("1ns", "1ps"),
            log_file=folder / "test.log",
        )
    except SystemExit:
        pass  # results.xml says what failed; where it is missing, get_results() says so
    n_tests, n_failed = get_results(results)
    if n_failed or not n_tests:
        lines = (folder / "test.log").read_text().splitlines()
        errors = [line for line in lines if "Error:" in line][:6]
        raise SimulationFailed("\n".join([f"{n_failed} of {n_tests} tests failed", *errors]))


def simulate(
    top: str,
    params: Mapping[str, Any],
    case: str,
    simulator: str,
    rtl: list[Path] | None = None,
    folder: Path | None = None,
    cwd: Path | None = None,
    seed: int | None = None,
    rerun: bool = True,
) -> None:
    """Build one folding, run every test of the suite, and on failure run again with a trace.

    Args:
        top: module name.
        params: its integer parameters; memory files are added by the case. Names in lower case
            are for the case alone.
        case: `module:function` that makes the Case.
        simulator: "verilator" or "icarus".
        rtl: sources; all kernels where not given.
        folder: build directory; build/sim/<top>/<tag>-<simulator> where not given.
        cwd: where the simulator runs; the build directory where not given.
        seed: drawn by draw_seed() where not given.
        rerun: whether a failure is run again with a trace.

    Raises:
        SimulationFailed: with the messages, the seed, the trace and how to run it again.
    """
    need(simulator)
    waves = os.environ.get("WAVES", "0") not in ("", "0")
    seed = draw_seed() if seed is None else seed
    folder = folder or BUILD / top / f"{tag(params)}-{simulator}"
    shutil.rmtree(folder, ignore_errors=True)
    rtl = rtl if rtl is not None else sources(top)
    print(f"{top} {tag(params)} on {simulator}: SEED={seed}")
    try:
        _run(top, params, case, simulator, folder, rtl, cwd or folder, seed, waves)
    except (SimulationFailed, RuntimeError) as error:
        if not rerun:
            raise SimulationFailed(str(error)) from None
        if not waves:
            try:
                _run(top, params, case, simulator, folder, rtl, cwd or folder, seed, True)
            except (SimulationFailed, RuntimeError):
                pass
        test = "top" if top == "bnn_top" else top
        traces = [str(p) for p in folder.rglob("*") if p.suffix in (".vcd", ".fst")]
        raise SimulationFailed(
            f"{top} {tag(params)} on {simulator}\n{error}\n"
            f"  trace   {', '.join(traces) or 'none'}\n"
            f"  log     {folder / 'test.log'}\n"
            f"  replay  make sim-{test} SEED={seed} WAVES=1 SIM={simulator}"
        ) from None
