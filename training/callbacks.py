# SPDX-License-Identifier: Apache-2.0
"""What happens around the epochs of a run: files kept, progress shown."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback, Checkpoint
from tqdm import tqdm

from flows.files import replacing
from training.experiment import Experiment
from training.run import CHECKPOINT, write_curve


class Keep(Checkpoint):
    """After every epoch: metrics.csv and last.ckpt, each whole or not at all."""

    def __init__(self, run: Path) -> None:
        super().__init__()
        self.run = run

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write both. Lightning calls checkpoint callbacks last, so the curve is complete."""
        assert isinstance(pl_module, Experiment)
        if not trainer.is_global_zero:
            trainer.save_checkpoint(self.run / CHECKPOINT)  # takes part, and writes nothing
            return
        with replacing(self.run / CHECKPOINT) as tmp:
            trainer.save_checkpoint(tmp)
        write_curve(self.run, pl_module.curve)


class Progress(Callback):
    """One bar over the whole run with the time left; a line per epoch where no terminal is."""

    EVERY = 20  # batches between two refreshes

    def __init__(self) -> None:
        super().__init__()
        self.bar: tqdm[Any] | None = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Open the bar, at the epoch a resumed run starts with."""
        steps, epochs = int(trainer.num_training_batches), trainer.max_epochs or 0
        self.bar = tqdm(
            total=epochs * steps,
            initial=trainer.current_epoch * steps,
            unit="batch",
            disable=not (sys.stderr.isatty() and trainer.is_global_zero),
            smoothing=0.05,
            dynamic_ncols=True,
        )

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, out: Any, batch: Any, index: int
    ) -> None:
        """Move the bar."""
        if self.bar and (index + 1) % self.EVERY == 0:
            self.bar.update(self.EVERY)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say how the epoch went. Runs before the module's own hook: the sums are still there."""
        assert isinstance(pl_module, Experiment) and self.bar is not None
        means = pl_module.means()
        done, epochs = trainer.current_epoch + 1, trainer.max_epochs or 0
        text = f"epoch {done}/{epochs} loss {means['loss']:.3f}"
        if "right" in means:
            text += f" train {means['right']:.2%}"
        self.bar.update(int(trainer.num_training_batches) % self.EVERY)
        self.bar.set_description(text)
        if self.bar.disable and trainer.is_global_zero:
            seconds = time.monotonic() - pl_module.started
            print(f"{text}  about {seconds * (epochs - done):.0f} s left", flush=True)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Close the bar."""
        if self.bar:
            self.bar.close()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Close the bar."""
        if self.bar:
            self.bar.close()
