# SPDX-License-Identifier: Apache-2.0
"""The Lightning module: what one batch and one epoch are."""

from __future__ import annotations

import math
import time
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor
from torch.nn import functional as F

from training import models, quantizers
from training.config import Config, TrainConfig, to_table
from training.data import Batch, Images, generator
from training.run import Row, labels


def learning_rate(train: TrainConfig, epoch: int) -> float:
    """Learning rate of an epoch: constant, or half a cosine from lr down to 0."""
    if train.schedule == "constant":
        return train.lr
    return train.lr * 0.5 * (1 + math.cos(math.pi * epoch / train.epochs))


class Classifier(pl.LightningModule):
    """Cross-entropy training of any network in models.py.

    Learning rate, EDE steepness and random state are set from the epoch at its start, so there is
    no scheduler state to restore. The curve travels in the checkpoint.
    """

    def __init__(self, config: Config, validation: Images) -> None:
        super().__init__()
        self.config, self.validation = config, validation
        torch.manual_seed(config.train.seed)
        self.model = models.build(config.model, config.quant)
        self.curve: list[Row] = []
        self.started = 0.0
        self.sums = torch.zeros(3)  # loss * images, right, images

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """The optimiser. Lightning asks for it after the weights were restored."""
        train = self.config.train
        if train.optimiser == "sgd":
            return torch.optim.SGD(
                self.model.parameters(), train.lr, momentum=0.9, weight_decay=train.weight_decay
            )
        return torch.optim.Adam(
            self.model.parameters(), train.lr, weight_decay=train.weight_decay, foreach=True
        )

    def on_train_epoch_start(self) -> None:
        """Set everything that depends on the epoch."""
        train, epoch = self.config.train, self.current_epoch
        self.started = time.monotonic()
        self.sums = torch.zeros(3)
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = learning_rate(train, epoch)
        quantizers.set_progress(self.model, epoch, train.epochs)
        torch.set_rng_state(generator(train.seed, epoch).get_state())  # dropout

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """Loss of one batch."""
        x, y = batch
        scores = self.model(x)
        loss = F.cross_entropy(scores, y, label_smoothing=self.config.train.label_smoothing)
        with torch.no_grad():
            right = (scores.argmax(1) == y).sum()
            self.sums += torch.stack([loss.detach() * len(y), right, torch.tensor(len(y))])
        return loss

    def on_train_epoch_end(self) -> None:
        """Add the epoch to the curve; measure the validation images if there are any."""
        loss, right, count = self.sums.tolist()
        val = None
        if len(self.validation):
            found = labels(models.scores(self.model, self.validation.x))
            val = int((found == self.validation.y.numpy()).sum()) / len(self.validation)
        self.curve.append(
            {
                "epoch": self.current_epoch + 1,
                "train_loss": loss / count,
                "train_accuracy": right / count,
                "val_accuracy": val,
                "lr": learning_rate(self.config.train, self.current_epoch),
                "seconds": round(time.monotonic() - self.started, 3),
            }
        )

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what a resumed run needs besides weights and optimiser."""
        checkpoint["bnnflow"] = {"config": to_table(self.config), "curve": self.curve}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with the curve of the stopped run."""
        self.curve = list(checkpoint["bnnflow"]["curve"])
