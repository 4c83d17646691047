# SPDX-License-Identifier: Apache-2.0
"""Small networks built once per session, down to their RTL."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.build import build
from flows.config import FlowConfig
from flows.files import write_json
from sim.lib.networks import Make, write_network

#: two folded hidden layers, a converter, an affine score map: every kind of node but BnnLookup
TINY = Make((24, 12, 8, 5), batch_norm=True, final="bn")


#: by hand: what the solver would choose moves with flows/estimate.py
FOLDING = {
    "BnnMvu_0": {"PE": 1, "SIMD": 12},
    "BnnMvu_1": {"PE": 1, "SIMD": 3},
    "BnnMvu_2": {"PE": 1, "SIMD": 2},
}


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with a proved tiny network; tests that change it work on a copy."""
    run = tmp_path_factory.mktemp("tiny") / "run"
    model = write_network(run.parent / "tiny.onnx", TINY, seed=3)
    folding = run.parent / "folding.json"
    write_json(folding, FOLDING)
    config = FlowConfig(model=str(model), folding=str(folding), images="random:300", seed=3)
    build(run, config, "import", "check")
    return run
