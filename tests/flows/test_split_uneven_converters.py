# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from qonnx.custom_op.registry import getCustomOp

from flows.fold_graph import apply_folds, node_cycles
from flows.folding import Fold
from flows.reference import run_reference
from flows.transforms.split_uneven_converters import SplitUnevenConverters
from sim.lib.networks import Make, write_network
from sim.lib.stages import run_stages


@pytest.mark.parametrize(
    ("pe", "simd", "widths"),
    [
        (4, 4, []),
        (4, 12, [(4, 12)]),
        (12, 3, [(12, 3)]),
        (4, 9, [(4, 36), (36, 9)]),
        (9, 6, [(9, 18), (18, 6)]),
    ],
)
def test_converters_have_whole_ratios(
    pe: int, simd: int, widths: list[tuple[int, int]], tmp_path: Path
) -> None:
    s = run_stages(write_network(tmp_path / "n.onnx", Make((10, 36, 4)), 1))
    folds = {"BnnMvu_0": Fold(pe, 10), "BnnMvu_1": Fold(1, simd)}
    model = apply_folds(s.specialised, folds, dict.fromkeys(folds, 380.0))
    converters = [n for n in model.graph.node if "Converter" in n.op_type]
    ops = [getCustomOp(n) for n in converters]
    found = [(op.get_nodeattr("inWidth"), op.get_nodeattr("outWidth")) for op in ops]
    assert found == widths
    for node, (a, b) in zip(converters, widths, strict=True):
        assert node_cycles(node) == 36 // min(a, b)
    again = model.transform(SplitUnevenConverters())
    assert len(again.graph.node) == len(model.graph.node)
    images = np.full((1, 10), 200, np.uint8)
    assert run_reference(model, images)
