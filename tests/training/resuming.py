# SPDX-License-Identifier: Apache-2.0
"""Stop a run in the middle, and read what it drew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from training.experiment import Experiment


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
