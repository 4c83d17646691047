# SPDX-License-Identifier: Apache-2.0
from typing import Any

import numpy as np
import pytest

from hw.kernels.axis_fork_ref import fork
from sim.lib import bench
from sim.lib.suite import Case, Frames

RUNS = bench.runs([], [{"W": 1}, {"W": 5, "PRIM": 1}], [{"W": 13}])


def case(p: dict[str, Any], seed: int) -> Case:
    def frames(draw: np.random.Generator, count: int) -> Frames:
        beats = [int(v) for v in draw.integers(0, 1 << p["W"], count)]
        first, second = fork(beats)
        return [[beat] for beat in beats], [[beat] for beat in first], [[beat] for beat in second]

    return Case(frames, 1, 1, outputs=("m0_axis", "m1_axis"))


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_axis_fork(p: dict[str, Any], simulator: str) -> None:
    bench.simulate("axis_fork", p, "sim.test_axis_fork:case", simulator)
