# SPDX-License-Identifier: Apache-2.0
"""A run whose numbers go wrong stops, names layer and step, and leaves the last good epoch."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from flows.errors import FlowError
from training import guard, models
from training.classifier import Classifier
from training.config import Config, ModelConfig, QuantConfig
from training.train import train


def spoil(monkeypatch: pytest.MonkeyPatch, what: str, epoch: int = 1, batch: int = 3) -> None:
    """Make the network go wrong in one step, in its second 1-bit layer (body.6)."""
    step = Classifier.training_step

    def broken(self: Classifier, data: Any, index: int) -> torch.Tensor:
        last = self.model.body[6]
        if (self.current_epoch, index) == (epoch, batch):
            if what == "weight":
                last.weight.data[0, 0] = torch.nan
            elif what == "output":
                last.register_forward_hook(lambda m, i, o: o / 0)
            elif what == "gradient":
                last.weight.register_hook(lambda grad: grad * torch.inf)
            elif what == "loss":
                return step(self, data, index) * 1e6
        return step(self, data, index)

    monkeypatch.setattr(Classifier, "training_step", broken)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("weight", "weights of body.6 (QuantLinear) are not finite"),
        ("output", "first layer whose output is not finite is body.6 (QuantLinear)"),
        ("gradient", "gradient of body.6 (QuantLinear) is not finite"),
        ("loss", "all layers are finite"),
    ],
)
def test_step_and_layer_are_named(
    tiny: Config,
    tiny_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    says: str,
) -> None:
    with monkeypatch.context() as patch:
        spoil(patch, what)
        with pytest.raises(FlowError) as err:
            train(tiny, tmp_path, data=tiny_data)
    assert err.value.code == "train-diverged"
    assert "epoch 2, step 4" in err.value.what and says in err.value.what, err.value.what
    assert "last.ckpt holds epoch 1" in err.value.where
    assert not (tmp_path / "model.pt").exists()
    train(tiny, tmp_path, data=tiny_data)  # the good epoch is still good


def test_diverging_run_stops(tiny: Config, tiny_data: Path, tmp_path: Path) -> None:
    bare = dataclasses.replace(tiny.model, batch_norm=False, final_norm="none", dropout=0.0)
    config = dataclasses.replace(tiny, model=bare, quant=QuantConfig("real"))
    with pytest.raises(FlowError, match="train-diverged"):
        train(config.with_train(lr=1e6, optimiser="sgd"), tmp_path, data=tiny_data)


@pytest.mark.parametrize("method", ["ste", "irnet", "adabin", "reactnet"])
@pytest.mark.parametrize("hidden", [(3,), (1, 1), (4, 1)])
def test_degenerate_networks_stay_finite(method: str, hidden: tuple[int, ...]) -> None:
    """One-tap filters, constant filters and maps of zeros, forwards and backwards."""
    model = models.build(ModelConfig(hidden, 4, 128, 2), QuantConfig(method))
    matrices = [layer for _, layer in models.matrix_layers(model)]
    matrices[0].weight.data.fill_(0.25)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            nn.init.zeros_(module.weight)  # zero activations, exactly at every threshold
    for _ in range(3):
        model.zero_grad()
        model(torch.rand(8, 4)).square().sum().backward()
        for name, p in model.named_parameters():
            assert bool(p.isfinite().all()), name
            assert p.grad is None or bool(p.grad.isfinite().all()), name
        with torch.no_grad():
            for p in model.parameters():
                if p.grad is not None:
                    p -= 0.01 * p.grad
    assert bool(model.eval()(torch.zeros(2, 4)).isfinite().all())


def test_culprit_of_a_sound_network_is_none(tiny: Config, tiny_data: Path) -> None:
    from training.data import load_train

    images = load_train("custom", tiny_data)
    module = Classifier(tiny, images, images)
    batch = (torch.rand(4, 25), images.y[:4], torch.arange(4))
    assert "all layers are finite" in guard.culprit(module, batch)
