# SPDX-License-Identifier: Apache-2.0
"""Generated tops, whole networks: beats, handshake, resets and interval as for a single kernel."""

from typing import Any

import pytest

from sim.lib import bench, top_case, tops
from sim.lib.literals import flip
from sim.lib.networks import Make
from sim.lib.tops import Top

TOPS = {  # (PE, SIMD) per layer
    "unrolled": Top(Make((7, 5, 3), batch_norm=True), ((5, 7), (3, 5))),
    "folded": Top(Make((17, 6, 4), batch_norm=True, final="bn"), ((1, 1), (1, 1))),
    "even": Top(Make((24, 12, 8, 5), batch_norm=True, final="bn"), ((3, 8), (2, 3), (1, 2))),
    "bits-in": Top(Make((16, 6, 4), batch_norm=True, pixels=False), ((2, 8), (4, 2))),
    "one-layer-table": Top(Make((9, 5), final="curve"), ((1, 3),)),
    "unrolled-table": Top(Make((17, 6, 4), batch_norm=True, final="curve"), ((6, 17), (4, 6))),
    "slow-last": Top(Make((12, 8, 6), batch_norm=True, final="negative"), ((4, 12), (1, 4))),
    "slow-first": Top(Make((18, 9, 9, 2), batch_norm=True), ((1, 2), (3, 1), (2, 3))),
    "one-class": Top(Make((9, 4, 1), batch_norm=True), ((2, 3), (1, 2))),
    "layer": Top(Make((64, 32, 32, 10), batch_norm=True, final="bn"), ((4, 16), (4, 4), (2, 4))),
    # with width converters; behind bits, too, whose beats would not be whole bytes
    "folded-bits-in": Top(Make((7, 5, 3), pixels=False), ((1, 1), (1, 1))),
    "uneven": Top(Make((21, 12, 10, 6), batch_norm=True, final="bn"), ((4, 7), (5, 3), (3, 2))),
    "odd-table": Top(Make((17, 6, 4), batch_norm=True, final="curve"), ((6, 1), (2, 3))),
    "odd-bits-in": Top(Make((7, 5, 3), pixels=False, final="bn"), ((1, 7), (1, 5))),
    "packed": Top(Make((48, 12, 5), batch_norm=True, final="bn"), ((3, 6), (5, 3)), True),
}
SCORE_MAPS = {"none": None, "negative": "BnnRequant", "bn": "BnnRequant", "curve": "BnnLookup"}
CONVERTERS = ("uneven", "odd-table", "odd-bits-in", "folded-bits-in", "packed")
PLAIN = [{"network": name} for name in TOPS if name not in CONVERTERS]
RUNS = bench.runs(PLAIN[:3], PLAIN[3:], [{"network": name} for name in CONVERTERS])


def simulate(run: str, simulator: str, seed: int, rerun: bool = True) -> None:
    top = top_case.TOPS / run / "top"
    bench.simulate(
        "bnn_top",
        {"run": run},
        "sim.lib.top_case:case",
        simulator,
        rtl=[top / source for source in (top / "sources.f").read_text().split()],
        folder=top.parent / "sim",
        cwd=top,
        seed=seed,
        rerun=rerun,
    )


@pytest.mark.parametrize(("p", "simulator"), RUNS, ids=bench.test_id)
def test_top(p: dict[str, Any], simulator: str) -> None:
    bench.need(simulator)
    name = p["network"]
    run, seed = f"{name}-{simulator}", bench.draw_seed()
    _, ops = tops.build_top(TOPS[name], top_case.TOPS / run, seed)
    assert ("AxisDwc" in ops) == (name in CONVERTERS)
    assert SCORE_MAPS[TOPS[name].make.final] in (*ops, None)
    simulate(run, simulator, seed)


def test_a_wrong_weight_is_caught() -> None:
    [(_, simulator)] = bench.runs([{}])
    top, _ = tops.build_top(TOPS["unrolled"], top_case.TOPS / "wrong-weight", seed=1)
    flip(top / "BnnMvu_1.sv", "WEIGHTS", 1)
    with pytest.raises(bench.SimulationFailed, match="differ"):
        simulate("wrong-weight", simulator, seed=1, rerun=False)
