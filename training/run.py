# SPDX-License-Identifier: Apache-2.0
"""What a training run leaves in its folder, and how the next stages read it."""

from __future__ import annotations

import copy
import io
import json
import pickle
import platform
import subprocess
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from flows.errors import FlowError
from flows.files import sha256_of, write_atomic, write_json
from training import models
from training.config import Config, from_table, to_table, to_toml
from training.data import Images
from training.network import Network

CHECKPOINT, MODEL, METRICS = "last.ckpt", "model.pt", "metrics.json"
CURVE, RESOLVED = "metrics.csv", "config.toml"
Row = dict[str, float | int | None]


def labels(scores: Tensor | np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Class of each row of scores: the first largest one, as hardware decides ties."""
    out: np.ndarray[Any, Any] = np.asarray(scores).argmax(1)
    return out


def confusion(true: Tensor, found: np.ndarray[Any, Any], classes: int) -> list[list[int]]:
    """Count of images by true class (row) and found class (column)."""
    cells = np.bincount(true.numpy() * classes + found, minlength=classes * classes)
    table: list[list[int]] = cells.reshape(classes, classes).tolist()
    return table


def save_model(
    run: Path, model: nn.Module, config: Config, embedding: nn.Module | None = None
) -> None:
    """Write model.pt: state dict, configuration, seed. The same network gives the same bytes.

    A run without labels adds its embedding, which a student's guidance needs.
    """
    buffer = io.BytesIO()
    content = {
        "format": 1,
        "config": to_table(config),
        "seed": config.train.seed,
        "state": dict(model.state_dict()),
    }
    if embedding is not None:
        content["embedding"] = dict(embedding.state_dict())
    torch.save(content, buffer)
    write_atomic(run / MODEL, buffer.getvalue())


def load_model(run: Path) -> tuple[Network, Config]:
    """The trained network of a run folder, in evaluation mode, and its configuration.

    Raises:
        FlowError: model-missing, model-damaged.
    """
    path = run / MODEL
    if not path.is_file():
        raise FlowError(
            "model-missing",
            "this run has no trained model",
            str(path),
            f"python -m training.train --config training/configs/tfc_w1a1.toml --run {run}",
        )
    try:
        content = torch.load(path, weights_only=True)
        config = from_table(content["config"], str(path))
        model = models.build(config.model, config.quant)
        model.load_state_dict(content["state"])
    except (RuntimeError, pickle.UnpicklingError, zipfile.BadZipFile, EOFError, KeyError) as err:
        raise FlowError(
            "model-damaged",
            f"model.pt cannot be read: {str(err).splitlines()[0]}",
            str(path),
            f"remove {path} and train again",
        ) from err
    return model.eval(), config


def load_classifier(run: Path) -> tuple[Network, Config]:
    """The trained network of a run folder, if its scores were trained: not so without labels.

    Raises:
        FlowError: model-missing, model-damaged, model-unlabelled.
    """
    model, config = load_model(run)
    if config.ssl.loss != "none":
        raise FlowError(
            "model-unlabelled",
            "the run was trained without labels: its features are trained, its last layer is not",
            str(run / MODEL),
            f'a run with [train] init = "{run}" and freeze = true',
            'training/README.md, "Without labels"',
        )
    return model, config


def load_embedding(run: Path) -> dict[str, Tensor]:
    """The embedding behind a network that was trained without labels.

    Raises:
        FlowError: embedding-missing.
    """
    try:
        content = torch.load(run / MODEL, weights_only=True, map_location="cpu")
        embedding: dict[str, Tensor] = content["embedding"]
    except (OSError, RuntimeError, pickle.UnpicklingError, KeyError) as err:
        raise FlowError(
            "embedding-missing",
            "the run holds no embedding: it was trained with labels, or not at all",
            str(run / MODEL),
            'a run with [ssl] loss = "contrastive", e.g. training/configs/s2bnn_teacher.toml',
        ) from err
    return embedding


def write_curve(run: Path, curve: list[Row]) -> None:
    """Write metrics.csv: one line per epoch so far."""
    lines = [",".join(curve[0])] if curve else []
    lines += [",".join("" if v is None else str(v) for v in row.values()) for row in curve]
    write_atomic(run / CURVE, "\n".join(lines) + "\n")


def finish(
    run: Path,
    model: Network,
    config: Config,
    test: Images,
    n_train: int,
    curve: list[Row],
    best: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Measure the trained network on all test images, once, and write the run's results.

    metrics.json comes last: a run that has it is complete.

    Args:
        run: the folder.
        model: the network after the last epoch.
        config: the experiment; train.keep says which epoch becomes model.pt.
        test: all test images.
        n_train: how many images it was trained on.
        curve: rows of all epochs.
        best: epoch, val_accuracy and state of the epoch that was best on the validation images.

    Returns:
        The content of metrics.json. accuracy_top1 is that of model.pt; accuracy_last and
        accuracy_best are told apart where there were validation images.
    """
    last = labels(models.scores(model, test.x))
    found, right = last, {"last": int((last == test.y.numpy()).sum())}
    if best is not None:
        state = copy.deepcopy(model.state_dict())
        model.load_state_dict(best["state"])
        found = labels(models.scores(model, test.x))
        right["best"] = int((found == test.y.numpy()).sum())
        if config.train.keep == "last":
            model.load_state_dict(state)
            found = last
    save_model(run, model, config)
    accuracy = {
        "accuracy_top1": right[config.train.keep] / len(test),
        "accuracy_last": right["last"] / len(test),
        "accuracy_best": right["best"] / len(test) if best else None,
        "best_epoch": best["epoch"] if best else None,
    }
    table = confusion(test.y, found, config.model.classes)
    return _write_metrics(run, config, curve, accuracy, len(test), n_train, table)


def finish_unlabelled(
    run: Path,
    model: Network,
    embedding: nn.Module,
    config: Config,
    n_train: int,
    curve: list[Row],
) -> dict[str, Any]:
    """Write the results of a run without labels: a network with features, no accuracy."""
    save_model(run, model, config, embedding)
    return _write_metrics(run, config, curve, {"accuracy_top1": None}, 0, n_train, None)


def _write_metrics(
    run: Path,
    config: Config,
    curve: list[Row],
    accuracy: dict[str, Any],
    n_test: int,
    n_train: int,
    table: list[list[int]] | None,
) -> dict[str, Any]:
    metrics = accuracy | {
        "n_test": n_test,
        "n_train": n_train,
        "epochs": config.train.epochs,
        "seconds": round(sum(float(row["seconds"] or 0) for row in curve), 1),
        "seed": config.train.seed,
        "curve": curve,
        "confusion": table,
        "versions": versions(),
        "config": to_table(config),
        "commit": commit(),
        "model_sha256": sha256_of(run / MODEL),
    }
    write_json(run / METRICS, metrics)
    return metrics


def complete(run: Path) -> dict[str, Any] | None:
    """The metrics of a finished run whose model is the one measured; None otherwise."""
    try:
        metrics: dict[str, Any] = json.loads((run / METRICS).read_text())
        return metrics if metrics["model_sha256"] == sha256_of(run / MODEL) else None
    except (OSError, ValueError, KeyError):
        return None


def start(run: Path, config: Config) -> None:
    """Prepare a folder for a run from the beginning: no result of an earlier one is left."""
    run.mkdir(parents=True, exist_ok=True)
    exported = ("00_export.onnx", "00_export.json")  # of the model that is about to go
    for name in (METRICS, MODEL, CURVE, CHECKPOINT, *exported):
        (run / name).unlink(missing_ok=True)
    write_atomic(run / RESOLVED, to_toml(config))


def versions() -> dict[str, str]:
    """Versions that the numbers depend on."""
    names = ("torch", "brevitas", "lightning", "numpy")
    return {"python": platform.python_version()} | {name: version(name) for name in names}


def commit() -> str | None:
    """The commit of this checkout, with "+" when files were changed; None without git."""
    here = Path(__file__).parent
    git = ["git", "-C", str(here)]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip()
        dirty = subprocess.run(
            [*git, "status", "--porcelain", "--untracked-files=no"], capture_output=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return head + ("+" if dirty else "")
