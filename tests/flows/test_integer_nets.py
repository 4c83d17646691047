# SPDX-License-Identifier: Apache-2.0
"""Corners of lowering that random networks seldom draw: QONNX == integer reference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.lib import map_corners, two_sums
from sim.lib.maps import MapGraph
from sim.lib.stages import prove_maps


@pytest.mark.parametrize("net", [*map_corners.NETS, *two_sums.NETS], ids=lambda net: net.__name__)
@pytest.mark.parametrize("seed", [1, 2])
def test_equal(net: Callable[[MapGraph], str], seed: int, tmp_path: Path) -> None:
    g = MapGraph((2, 6, 6), seed)
    prove_maps(g.write(tmp_path / "n.onnx", net(g)), seed=seed)
