# SPDX-License-Identifier: Apache-2.0
"""Stop a run in the middle, read what it drew, go on and compare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from training.classifier import Classifier
from training.config import Config
from training.experiment import Experiment
from training.train import train


def curve(run: Path) -> list[dict[str, Any]]:
    rows = json.loads((run / "metrics.json").read_text())["curve"]
    return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]


def stop_after(
    monkeypatch: pytest.MonkeyPatch, epoch: int, kind: type[Experiment], batch: int = 2
) -> None:
    """Ctrl-C in the middle of an epoch (counted from 0)."""
    step = kind.training_step

    def interrupted(self: Experiment, data: Any, index: int) -> torch.Tensor:
        if self.current_epoch == epoch and index == batch:
            raise KeyboardInterrupt
        return step(self, data, index)

    monkeypatch.setattr(kind, "training_step", interrupted)


def same_after_a_stop(
    given: Config,
    data: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Experiment] = Classifier,
) -> Path:
    """Train at one go, and with a Ctrl-C in the third epoch: the same; returns the first run."""
    whole, parts = folder / "whole", folder / "parts"
    train(given, whole, data=data)
    with monkeypatch.context() as patch:
        stop_after(patch, 2, kind)
        with pytest.raises(KeyboardInterrupt):
            train(given, parts, data=data)
    assert not (parts / "model.pt").exists() and not (parts / "metrics.json").exists()
    assert len((parts / "metrics.csv").read_text().splitlines()) == 3  # header, two epochs
    torch.manual_seed(999)  # whatever ran before must not matter
    train(given, parts, data=data)
    assert curve(parts) == curve(whole)
    assert (parts / "model.pt").read_bytes() == (whole / "model.pt").read_bytes()
    return whole
