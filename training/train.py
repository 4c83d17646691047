# SPDX-License-Identifier: Apache-2.0
"""Train a network and leave it in a run folder.

    python -m training.train --config training/configs/tfc_w1a1.toml --run build/demo

A run is a function of its configuration and seed: what is random in an epoch follows from
(seed, epoch), so a run that was stopped and resumed draws the same curve as one that was not.
"""

from __future__ import annotations

import argparse
import logging
import math
import pickle
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, Checkpoint
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from flows.errors import FlowError, run_main
from flows.files import replacing
from training import models, quantizers
from training.config import Config, TrainConfig, load, to_table
from training.data import Batch, EpochBatches, Images, generator, load_test, load_train, split
from training.run import (
    CHECKPOINT,
    METRICS,
    RESOLVED,
    Row,
    complete,
    finish,
    labels,
    start,
    write_curve,
)


def learning_rate(train: TrainConfig, epoch: int) -> float:
    """Learning rate of an epoch: constant, or half a cosine from lr down to 0."""
    if train.schedule == "constant":
        return train.lr
    return train.lr * 0.5 * (1 + math.cos(math.pi * epoch / train.epochs))


class Classifier(pl.LightningModule):
    """Cross-entropy training of any network in models.py; the only code that knows Lightning.

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


class Keep(Checkpoint):
    """After every epoch: metrics.csv and last.ckpt, each whole or not at all."""

    def __init__(self, run: Path) -> None:
        super().__init__()
        self.run = run

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write both. Lightning calls checkpoint callbacks last, so the curve is complete."""
        assert isinstance(pl_module, Classifier)
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
            disable=not sys.stderr.isatty(),
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
        assert isinstance(pl_module, Classifier) and self.bar is not None
        loss, right, count = pl_module.sums.tolist()
        done, epochs = trainer.current_epoch + 1, trainer.max_epochs or 0
        text = f"epoch {done}/{epochs} loss {loss / count:.3f} train {right / count:.2%}"
        self.bar.update(int(trainer.num_training_batches) % self.EVERY)
        self.bar.set_description(text)
        if self.bar.disable:
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


def train(config: Config, run: Path, resume: str = "auto", data: Path | None = None) -> None:
    """Train, or finish, or recognise as finished, the run of a configuration.

    Args:
        config: the experiment.
        run: folder for everything that is written.
        resume: "auto" goes on from last.ckpt; "never" starts over.
        data: folder of the data files; see training.data.folder_of.

    Raises:
        FlowError: run-differs (the folder holds another experiment), checkpoint-damaged, and the
            data errors of training.data.
    """
    checkpoint = None
    if resume == "auto":
        metrics = complete(run)
        if metrics:
            _same(metrics["config"], config, run)
            top1 = metrics["accuracy_top1"]
            print(f"train: {run} is complete, {top1:.2%} of {metrics['n_test']}; nothing to do")
            return
        checkpoint = _checkpoint(run, config)
    images = load_train(config.data.name, data)
    test = load_test(config.data.name, data)
    _fits(config, images, test)
    training, validation = split(images, config.data.validation)
    if checkpoint is None:
        start(run, config)
    torch.set_num_threads(config.train.threads or torch.get_num_threads())
    module = Classifier(config, validation)
    print(
        f"train: {len(training)} images, {config.train.epochs} epochs, seed {config.train.seed}"
        + (f", going on after {checkpoint.name}" if checkpoint else ""),
        flush=True,
    )
    _fit(module, training, run, checkpoint)
    metrics = finish(run, module.model, config, test, len(training), module.curve)
    top1, n_test, seconds = (metrics[k] for k in ("accuracy_top1", "n_test", "seconds"))
    print(f"train: {top1:.2%} of {n_test} test images right, {seconds:.0f} s; see {run / METRICS}")


def _fit(module: Classifier, training: Images, run: Path, checkpoint: Path | None) -> None:
    config = module.config
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    trainer = pl.Trainer(
        max_epochs=config.train.epochs,
        accelerator="cpu",
        devices=1,
        deterministic=True,
        callbacks=[Progress(), Keep(run)],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=run,
    )
    batches = EpochBatches(
        training,
        config.train.batch,
        config.train.seed,
        lambda: trainer.current_epoch,
        config.data.shift,
        config.data.flip,
    )
    try:
        trainer.fit(module, batches, ckpt_path=checkpoint)
    except SystemExit as err:  # how Lightning ends after Ctrl-C
        raise KeyboardInterrupt from err


def _checkpoint(run: Path, config: Config) -> Path | None:
    """The checkpoint to go on from, if there is one; it has to belong to this experiment."""
    path = run / CHECKPOINT
    if not path.is_file():
        return None
    try:
        content = torch.load(path, weights_only=True, map_location="cpu")
        saved = content["bnnflow"]["config"]
    except (RuntimeError, pickle.UnpicklingError, EOFError, KeyError) as err:
        raise FlowError(
            "checkpoint-damaged",
            f"last.ckpt cannot be read: {str(err).splitlines()[0]}",
            str(path),
            "--resume never starts over",
        ) from err
    _same(saved, config, run)
    return path


def _same(saved: dict[str, dict[str, Any]], config: Config, run: Path) -> None:
    wanted = to_table(config)
    changed = [
        f"{section}.{key} is {value!r}, was {saved.get(section, {}).get(key)!r}"
        for section, keys in wanted.items()
        for key, value in keys.items()
        if saved.get(section, {}).get(key) != value
    ]
    if changed:
        raise FlowError(
            "run-differs",
            f"the folder holds a run of another configuration ({'; '.join(changed)})",
            str(run / RESOLVED),
            "another --run folder, or --resume never to throw that run away",
        )


def _fits(config: Config, images: Images, test: Images) -> None:
    model = config.model
    top = int(max(images.y.max(), test.y.max()))
    found = {images.x.shape[1], test.x.shape[1]}
    if found != {model.in_features} or top >= model.classes:
        raise FlowError(
            "model-fits",
            f"images of {sorted(found)} pixels and labels up to {top} do not fit a network of "
            f"{model.in_features} inputs and {model.classes} classes",
            "[model] in_features and classes of the configuration",
            f"in_features = {images.x.shape[1]}, classes = {top + 1}",
        )


def _main() -> None:
    parser = argparse.ArgumentParser(description="Train a network into a run folder.")
    parser.add_argument("--config", type=Path, required=True, help="training/configs/*.toml")
    parser.add_argument("--run", type=Path, required=True, help="folder for what is written")
    parser.add_argument("--resume", choices=("auto", "never"), default="auto")
    parser.add_argument("--seed", type=int, help="instead of the configuration's")
    parser.add_argument("--epochs", type=int, help="instead of the configuration's")
    parser.add_argument("--data", type=Path, help="folder of the data files")
    args = parser.parse_args()
    changes = {k: v for k in ("seed", "epochs") if (v := getattr(args, k)) is not None}
    train(load(args.config).with_train(**changes), args.run, args.resume, args.data)


if __name__ == "__main__":
    sys.exit(run_main(_main))
