# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np

from flows.reference import run_reference
from flows.transforms.fork_scores import ForkScores
from sim.lib.networks import Make, write_network
from sim.lib.stages import run_stages


def test_label_and_scores_are_outputs(tmp_path: Path) -> None:
    s = run_stages(write_network(tmp_path / "n.onnx", Make((10, 6, 4), final="bn"), 2))
    names = [o.name for o in s.specialised.graph.output]
    assert len(names) == 2
    images = np.random.default_rng(1).integers(0, 256, (50, 10), dtype=np.uint8)
    values = run_reference(s.folded, images)
    label, scores = (values[o.name] for o in s.folded.graph.output)
    assert np.array_equal(label[:, 0], scores.argmax(axis=1))
    nodes = len(s.specialised.graph.node)
    assert len(s.specialised.transform(ForkScores()).graph.node) == nodes
