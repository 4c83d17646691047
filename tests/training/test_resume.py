# SPDX-License-Identifier: Apache-2.0
"""A run that was stopped and resumed draws the curve, and leaves the bytes, of one that was not."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from tests.training.resuming import curve, same_after_a_stop
from training import train as training_train
from training.config import CmimConfig, Config, DistillConfig, QuantConfig, SslConfig
from training.s2bnn import SelfSupervised
from training.train import train


@pytest.mark.parametrize("method", ["irnet", "ste", "adabin", "reactnet"])
@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_resumed_equals_uninterrupted(
    tiny: Config,
    tiny_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    optimiser: str,
) -> None:
    tiny = dataclasses.replace(tiny, quant=dataclasses.replace(tiny.quant, method=method))
    tiny = tiny.with_train(optimiser=optimiser)
    same_after_a_stop(tiny, tiny_data, tmp_path, monkeypatch)


@pytest.mark.parametrize("negatives", ["batch", "bank", "distill"])
def test_contrast_resumes_with_its_memories(
    tiny: Config,
    tiny_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    negatives: str,
) -> None:
    cmim = CmimConfig(0.2, negatives=negatives, dim=6, draws=5)
    if negatives == "distill":
        real = dataclasses.replace(tiny, quant=QuantConfig("real")).with_train(epochs=1)
        train(real, tmp_path / "teacher", data=tiny_data)
        cmim = CmimConfig(0.2, "distill", dim=6, draws=5, teacher=str(tmp_path / "teacher"))
    soft = DistillConfig(0.5, cmim.teacher) if cmim.teacher else DistillConfig()
    config = dataclasses.replace(tiny, cmim=cmim, distill=soft)
    same_after_a_stop(config, tiny_data, tmp_path, monkeypatch)


@pytest.mark.parametrize("loss", ["contrastive", "both"])
@pytest.mark.parametrize("method", ["irnet", "reactnet"])
def test_queue_and_momentum_copy_resume(
    tiny: Config,
    tiny_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    loss: str,
    method: str,
) -> None:
    ssl = SslConfig("contrastive", queue=40, dim=6)
    if loss == "both":
        quant = QuantConfig("real")
        real = dataclasses.replace(tiny, quant=quant, ssl=ssl).with_train(epochs=1)
        train(real, tmp_path / "teacher", data=tiny_data)
        ssl = SslConfig("both", str(tmp_path / "teacher"), queue=40, dim=6)
    config = dataclasses.replace(tiny, quant=QuantConfig(method), ssl=ssl)
    same_after_a_stop(config, tiny_data, tmp_path, monkeypatch, SelfSupervised)


def test_best_epoch_survives_a_stop(
    tiny: Config, tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    same_after_a_stop(tiny.with_train(keep="best", lr=0.1), tiny_data, tmp_path, monkeypatch)


def test_stopped_between_last_epoch_and_results(
    tiny: Config, tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training_train, "finish", broken)
        with pytest.raises(KeyboardInterrupt):
            train(tiny, tmp_path, data=tiny_data)
    train(tiny, tmp_path, data=tiny_data)
    assert len(curve(tmp_path)) == 4
