# SPDX-License-Identifier: Apache-2.0
"""Random networks with maps: every layer, score and label of QONNX and the integer reference.

SEED=n repeats one; N_STRESS=n runs n of them instead of 60.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows.errors import FlowError
from flows.generate import generate, stitch
from sim.lib.random_maps import write_random
from sim.lib.stages import prove_maps, run_stages

SEED = os.environ.get("SEED")
SEEDS = [int(SEED)] if SEED else range(int(os.environ.get("N_STRESS") or 60))


@pytest.mark.parametrize("seed", SEEDS)
def test_equal(seed: int, tmp_path: Path) -> None:
    drawn = write_random(tmp_path / "n.onnx", seed)
    print(f"SEED={seed}: {drawn}")
    proved = prove_maps(drawn.path, drawn.kind, seed=seed)
    assert proved.integer.layers, "a network without a layer to compare proves little"


@pytest.mark.parametrize("fps", [1e3, 2e5])
@pytest.mark.parametrize("seed", [1, 5, 7, 15, 31])  # 7 and 15: the input has two readers
def test_folds_and_stitches(seed: int, fps: float, tmp_path: Path) -> None:
    drawn = write_random(tmp_path / "n.onnx", seed)
    try:
        folded = run_stages(drawn.path, fps, drawn.kind).folded
    except FlowError as err:
        assert err.code == "rate-unreachable"
        return
    generate(folded, tmp_path / "rtl", "xc7z020clg400-1", 100.0)
    table = stitch(folded, tmp_path / "rtl", tmp_path / "top")
    assert table["input_bits"] % (1 if drawn.kind == "bipolar" else 8) == 0
