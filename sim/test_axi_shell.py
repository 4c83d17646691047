# SPDX-License-Identifier: Apache-2.0
"""The system shell against its model, with a small core that feels every byte."""

from typing import Any

import pytest

from sim.lib import bench
from sim.system.run import simulate

TFC = {"IN_BEAT_BYTES": 98, "IN_BEATS": 8, "SCORE_BEAT_BYTES": 6, "SCORE_BEATS": 5}
NARROW = {"IN_BEAT_BYTES": 3, "IN_BEATS": 7, "SCORE_BEAT_BYTES": 1, "SCORE_BEATS": 3, "SLOW": 3}
WORD = {"IN_BEAT_BYTES": 8, "IN_BEATS": 2, "LABEL_BEAT_BYTES": 2, "SCORE_BEAT_BYTES": 8}
ODD = {"IN_BEAT_BYTES": 13, "IN_BEATS": 3, "LABEL_BEAT_BYTES": 3, "SCORE_BEAT_BYTES": 30}
ODD |= {"SCORE_BEATS": 1, "BURST": 4, "READS": 1, "WRITES": 1}
BYTE = {"IN_BEAT_BYTES": 1, "IN_BEATS": 5, "SCORE_BEAT_BYTES": 17, "SCORE_BEATS": 2, "READS": 8}
PACKED = {"IN_BEAT_BYTES": 98, "IN_BEATS": 1, "SCORE_BEAT_BYTES": 6, "SCORE_BEATS": 5, "LAG": 0}
DEFAULTS = {"LABEL_BEAT_BYTES": 1, "LABEL_BEATS": 1, "SCORE_BEATS": 5}
DEFAULTS |= {"BURST": 16, "READS": 4, "WRITES": 4, "SLOW": 1, "LAG": 9}
RUNS = bench.runs(
    [{**DEFAULTS, **ODD}],
    [{**DEFAULTS, **p} for p in (NARROW, WORD, BYTE, PACKED)],
    [{**DEFAULTS, **TFC}],
)


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_axi_shell(p: dict[str, Any], simulator: str) -> None:
    simulate(p, simulator, "sim.system.suite,sim.system.queue_suite")  # one build for both


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_axi_registers(p: dict[str, Any], simulator: str) -> None:
    simulate(p, simulator, "sim.system.registers_suite")
