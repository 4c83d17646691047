# SPDX-License-Identifier: Apache-2.0
"""Random networks with maps: every layer, score and label of QONNX and the integer reference.

SEED=n repeats one; N_STRESS=n runs n of them instead of 60.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sim.lib.random_maps import write_random
from sim.lib.stages import prove_maps

SEED = os.environ.get("SEED")
SEEDS = [int(SEED)] if SEED else range(int(os.environ.get("N_STRESS") or 60))


@pytest.mark.parametrize("seed", SEEDS)
def test_equal(seed: int, tmp_path: Path) -> None:
    drawn = write_random(tmp_path / "n.onnx", seed)
    print(f"SEED={seed}: {drawn}")
    proved = prove_maps(drawn.path, drawn.kind, seed=seed)
    assert proved.integer.layers, "a network without a layer to compare proves little"
