# SPDX-License-Identifier: Apache-2.0
"""Supervised training of any network: cross-entropy, and what a configuration adds to it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from training import models
from training.cmim import Cmim
from training.config import Config
from training.data import Batch, Labelled
from training.distill import Distill
from training.experiment import Experiment
from training.network import Network
from training.run import Row, labels


class Classifier(Experiment):
    """Cross-entropy training of any network in models.py; [distill] and [cmim] add to it."""

    def __init__(self, config: Config, training: Labelled, validation: Labelled) -> None:
        super().__init__(config)
        self.validation = validation
        torch.manual_seed(config.train.seed)
        self.model: Network = models.build(config.model, config.quant)
        self.frozen = config.train.freeze
        if config.train.init:
            models.load_init(self.model, config.train.init)
        if self.frozen:
            self.model.requires_grad_(False)
            self.model.head_module().requires_grad_(True)
        self.cmim = Cmim(config, self.model, training.y) if config.cmim.weight else None
        self.distill = Distill(config) if config.distill.weight else None

    def on_train_epoch_start(self) -> None:
        """Set everything that depends on the epoch."""
        super().on_train_epoch_start()
        if self.frozen:  # features as they are evaluated, batch norms included
            self.model.eval()
            self.model.head_module().train()
        if self.cmim is not None:
            self.cmim.start_epoch(self.current_epoch)

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """Loss of one batch."""
        x, y, which = batch
        with torch.set_grad_enabled(not self.frozen):
            features = self.features(x)
        scores = self.model.head(features)
        loss = F.cross_entropy(scores, y, label_smoothing=self.config.train.label_smoothing)
        parts = {}
        if self.distill is not None:
            parts["distill"] = self.distill(x, scores)
            loss = torch.lerp(loss, parts["distill"], self.config.distill.weight)
        if self.cmim is not None:
            parts["cmim"] = self.cmim(x, features, which)
            loss = loss + self.config.cmim.weight * parts["cmim"]
        with torch.no_grad():
            sums = {f"loss_{name}": value * len(y) for name, value in parts.items()}
            self.add(len(y), loss=loss * len(y), right=(scores.argmax(1) == y).sum(), **sums)
        return loss

    def row(self, means: dict[str, float]) -> Row:
        """Losses and accuracies; validation images are measured if there are any."""
        val = None
        if len(self.validation):
            found = labels(models.scores(self.model, self.validation))
            val = int((found == self.validation.y.numpy()).sum()) / len(self.validation)
        row: Row = {
            "train_loss": means.pop("loss"),
            "train_accuracy": means.pop("right"),
            "val_accuracy": val,
        }
        return row | means
