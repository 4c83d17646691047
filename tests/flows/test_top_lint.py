# SPDX-License-Identifier: Apache-2.0
"""Generated tops: no warning from Verilator, no error from slang, for every kind of node."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flows.env.tools import verilator_env
from sim.lib import tops
from sim.lib.networks import Make
from sim.lib.tops import Top

TOPS = {
    "affine, converters": Top(
        Make((21, 12, 10, 6), batch_norm=True, final="bn"), ((4, 7), (5, 3), (3, 2))
    ),
    "table, folded": Top(Make((17, 6, 3), batch_norm=True, final="curve"), ((1, 1), (1, 1))),
    "bits in, unrolled": Top(Make((16, 8, 5), pixels=False), ((8, 16), (5, 8))),
}


@pytest.fixture(scope="module", params=TOPS)
def top(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, _ = tops.build_top(TOPS[request.param], tmp_path_factory.mktemp("top") / "run", seed=1)
    return folder


@pytest.mark.parametrize("taps", [False, True])
def test_verilator_has_no_warnings(top: Path, taps: bool) -> None:
    command = ["verilator", "--lint-only", "-Wall", "--top-module", "bnn_top"]
    command += ["-DBNN_TAPS"] if taps else []
    command += (top / "sources.f").read_text().split()
    env = verilator_env()
    done = subprocess.run(command, cwd=top, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr[-3000:]


def test_slang_reads_it(top: Path) -> None:
    rtl = " ".join((top / "sources.f").read_text().split())
    script = (
        "from pyosys import libyosys as ys; d = ys.Design();"
        f"ys.run_pass('read_slang --top bnn_top {rtl}', d);"
        "ys.run_pass('hierarchy -check -top bnn_top; proc; check -assert', d)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=top, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
