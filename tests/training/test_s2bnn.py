# SPDX-License-Identifier: Apache-2.0
"""S2-BNN: losses against their formulas, the way from teacher to linear evaluation, mistakes."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from flows import export
from flows.errors import FlowError
from training import adalayers, models
from training.classifier import Classifier
from training.config import Config, ModelConfig, QuantConfig, SslConfig, from_table
from training.data import generator, load_train
from training.run import load_embedding, load_model
from training.s2bnn import Embedding, Queue, SelfSupervised, guided
from training.train import train
from training.views import crop, light, view


def unit(*shape: int) -> torch.Tensor:
    return F.normalize(torch.randn(*shape, dtype=torch.float64), dim=-1)


def test_guided_loss_is_its_formula() -> None:
    student, teacher = unit(5, 8).requires_grad_(), unit(5, 8).requires_grad_()
    loss = guided(student, teacher, 0.2)
    p, q = F.softmax(teacher / 0.2, 1), F.softmax(student / 0.2, 1)
    torch.testing.assert_close(loss, -(p * q.log()).sum() / 5)
    loss.backward()
    torch.testing.assert_close(student.grad, ((q - p) / 0.2 / 5).detach())
    assert teacher.grad is None


def test_queue_contrasts_with_old_keys_and_replaces_the_oldest() -> None:
    queue = Queue(7, 3).double()
    old, query, key = queue.keys.clone(), unit(4, 3), unit(4, 3)
    logits = torch.cat([(query * key).sum(1, keepdim=True), query @ old.T], 1) / 0.2
    want = -F.log_softmax(logits, 1)[:, 0].mean()
    torch.testing.assert_close(queue.contrast(query, key, 0.2), want)
    queue.push(key)
    torch.testing.assert_close(queue.keys, torch.cat([key, old[4:]]))
    queue.push(query)
    torch.testing.assert_close(queue.keys, torch.cat([query[3:], key[1:], query[:3]]))
    assert queue.place.item() == 1


def test_views_are_crops_in_range_that_follow_from_the_generator() -> None:
    x = torch.rand(6, 3 * 8 * 8)
    a, b = (view(x, (3, 8, 8), generator(1, 1)) for _ in range(2))
    assert torch.equal(a, b) and a.shape == x.shape
    assert 0 <= a.min() and a.max() <= 1
    assert not torch.equal(a, view(x, (3, 8, 8), generator(1, 2)))
    images = x.view(6, 3, 8, 8)
    whole = torch.tensor([[1.0, 0.5, 0.5, 0.5, 0.9]]).expand(6, 5)  # all of it, not mirrored
    torch.testing.assert_close(crop(images, whole), images)
    mirrored = torch.tensor([[1.0, 0.5, 0.5, 0.5, 0.1]]).expand(6, 5)
    torch.testing.assert_close(crop(images, mirrored), images.flip(3))
    unlit = torch.tensor([[0.9, 0.1, 0.9, 0.2, 0.9]]).expand(6, 5)
    torch.testing.assert_close(light(images, unlit), images)
    grey = light(images, torch.tensor([[0.9, 0.1, 0.9, 0.2, 0.1]]).expand(6, 5))
    torch.testing.assert_close(grey[:, 0], grey[:, 1])


def unlabelled(tiny: Config, loss: str, name: str = "reactnet", **more: object) -> Config:
    quant = dataclasses.replace(tiny.quant, method=name, weights=more.pop("weights", "binary"))
    ssl = SslConfig(loss, queue=32, dim=6, **more)
    return dataclasses.replace(tiny, quant=quant, ssl=ssl).with_train(epochs=2)


def test_momentum_copy_follows_the_network(tiny: Config, tiny_data: Path) -> None:
    module = SelfSupervised(unlabelled(tiny, "contrastive"), load_train("custom", tiny_data))
    (model, embedding) = module.keys
    assert not any(p.requires_grad for p in module.keys.parameters())
    before = embedding.outer.weight.clone()
    module.embedding.outer.weight.data += 1
    module._key(torch.rand(4, 25))
    torch.testing.assert_close(embedding.outer.weight, before + 0.01)
    names = {id(p) for p in module.configure_optimizers().param_groups[0]["params"]}
    assert not names & {id(p) for p in model.parameters()}
    assert not names & {id(p) for p in module.model.head_module().parameters()}


@pytest.mark.parametrize("loss", ["contrastive", "both", "guided"])
def test_from_teacher_over_two_steps_to_linear_evaluation_and_export(
    tiny: Config, tiny_data: Path, tmp_path: Path, loss: str
) -> None:
    runs = {name: str(tmp_path / name) for name in ("teacher", "step1", "step2", "linear")}

    def go(name: str, config: Config) -> dict:
        train(config, Path(runs[name]), data=tiny_data)
        return json.loads((Path(runs[name]) / "metrics.json").read_text())

    teacher = {} if loss == "contrastive" else {"teacher": runs["teacher"]}
    metrics = go("teacher", unlabelled(tiny, "contrastive", "real"))
    assert metrics["accuracy_top1"] is None and metrics["n_test"] == 0
    go("step1", unlabelled(tiny, loss, weights="real", **teacher))
    step2 = unlabelled(tiny, loss, **teacher).with_train(init=runs["step1"])
    names = {"contrastive": {"loss_contrast"}, "guided": {"loss_guided"}}
    want = names.get(loss, {"loss_contrast", "loss_guided"})
    assert {k for k in go("step2", step2)["curve"][0] if k.startswith("loss_")} == want
    linear = dataclasses.replace(tiny, quant=step2.quant)
    linear = linear.with_train(init=runs["step2"], freeze=True, optimiser="sgd", lr=0.1)
    assert go("linear", linear)["n_test"] == 40
    ours, theirs = load_model(Path(runs["linear"]))[0], load_model(Path(runs["step2"]))[0]
    head = {id(m) for m in ours.head_module().modules()}
    for (name, a), b in zip(ours.named_modules(), theirs.modules(), strict=True):
        same = all(
            torch.equal(p, q)
            for p, q in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
        )
        if isinstance(a, nn.BatchNorm1d | nn.Linear):
            assert same == (id(a) not in head), name
    export.export_model(Path(runs["linear"]), tiny_data)


def test_second_step_begins_with_the_first_ones_weights(tmp_path: Path) -> None:
    from training.run import save_model

    config = Config(model=ModelConfig((9, 7), 25, 128, 3), quant=QuantConfig("reactnet"))
    real = dataclasses.replace(config, quant=QuantConfig("reactnet", weights="real"))
    first = models.build(real.model, real.quant)
    nn.init.normal_(first.body[3].shift)
    save_model(tmp_path, first, real)
    second = models.build(config.model, config.quant)
    models.load_init(second, str(tmp_path))
    assert torch.equal(second.body[1].match.weight, first.body[1].weight)
    assert torch.equal(second.body[3].shift, first.body[3].shift)


@pytest.mark.parametrize("name", ["irnet", "adabin"])
def test_frozen_features_are_those_of_evaluation(
    tiny: Config, tiny_data: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last layer is trained on what it will see: AdaBin's frozen sets put out bits."""
    for bits in ("RATIO_BITS", "SCORE_BITS", "EXACT_BITS"):
        monkeypatch.setattr(adalayers, bits, 40)  # as fine as float32 holds them
    quant = dataclasses.replace(tiny.quant, method=name)
    config = dataclasses.replace(tiny, quant=quant)
    train(config, tmp_path / "a", data=tiny_data)
    images = load_train("custom", tiny_data)
    frozen = config.with_train(init=str(tmp_path / "a"), freeze=True)
    module = Classifier(frozen, images, images)
    module.model.eval()
    module.model.head_module().train()
    for m in module.model.head_module().modules():
        if isinstance(m, nn.BatchNorm1d):
            m.eval()
    x = torch.rand(8, 25)
    torch.testing.assert_close(module.model(x), module.model.eval()(x), atol=1e-5, rtol=1e-5)


def test_mistakes(tiny: Config, tiny_data: Path, tmp_path: Path) -> None:
    def fails(code: str, config: Config) -> None:
        with pytest.raises(FlowError, match=code):
            train(config, tmp_path / "run", data=tiny_data)

    train(tiny.with_train(epochs=1), tmp_path / "labelled", data=tiny_data)
    fails("teacher-missing", unlabelled(tiny, "guided"))
    fails("embedding-missing", unlabelled(tiny, "guided", teacher=str(tmp_path / "labelled")))
    train(unlabelled(tiny, "contrastive", "real"), tmp_path / "teacher", data=tiny_data)
    with pytest.raises(FlowError, match="model-unlabelled"):
        export.export_model(tmp_path / "teacher", tiny_data)
    other = unlabelled(tiny, "guided", teacher=str(tmp_path / "teacher"))
    fails("ssl-fits", dataclasses.replace(other, ssl=dataclasses.replace(other.ssl, dim=5)))
    fails("ssl-queue", dataclasses.replace(other, ssl=dataclasses.replace(other.ssl, queue=8)))
    fails("init-missing", tiny.with_train(init=str(tmp_path / "none")))
    wide = dataclasses.replace(tiny, model=dataclasses.replace(tiny.model, hidden=(9, 8)))
    fails("init-fits", wide.with_train(init=str(tmp_path / "labelled")))
    with pytest.raises(FlowError, match=r"train\.freeze"):
        from_table({"train": {"freeze": True}}, "mine.toml")
    with pytest.raises(FlowError, match="cmim is for supervised runs"):
        from_table({"ssl": {"loss": "guided"}, "cmim": {"weight": 1.0}}, "mine.toml")


def test_embedding_travels_with_the_model(tiny: Config, tiny_data: Path, tmp_path: Path) -> None:
    train(unlabelled(tiny, "contrastive", "real"), tmp_path, data=tiny_data)
    embedding = Embedding(7, 6)
    embedding.load_state_dict(load_embedding(tmp_path))
    z = embedding(load_model(tmp_path)[0].features(torch.rand(3, 25)))
    torch.testing.assert_close(z.norm(dim=1), torch.ones(3))
