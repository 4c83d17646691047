# SPDX-License-Identifier: Apache-2.0
"""CMIM: the losses against their formulas, the memory, and that nothing of it leaves training."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from flows import export
from flows.errors import FlowError
from training import models
from training.cmim import Cmim, Pair, Taps, layer_weights, pooled
from training.config import CmimConfig, Config, ModelConfig, QuantConfig, from_table
from training.data import generator, load_train
from training.nce import Memory, Negatives, info_nce, nce
from training.run import load_model
from training.train import train


def unit(*shape: int) -> torch.Tensor:
    return F.normalize(torch.randn(*shape, dtype=torch.float64), dim=-1)


def test_info_nce_is_its_formula() -> None:
    a, b = unit(5, 3), unit(5, 3)
    e = (a @ b.T / 0.2).exp()
    want = -0.5 * sum(
        (e[i, i] / e[i].sum()).log() + (e[i, i] / e[:, i].sum()).log() for i in range(5)
    )
    torch.testing.assert_close(info_nce(a, b, 0.2), want / 5)
    assert info_nce(a, a, 0.05) < info_nce(a, a.flip(0), 0.05)


def test_nce_is_its_formula() -> None:
    p, n = torch.rand(4, dtype=torch.float64), torch.rand(4, 6, dtype=torch.float64)
    h, g = p / (p + 6 / 50), n / (n + 6 / 50)
    want = -(h.log() + (1 - g).log().sum(1)).mean()
    torch.testing.assert_close(nce(p, n, 50), want, rtol=1e-5, atol=1e-5)


def test_memory_moves_towards_new_rows_and_fixes_its_normaliser() -> None:
    memory = Memory(10, 4, 0.25, generator(1, 1)).double()
    rows, index = unit(3, 4), torch.tensor([7, 0, 3])
    old = memory.rows.clone()
    negative = torch.tensor([[1, 2], [1, 4], [5, 5]])
    p, n = memory.scores(rows, old[index], negative, 0.5)
    raw_p = ((rows * old[index]).sum(1) / 0.5).exp()
    raw_n = torch.stack([(old[negative[i]] @ rows[i] / 0.5).exp() for i in range(3)])
    z = torch.cat([raw_p, raw_n.flatten()]).mean() * 10
    torch.testing.assert_close((p, n), (raw_p / z, raw_n / z))
    memory.scores(rows.flip(0), old[index], negative, 0.5)
    torch.testing.assert_close(memory.z, z)
    memory.update(index, rows)
    torch.testing.assert_close(memory.rows[index], F.normalize(0.25 * old[index] + 0.75 * rows))
    kept = [i for i in range(10) if i not in index]
    assert torch.equal(memory.rows[kept], old[kept])


def test_negatives_are_other_images_or_other_classes() -> None:
    y = torch.tensor([2, 0, 1, 1, 0, 2, 2, 1])
    index = torch.arange(8).repeat(3)
    drawn = Negatives(None, 8).draw(index, 200, generator(1, 1))
    assert not bool((drawn == index[:, None]).any())
    assert all(len(set(row.tolist())) == 7 for row in drawn)
    drawn = Negatives(y, 8).draw(index, 200, generator(1, 1))
    assert not bool((y[drawn] == y[index][:, None]).any())
    assert all(
        set(row.tolist()) == {j for j in range(8) if y[j] != y[i]}
        for i, row in zip(index.tolist(), drawn, strict=True)
    )


def test_shared_negatives_are_scored_alike_and_never_the_own_image() -> None:
    memory = Memory(10, 4, 0.5, generator(1, 1)).double()
    rows, negative = unit(3, 4), torch.tensor([1, 2, 7])
    shared = memory.scores(rows, rows, negative, 0.5)
    each = memory.scores(rows, rows, negative.expand(3, 3), 0.5)
    torch.testing.assert_close(shared, each)
    config = CmimConfig(1.0, negatives="bank", dim=4)
    pair, sides = Pair((5, 5), config, 10, 0), (torch.randn(2, 5), torch.randn(2, 5))
    twin = Pair((5, 5), config, 10, 0)
    twin.load_state_dict(pair.state_dict())
    own = pair(sides, torch.tensor([4, 5]), torch.tensor([4, 5, 4, 5]))
    z = twin.embed(sides)
    want = 0.0
    for a, b, memory in ((z[0], z[1], twin.memories[1]), (z[1], z[0], twin.memories[0])):
        p, n = memory.scores(a, b, torch.tensor([4, 5, 4, 5]), 0.1)
        n = n * torch.tensor([[0, 1, 0, 1], [1, 0, 1, 0]])
        want = want + nce(p, n, 10)
    torch.testing.assert_close(own, want)


def test_layer_weights() -> None:
    assert layer_weights(CmimConfig(decay=2.0), 3) == [0.25, 0.5, 1.0]
    assert layer_weights(CmimConfig(layer_weights=(1.0, 0.0, 3.0)), 3) == [1.0, 0.0, 3.0]


def test_maps_are_pooled_and_vectors_are_not() -> None:
    x = torch.randn(2, 3, 4, 5)
    torch.testing.assert_close(pooled(x), x.mean((2, 3)))
    assert torch.equal(pooled(x[:, :, 0, 0]), x[:, :, 0, 0])


@pytest.mark.parametrize("method", ["ste", "irnet", "adabin", "reactnet"])
def test_taps_see_both_sides_of_every_sign_but_the_input(method: str) -> None:
    model = models.build(ModelConfig((9, 7), 25, 128, 3), QuantConfig(method))
    taps = Taps(model)
    model(torch.rand(6, 25))
    pairs = taps.take()
    assert [a.shape[1] for a, _ in pairs] == [9, 7]
    for latent, binary in pairs:
        assert len(binary.unique()) == 2 and len(latent.unique()) > 2
    model.eval()(torch.rand(6, 25))
    assert taps.pairs == {}


def with_cmim(tiny: Config, method: str = "irnet", **changes: object) -> Config:
    changes.setdefault("dim", 6)
    return dataclasses.replace(
        tiny,
        quant=dataclasses.replace(tiny.quant, method=method),
        cmim=dataclasses.replace(CmimConfig(0.2, draws=5), **changes),
    )


@pytest.mark.parametrize("stop", ["none", "latent", "binary"])
def test_loss_is_the_weighted_sum_and_reaches_network_and_heads(
    tiny: Config, tiny_data: Path, stop: str
) -> None:
    config = with_cmim(tiny, stop_gradient=stop)
    config = dataclasses.replace(config, model=dataclasses.replace(config.model, dropout=0.0))
    model = models.build(config.model, config.quant)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    cmim = Cmim(config, model, load_train("custom", tiny_data).y)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    x = torch.rand(8, 25)
    loss = cmim(x, model.features(x), torch.arange(8))
    model.features(x)
    parts = [
        info_nce(*pair.embed(sides), 0.1)
        for pair, sides in zip(cmim.pairs, cmim.taps.take(), strict=True)
    ]
    torch.testing.assert_close(loss, 0.5 * parts[0] + parts[1])
    loss.backward()
    assert all(bool(p.grad.abs().sum() > 0) for p in cmim.parameters())
    assert bool(model.body[1].weight.grad.abs().sum() > 0)


def test_two_lines_pile_it_on_top_of_a_configuration() -> None:
    table = {"quant": {"method": "adabin"}}
    config = from_table(table | {"cmim": {"weight": 0.1}}, "mine.toml")
    assert config == dataclasses.replace(from_table(table, "mine.toml"), cmim=CmimConfig(0.1))


@pytest.mark.parametrize("method", ["ste", "irnet", "adabin", "reactnet"])
@pytest.mark.parametrize("mode", ["batch", "bank", "distill"])
def test_trains_and_is_gone_from_the_saved_and_exported_network(
    tiny: Config, tiny_data: Path, tmp_path: Path, method: str, mode: str
) -> None:
    changes: dict = {"negatives": mode}
    if mode == "distill":
        real = dataclasses.replace(tiny, quant=QuantConfig("real")).with_train(epochs=1)
        train(real, tmp_path / "teacher", data=tiny_data)
        changes = {"mode": "distill", "teacher": str(tmp_path / "teacher")}
    config = with_cmim(tiny, method, **changes).with_train(epochs=2)
    train(config, tmp_path / "run", data=tiny_data)
    rows = json.loads((tmp_path / "run/metrics.json").read_text())["curve"]
    assert all(np.isfinite(row["loss_cmim"]) for row in rows)
    model, _ = load_model(tmp_path / "run")
    bare = models.build(config.model, config.quant)
    assert list(model.state_dict()) == list(bare.state_dict())
    path = export.export_model(tmp_path / "run", tiny_data)
    plain = tmp_path / "plain.onnx"
    bare.load_state_dict(model.state_dict())
    export.write_qonnx(export.deployed(bare.eval()), 25, plain)
    assert path.read_bytes() == plain.read_bytes()


def test_contrast_raises_agreement_of_the_two_sides(tiny: Config, tiny_data: Path) -> None:
    config = with_cmim(tiny)
    torch.manual_seed(1)
    model = models.build(config.model, config.quant)
    cmim = Cmim(config, model, load_train("custom", tiny_data).y)
    optimiser = torch.optim.Adam([*model.parameters(), *cmim.parameters()], 0.01)
    x = load_train("custom", tiny_data).x[:32] / 255
    losses = []
    for _ in range(40):
        loss = cmim(x, model.features(x), torch.arange(32))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


def test_mistakes(tiny: Config, tiny_data: Path, tmp_path: Path) -> None:
    with pytest.raises(FlowError, match=r"one weight per sign.*2"):
        train(with_cmim(tiny, layer_weights=(1.0,)), tmp_path, data=tiny_data)
    with pytest.raises(FlowError, match="no signs"):
        train(with_cmim(tiny, "real"), tmp_path, data=tiny_data)
    with pytest.raises(FlowError, match="teacher-missing"):
        train(with_cmim(tiny, mode="distill"), tmp_path, data=tiny_data)
