# SPDX-License-Identifier: Apache-2.0
import dataclasses
import json
from pathlib import Path

import pytest
import torch

from flows.errors import FlowError
from training import models
from training.config import Config, load
from training.data import load_test
from training.experiment import learning_rate
from training.run import labels, load_model
from training.train import train


def test_training_learns_and_reports(tiny: Config, tiny_data: Path, tmp_path: Path) -> None:
    config = dataclasses.replace(tiny, data=dataclasses.replace(tiny.data, shift=0))
    config = config.with_train(epochs=12)
    train(config, tmp_path, data=tiny_data)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["n_test"] == 40 and metrics["n_train"] == 80 and metrics["epochs"] == 12
    table = torch.tensor(metrics["confusion"])
    assert table.sum() == 40 and table.trace().item() / 40 == metrics["accuracy_top1"]
    assert metrics["accuracy_top1"] > 0.5  # three classes
    assert metrics["curve"][-1]["train_loss"] < metrics["curve"][0]["train_loss"]
    assert load(tmp_path / "config.toml") == config


def test_complete_run_is_left_alone(
    tiny: Config, tiny_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(tiny, tmp_path, data=tiny_data)
    before = {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in tmp_path.iterdir()}
    train(tiny, tmp_path, data=Path("nowhere"))
    assert "nothing to do" in capsys.readouterr().out
    after = {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in tmp_path.iterdir()}
    assert before == after


def test_folder_of_another_experiment(tiny: Config, tiny_data: Path, tmp_path: Path) -> None:
    train(tiny, tmp_path, data=tiny_data)
    other = tiny.with_train(seed=2)
    with pytest.raises(FlowError, match=r"train\.seed is 2, was 1"):
        train(other, tmp_path, data=tiny_data)
    (tmp_path / "metrics.json").unlink()
    with pytest.raises(FlowError, match="run-differs"):
        train(other, tmp_path, data=tiny_data)
    train(other, tmp_path, resume="never", data=tiny_data)
    assert load_model(tmp_path)[1] == other


def test_damaged_files_are_named(tiny: Config, tiny_data: Path, tmp_path: Path) -> None:
    (tmp_path / "last.ckpt").write_bytes(b"PK\x03\x04 half a checkpoint")
    with pytest.raises(FlowError, match="checkpoint-damaged"):
        train(tiny, tmp_path, data=tiny_data)
    with pytest.raises(FlowError, match="model-missing"):
        load_model(tmp_path)
    (tmp_path / "model.pt").write_bytes(b"PK\x03\x04 half a model")
    with pytest.raises(FlowError, match="model-damaged"):
        load_model(tmp_path)


def test_network_has_to_fit_the_data(tiny: Config, tiny_data: Path, tmp_path: Path) -> None:
    small = dataclasses.replace(tiny, model=dataclasses.replace(tiny.model, classes=2))
    with pytest.raises(FlowError, match="model-fits"):
        train(small, tmp_path, data=tiny_data)
    assert not list(tmp_path.iterdir())


def test_weights_move_after_a_reload(tiny: Config, tiny_data: Path, tmp_path: Path) -> None:
    """Brevitas rebuilds quantizers when a state dict is loaded: parameters must stay trainable."""
    train(tiny.with_train(epochs=1), tmp_path, data=tiny_data)
    model, _ = load_model(tmp_path)
    model.train()
    before = [p.detach().clone() for p in model.parameters()]
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    model(torch.rand(16, 25)).square().sum().backward()
    optimiser.step()
    assert all(not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_cosine() -> None:
    config = Config().with_train(epochs=10, lr=2.0)
    rates = [learning_rate(config.train, e) for e in range(10)]
    assert rates[0] == 2.0 and rates[5] == pytest.approx(1.0) and 0 < rates[9] < 0.1
    assert rates == sorted(rates, reverse=True)


def test_products_in_bfloat16(tiny: Config, tiny_data: Path, tmp_path: Path) -> None:
    """Weights, and what is measured, stay float32."""
    short = tiny.with_train(precision="bfloat16")
    for run in ("a", "b"):
        train(short, tmp_path / run, data=tiny_data)
    files = [(tmp_path / run / "model.pt").read_bytes() for run in ("a", "b")]
    assert files[0] == files[1]
    model, _ = load_model(tmp_path / "a")
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    test = load_test("custom", tiny_data)
    right = int((labels(models.scores(model, test.x)) == test.y.numpy()).sum())
    metrics = json.loads((tmp_path / "a/metrics.json").read_text())
    assert metrics["accuracy_top1"] == right / len(test)
