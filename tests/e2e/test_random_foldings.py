# SPDX-License-Identifier: Apache-2.0
"""Random networks with random folding files through the whole proof.

SEED=n repeats one; N_STRESS=n runs n of them instead of 4.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from flows.build import build
from flows.config import FlowConfig
from flows.files import read_json, write_json
from flows.folding import divisors
from sim.lib.bench import draw_seed
from sim.lib.networks import Make, write_network

N_RUNS = 1 if os.environ.get("SEED") else int(os.environ.get("N_STRESS") or 4)
SIZES = (5, 6, 7, 8, 9, 12, 15, 16, 18, 20, 24, 30, 36)


def draw_make(rng: random.Random) -> Make:
    """A network of two to four layers, with every kind of input and score map."""
    sizes = tuple(rng.choice(SIZES) for _ in range(rng.randint(3, 5)))
    final = rng.choice(["none", "scalar", "negative", "bn", "curve"])
    return Make(sizes, rng.random() < 0.8, final, pixels=rng.random() < 0.8)


def draw_folding(rng: random.Random, make: Make) -> dict[str, dict[str, int]]:
    """Any legal PE and SIMD, half of the time such that all units take about as long."""
    goal = rng.choice([4, 8, 16, 32, 64]) if rng.random() < 0.5 else None
    folding = {}
    for i, (mw, mh) in enumerate(zip(make.sizes, make.sizes[1:], strict=False)):
        options = [(pe, simd) for pe in divisors(mh) for simd in divisors(mw)]
        rng.shuffle(options)
        if goal is not None:
            options.sort(key=lambda o: abs(mw // o[1] * (mh // o[0]) - goal))
        folding[f"BnnMvu_{i}"] = {"PE": options[0][0], "SIMD": options[0][1]}
    return folding


@pytest.mark.parametrize("run", range(N_RUNS))
def test_random_folding(run: int, tmp_path: Path) -> None:
    seed = draw_seed()
    rng = random.Random(seed)
    make = draw_make(rng)
    folding = draw_folding(rng, make)
    print(f"SEED={seed}: {make} {folding}")
    write_json(tmp_path / "folding.json", folding)
    config = FlowConfig(
        model=str(write_network(tmp_path / "network.onnx", make, seed)),
        folding=str(tmp_path / "folding.json"),
        input="pixel/255" if make.pixels else "bipolar",
        images="random:150",
        seed=seed,
    )
    build(tmp_path / "run", config, "import", "check")
    check = read_json(tmp_path / "run" / "check.json")
    assert check["images_checked"] == check["images_equal"] == 150
    assert check["interval_measured"] == check["interval_predicted"]
