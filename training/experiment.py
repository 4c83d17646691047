# SPDX-License-Identifier: Apache-2.0
"""What all kinds of training share: optimiser, epoch by epoch state, curve, checkpoint."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor

from training import quantizers, ranks
from training.compiling import compiled
from training.config import Config, TrainConfig, to_table
from training.data import generator
from training.network import Network
from training.run import Row


def learning_rate(train: TrainConfig, epoch: int) -> float:
    """Learning rate of an epoch: constant, or half a cosine, or a line from lr down to 0."""
    if train.schedule == "constant":
        return train.lr
    if train.schedule == "linear":
        return train.lr * (1 - epoch / train.epochs)
    return train.lr * 0.5 * (1 + math.cos(math.pi * epoch / train.epochs))


class Experiment(pl.LightningModule):
    """Base of all training: subclasses have `model`, a training step, and rows of the curve.

    Learning rate, EDE steepness and random state are set from the epoch at its start, so there is
    no scheduler state to restore. The curve travels in the checkpoint.
    """

    model: Network

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.curve: list[Row] = []
        self.best: dict[str, Any] | None = None  # epoch, val_accuracy, state of the best epoch
        self.started = 0.0
        self.sums: dict[str, Tensor] = {}
        self.compiled: Callable[[Tensor], Tensor] | None = None

    def features(self, x: Tensor) -> Tensor:
        """The network's features in a training step, compiled where [train] says so."""
        if not self.config.train.compile:
            return self.model.features(x)
        if self.compiled is None:
            self.compiled = compiled(self.model, x.device)
        return self.compiled(x)

    def add(self, count: int, **values: Tensor) -> None:
        """Add sums over a batch of `count` images to those of the epoch."""
        values["images"] = torch.tensor(float(count))
        with torch.no_grad():
            for name, value in values.items():
                self.sums[name] = self.sums.get(name, 0) + value.detach()

    def means(self) -> dict[str, float]:
        """The epoch's sums so far, over all ranks, per image."""
        together = ranks.total(torch.stack([v.to(self.device) for v in self.sums.values()]))
        sums = dict(zip(self.sums, together.tolist(), strict=True))
        images = sums.pop("images")
        return {name: value / images for name, value in sums.items()}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """The optimiser. Lightning asks for it after the weights were restored."""
        train = self.config.train
        parameters = [p for p in self.parameters() if p.requires_grad]
        if train.optimiser == "sgd":
            return torch.optim.SGD(
                parameters, train.lr, momentum=0.9, weight_decay=train.weight_decay
            )
        return torch.optim.Adam(parameters, train.lr, weight_decay=train.weight_decay, foreach=True)

    def on_train_epoch_start(self) -> None:
        """Set everything that depends on the epoch."""
        train, epoch = self.config.train, self.current_epoch
        self.started = time.monotonic()
        self.sums = {}
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = learning_rate(train, epoch)
        quantizers.set_progress(self.model, epoch, train.epochs)
        torch.set_rng_state(generator(train.seed, epoch).get_state())  # dropout

    def row(self, means: dict[str, float]) -> Row:
        """This epoch's own columns of the curve."""
        raise NotImplementedError

    def on_train_epoch_end(self) -> None:
        """Add the epoch to the curve."""
        row: Row = {"epoch": self.current_epoch + 1} | self.row(self.means())
        row["lr"] = learning_rate(self.config.train, self.current_epoch)
        row["seconds"] = round(time.monotonic() - self.started, 3)
        self.curve.append(row)
        val = row.get("val_accuracy")
        if val is not None and (self.best is None or val > self.best["val_accuracy"]):
            state = {k: v.detach().cpu().clone() for k, v in self.model.state_dict().items()}
            self.best = {"epoch": row["epoch"], "val_accuracy": val, "state": state}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what a resumed run needs besides weights and optimiser."""
        checkpoint["bnnflow"] = {
            "config": to_table(self.config),
            "curve": self.curve,
            "best": self.best,
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with the curve of the stopped run."""
        saved = checkpoint["bnnflow"]
        self.curve, self.best = list(saved["curve"]), saved.get("best")
