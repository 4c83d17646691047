# SPDX-License-Identifier: Apache-2.0
"""Train a network and leave it in a run folder.

    python -m training.train --config training/configs/tfc_w1a1.toml --run build/demo

A run is a function of its configuration and seed: what is random in an epoch follows from
(seed, epoch), so a run that was stopped and resumed draws the same curve as one that was not.
"""

from __future__ import annotations

import argparse
import logging
import pickle
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch

from flows.errors import FlowError, run_main
from training import ranks
from training.batches import EpochBatches, StoredBatches
from training.callbacks import Keep, Progress
from training.classifier import Classifier
from training.config import Config, from_table, load, to_table
from training.data import Images, Labelled, asked, load_test, load_train, split
from training.experiment import Experiment
from training.guard import Guard
from training.run import (
    CHECKPOINT,
    METRICS,
    RESOLVED,
    complete,
    finish,
    finish_unlabelled,
    start,
)
from training.s2bnn import SelfSupervised
from training.stored import StoredImages


@dataclass(frozen=True)
class Machine:
    """Where a run runs; it is no part of the experiment."""

    accelerator: str = "cpu"
    devices: int = 1  # ranks on this node: processors' processes or GPUs
    nodes: int = 1


def train(
    config: Config,
    run: Path,
    resume: str = "auto",
    data: Path | None = None,
    machine: Machine | None = None,
) -> None:
    """Train, or finish, or recognise as finished, the run of a configuration.

    Args:
        config: the experiment.
        run: folder for everything that is written.
        resume: "auto" goes on from last.ckpt; "never" starts over.
        data: folder of the data files; see training.data.folder_of.
        machine: one process of the processor if not given.

    Raises:
        FlowError: run-differs (the folder holds another experiment), checkpoint-damaged,
            batch-ranks, train-diverged, and the data errors of training.data.
    """
    machine = machine or Machine()
    _shares(config, machine)
    checkpoint = None
    if resume == "auto" or not ranks.first():
        metrics = complete(run)
        if metrics:
            _same(metrics["config"], config, run)
            say(f"train: {run} is complete, {outcome(metrics)}; nothing to do")
            return
        checkpoint = _checkpoint(run, config)
    images, test = load_train(*asked(config, data)), load_test(*asked(config, data))
    _fits(config, images, test)
    training, validation = split(images, config.data.validation)
    if config.data.images:
        training = training.subset(torch.arange(min(config.data.images, len(training))))
    if checkpoint is None and ranks.first():
        start(run, config)
    torch.set_num_threads(config.train.threads or torch.get_num_threads())
    module: Experiment
    if config.ssl.loss == "none":
        module = Classifier(config, training, validation)
    else:
        module = SelfSupervised(config, training)
    say(
        f"train: {len(training)} images, {config.train.epochs} epochs, seed {config.train.seed}"
        + (f", going on after {checkpoint.name}" if checkpoint else "")
    )
    _fit(module, training, run, checkpoint, machine)
    if ranks.first():
        metrics = _finish(run, module.cpu(), test, len(training))
        say(f"train: {outcome(metrics)}, {metrics['seconds']:.0f} s; see {run / METRICS}")


def say(text: str) -> None:
    """Print, once for all ranks."""
    if ranks.first():
        print(text, flush=True)


def _finish(run: Path, module: Experiment, test: Images, n_train: int) -> dict[str, Any]:
    config, curve = module.config, module.curve
    if isinstance(module, SelfSupervised):
        return finish_unlabelled(run, module.model, module.embedding, config, n_train, curve)
    return finish(run, module.model, config, test, n_train, curve, module.best)


def outcome(metrics: dict[str, Any]) -> str:
    """A finished run in a few words."""
    if metrics["accuracy_top1"] is None:
        loss = metrics["curve"][-1]["train_loss"]
        return f"{metrics['epochs']} epochs without labels, loss {loss:.3f}"
    return f"{metrics['accuracy_top1']:.2%} of {metrics['n_test']} test images right"


def _fit(
    module: Experiment, training: Labelled, run: Path, checkpoint: Path | None, machine: Machine
) -> None:
    config = module.config
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    many = machine.devices * machine.nodes > 1
    trainer = pl.Trainer(
        max_epochs=config.train.epochs,
        accelerator=machine.accelerator,
        devices=machine.devices,
        num_nodes=machine.nodes,
        strategy="ddp" if many else "auto",
        precision="bf16-mixed" if config.train.precision == "bfloat16" else "32-true",
        deterministic=True if machine.accelerator == "cpu" else "warn",
        callbacks=[Guard(), Progress(), Keep(run)],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        default_root_dir=run,
    )
    batches = _batches(config, training, lambda: trainer.current_epoch, trainer.strategy)
    try:
        trainer.fit(module, batches, ckpt_path=checkpoint)
    except SystemExit as err:  # how Lightning ends after Ctrl-C
        raise KeyboardInterrupt from err


def _batches(
    config: Config, training: Labelled, epoch: Callable[[], int], strategy: Any
) -> EpochBatches | StoredBatches:
    use, device = config.data, strategy.root_device
    size, seed = config.train.batch, config.train.seed
    if isinstance(training, StoredImages):
        return StoredBatches(training, size, seed, epoch, use.shift, use.flip, use.crop, device)
    return EpochBatches(training, size, seed, epoch, use.shift, use.flip, device)


def _shares(config: Config, machine: Machine) -> None:
    """Every rank has to have the same share of a batch."""
    many = machine.devices * machine.nodes
    if config.train.batch % many:
        raise FlowError(
            "batch-ranks",
            f"a batch of {config.train.batch} images cannot be shared equally by {many} ranks",
            "[train] batch of the configuration, --devices and --nodes",
            f"a batch of {config.train.batch // many * many + many}",
        )


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
    saved = to_table(from_table(saved, str(run)))  # keys that are newer than the run: defaults
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


def _fits(config: Config, images: Labelled, test: Images) -> None:
    model = config.model
    top = int(max(images.y.max(), test.y.max()))
    found = {each.channels * each.rows * each.columns for each in (images, test)}
    if found != {model.in_features} or top >= model.classes:
        raise FlowError(
            "model-fits",
            f"images of {sorted(found)} pixels and labels up to {top} do not fit a network of "
            f"{model.in_features} inputs and {model.classes} classes",
            "[model] in_features and classes of the configuration",
            f"in_features = {max(found)}, classes = {top + 1}",
        )


def _main() -> None:
    parser = argparse.ArgumentParser(description="Train a network into a run folder.")
    parser.add_argument("--config", type=Path, required=True, help="training/configs/*.toml")
    parser.add_argument("--run", type=Path, required=True, help="folder for what is written")
    parser.add_argument("--resume", choices=("auto", "never"), default="auto")
    parser.add_argument("--seed", type=int, help="instead of the configuration's")
    parser.add_argument("--epochs", type=int, help="instead of the configuration's")
    parser.add_argument("--data", type=Path, help="folder of the data files")
    parser.add_argument("--accelerator", default="cpu", choices=("cpu", "gpu"))
    parser.add_argument("--devices", type=int, default=1, help="ranks on this node")
    parser.add_argument("--nodes", type=int, default=1)
    args = parser.parse_args()
    changes = {k: v for k in ("seed", "epochs") if (v := getattr(args, k)) is not None}
    machine = Machine(args.accelerator, args.devices, args.nodes)
    train(load(args.config).with_train(**changes), args.run, args.resume, args.data, machine)


if __name__ == "__main__":
    sys.exit(run_main(_main))
