# SPDX-License-Identifier: Apache-2.0
"""How the cost of a training step is measured: turns, spread, and the parts of a step."""

import itertools

import pytest
import torch

from flows.errors import FlowError
from training import bench, compiling, models
from training.config import ModelConfig, QuantConfig
from training.parts import PARTS, Parts, part_of


def test_methods_take_turns_and_the_first_turn_does_not_count() -> None:
    order: list[str] = []
    now = [0.0]

    def step(name: str, seconds: float) -> bench.Step:
        def run() -> None:
            order.append(name)
            now[0] += seconds + (100.0 if len(order) <= 2 else 0.0)  # warming up

        return run

    found = bench.measure({"a": step("a", 1.0), "b": step("b", 2.0)}, 3, lambda: now[0])
    assert found == {"a": [1.0] * 3, "b": [2.0] * 3}
    assert order == ["a", "b", "b", "a"] * 2


def test_cost_is_fastest_to_fastest_beside_the_middle_half_of_the_turns() -> None:
    plain, values = [1.0, 2.0, 1.0, 1.0, 4.0], [2.0, 2.0, 1.5, 3.0, 4.0]
    assert bench.cost(values, plain) == (1.5, 1.0, 2.0)
    assert bench.cost(plain, plain) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("method", ["ste", "adabin"])
def test_parts_of_a_step_are_the_whole_step(method: str) -> None:
    ticks = itertools.count()
    parts = Parts(lambda: float(next(ticks)))  # one tick passes whenever somebody looks
    model = models.build(ModelConfig((9, 7), 25, 128, 3), QuantConfig(method))
    parts.watch(model)
    x = torch.rand(4, 25)
    model(x).sum().backward()
    assert next(ticks) == 0  # nobody looks outside a measurement
    parts.start()
    loss = model(x).sum()
    forward = dict(parts.seconds)
    loss.backward()
    seconds = parts.stop()
    assert sum(seconds.values()) == next(ticks) - 2
    for part in ("products", "weights", "norms", "signs"):
        assert 0 < forward[part] < seconds[part], part
    assert seconds["stream"] == seconds["CMIM"] == 0


def test_every_module_of_a_network_has_its_part() -> None:
    model = models.build(
        ModelConfig(in_features=3072, network="resnet20", shape=(3, 32, 32), width=4),
        QuantConfig("adabin"),
    )
    found = {part_of(n, m) for n, m in model.named_modules()} - {""}
    assert found == set(PARTS) - {"CMIM", "optimiser"}
    unit = model.body[5]
    names = {n: part_of(n, m) for n, m in unit.named_children()}
    assert names["sign"] == "signs" and names["conv"] == "products" and names["norm"] == "norms"


def test_tables_have_every_method_and_every_part() -> None:
    table = bench.bench("mlp", 0, 4, 2, "cpu").splitlines()
    cost, parts = table[: len(bench.ROWS) + 2], table[len(bench.ROWS) + 3 :]
    assert cost[2].startswith("| ste | ") and "| 1.00 | 1.00 - 1.00 |" in cost[2]
    for rows in (cost, parts):
        assert [row.split(" | ")[0][2:] for row in rows[2:]] == [row[0] for row in bench.ROWS]
    assert parts[0].count("|") == parts[2].count("|") == len(PARTS) + 2


def test_compiled_rows_stand_beside_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "BACKEND", "aot_eager")
    table = bench.bench("mlp", 0, 4, 2, "cpu", ["irnet"], True).splitlines()
    names = [row.split(" | ")[0][2:] for row in table]
    assert names[2:6] == ["ste", "ste, compiled", "irnet", "irnet, compiled"]
    assert names[9:] == ["ste", "irnet"]  # the parts of a step


def test_mistakes() -> None:
    with pytest.raises(FlowError, match="bench-turns"):
        bench.bench("mlp", 0, 4, 1, "cpu")
    with pytest.raises(FlowError, match=r"bench-row.*'xnor'"):
        bench.bench("mlp", 0, 4, 2, "cpu", ["xnor"])
