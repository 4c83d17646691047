# SPDX-License-Identifier: Apache-2.0
"""Small networks built once per session, down to their RTL."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.build import build
from flows.config import FlowConfig
from sim.lib.networks import Make, write_network

#: two folded hidden layers, a converter, an affine score map: every kind of node but BnnLookup
TINY = Make((24, 12, 8, 5), batch_norm=True, final="bn")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with a proved tiny network; tests that change it work on a copy."""
    run = tmp_path_factory.mktemp("tiny") / "run"
    model = write_network(run.parent / "tiny.onnx", TINY, seed=3)
    config = FlowConfig(model=str(model), target_fps=3e6, images="random:300", seed=3)
    build(run, config, "import", "check")
    return run
