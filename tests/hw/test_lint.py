# SPDX-License-Identifier: Apache-2.0
"""Every kernel: Verilator without a warning, slang without an error, bad parameters refused."""

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.env.tools import verilator_env
from flows.kernel_sources import kernel_sources
from sim.lib import bench, suite

KERNELS = [
    "axis_dwc", "axis_fifo", "axis_fork", "bnn_add", "bnn_affine", "bnn_argmax",
    "bnn_binarize", "bnn_channel_pad", "bnn_imvu", "bnn_levels", "bnn_lookup", "bnn_mvu",
    "bnn_pool", "bnn_requant", "bnn_window", "bnn_window_wide",
]  # fmt: skip
WAIVERS = bench.ROOT / "hw" / "lint" / "verilator.vlt"


def foldings(kernel: str) -> list[dict[str, Any]]:
    runs = importlib.import_module(f"sim.test_{kernel}").RUNS
    return list({bench.tag(p): p for p, _ in runs}.values())


def verilate(
    kernel: str, params: dict[str, Any], literals: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = ["verilator", "--lint-only", "-Wall", "--top-module", kernel, str(WAIVERS)]
    command += [f"-G{name}={value}" for name, value in {**params, **(literals or {})}.items()]
    command += ["-y", str(bench.KERNELS), str(bench.KERNELS / f"{kernel}.sv")]
    command += ["-v", str(bench.CELLS)] if params.get("PRIM") else []
    env = verilator_env()
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kernel", KERNELS)
def test_verilator_has_no_warnings(kernel: str) -> None:
    for params in foldings(kernel):
        case = suite.load_case(f"sim.test_{kernel}:case", params, seed=1)
        done = verilate(kernel, params, case.literals)
        assert done.returncode == 0 and not done.stderr, f"{params}\n{done.stderr}"


BAD = {
    "axis_dwc": {"IN_LANES": 6, "OUT_LANES": 4},
    "axis_fifo": {"W": 8, "DEPTH": 1},
    "axis_fork": {"W": 0},
    "bnn_add": {"OUT_W": 3, "LO": 0, "HI": 8},
    "bnn_affine": {"N": 10, "PE": 3, "HI": 15, "OUT_W": 4},
    "bnn_argmax": {"N": 10, "PE": 3},
    "bnn_binarize": {"N": 10, "PE": 5, "IN_W": 4, "UNIFORM": 1, "THR": 17},
    "bnn_channel_pad": {"C": 8, "PE": 4, "BEFORE": 2},
    "bnn_imvu": {"MW": 64, "MH": 16, "SIMD": 24, "PE": 4},
    "bnn_levels": {"N": 10, "PE": 3, "K": 9},
    "bnn_lookup": {"N": 4, "PE": 2, "IN_W": 3, "DEPTH": 9},
    "bnn_mvu": {"MW": 64, "MH": 16, "SIMD": 24, "PE": 4},
    "bnn_pool": {"C": 10, "PE": 3},
    "bnn_requant": {"N": 10, "PE": 3, "HI": 15, "OUT_W": 4},
    "bnn_window": {"C": 4, "SIMD": 3, "DEPTH": 32},
    "bnn_window_wide": {"C": 4, "SIMD": 6},
}


@pytest.mark.parametrize("kernel", KERNELS)
def test_bad_parameters_stop_elaboration(kernel: str) -> None:
    done = verilate(kernel, BAD[kernel])
    assert done.returncode != 0
    assert f"{kernel}: " in done.stderr, done.stderr
    for value in (v for k, v in BAD[kernel].items() if k in ("SIMD", "PE", "W", "THR", "DEPTH")):
        assert str(value) in done.stderr


WIDE_POOL = {"C": 4, "PE": 4, "COLS": 12, "KC": 2, "M": 4}


@pytest.mark.parametrize(
    "bad", [{"PE": 2}, {"COLS": 10}, {"KC": 3}, {"KC": 8}, {"M": 0}], ids=bench.test_id
)
def test_pixels_that_a_pool_cannot_read_stop_elaboration(bad: dict[str, int]) -> None:
    done = verilate("bnn_pool", WIDE_POOL | bad)
    assert done.returncode != 0
    assert "bnn_pool: " in done.stderr and f"M={(WIDE_POOL | bad)['M']}," in done.stderr


@pytest.mark.parametrize("kernel", KERNELS)
def test_slang_reads_it(kernel: str, tmp_path: Path) -> None:
    params = foldings(kernel)[-1]
    case = suite.load_case(f"sim.test_{kernel}:case", params, seed=1)
    literals = {**params, **case.literals, **bench.write_files(tmp_path, case.files)}
    given = " ".join(f"-G {name}={value}" for name, value in literals.items())
    rtl = " ".join(str(f) for f in bench.sources(kernel))
    script = (
        "from pyosys import libyosys as ys; d = ys.Design();"
        f"ys.run_pass({f'read_slang {given} --top {kernel} {rtl}'!r}, d);"
        f"ys.run_pass('hierarchy -check -top {kernel}; proc; check -assert', d)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_every_kernel_file_is_covered() -> None:
    named = {f.stem for kernel in KERNELS for f in kernel_sources(kernel)}
    assert {f.stem for f in bench.KERNELS.glob("*.sv")} == named
