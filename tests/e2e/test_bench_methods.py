# SPDX-License-Identifier: Apache-2.0
"""The table of methods: which rows fail, and that the zoo has every network it names."""

from __future__ import annotations

from typing import Any

from flows import zoo
from sim import bench_methods


def row(name: str, predicted: int, measured: int, lut: int = 100) -> dict[str, Any]:
    return {
        "name": name,
        "accuracy": 0.5,
        "folding": [[2, 8]],
        "stages_equal": 10,
        "images": 10,
        "images_equal": 3,
        "images_checked": 3,
        "interval_predicted": predicted,
        "interval_measured": measured,
        **dict.fromkeys(("ff", "bram36", "dsp"), 10),
        "lut": lut,
    }


def test_slower_than_predicted_or_than_the_plain_network_is_missed() -> None:
    plain, ada, irnet = (f"tfc_{m}_fashion" for m in ("ste", "adabin", "irnet"))
    rows = {plain: row(plain, 64, 64), ada: row(ada, 64, 64, 150), irnet: row(irnet, 64, 64)}
    assert bench_methods.missed(rows) == []
    text = bench_methods.markdown(rows)
    assert "| 150 (1.50) |" in text
    rows[ada] = row(ada, 80, 80)  # as predicted, but the method costs cycles
    rows[irnet] = row(irnet, 60, 64)
    assert bench_methods.missed(rows) == [f"{ada}: 80 clk, not 64", f"{irnet}: 64 clk, not 60"]
    other = {plain: row(plain, 64, 64), ada: {**row(ada, 64, 64), "folding": [[1, 16]]}}
    assert bench_methods.missed(other) == [f"{ada}: not folded as the plain network"]


def test_every_network_is_in_the_zoo() -> None:
    assert set(bench_methods.NAMES) <= set(zoo.names())
    for name in bench_methods.NAMES:
        config = zoo.describe(name)["config"]
        method = name.split("_")[1]
        plain = {"cmim": "irnet", "s2bnn": "reactnet"}.get(method, method)
        assert config["quant"]["method"] == plain
        assert bool(config["cmim"]["weight"]) == (method == "cmim")
        assert config["train"]["freeze"] == (method == "s2bnn")
