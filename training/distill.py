# SPDX-License-Identifier: Apache-2.0
"""Supervised distillation: a finished run's scores as soft targets.

Source: Hinton et al., Distilling the Knowledge in a Neural Network, 2015 (arXiv:1503.02531).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from flows.errors import FlowError
from training.config import Config
from training.network import Network
from training.run import load_model


def soft_targets(scores: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Loss T^2 * KL(softmax(teacher / T), softmax(scores / T)), mean over images.

    T^2 keeps the size of its gradient beside that of cross-entropy whatever T is.

    Args:
        scores: shape (N, classes), with gradient.
        teacher: the same shape; no gradient goes there.
        temperature: T > 0.
    """
    student = F.log_softmax(scores / temperature, 1)
    target = F.log_softmax(teacher.detach() / temperature, 1)
    loss = F.kl_div(student, target, reduction="batchmean", log_target=True)
    return loss * temperature**2


def load_teacher(run: str, config: Config, section: str) -> Network:
    """The finished network of a run, frozen, for a student of the same images and classes.

    Raises:
        FlowError: teacher-missing, teacher-fits, model-damaged.
    """
    where = f"[{section}] teacher of the configuration"
    if not run or not (Path(run) / "model.pt").is_file():
        raise FlowError(
            "teacher-missing",
            f"{run!r} is no folder of a finished run" if run else "no teacher is named",
            where,
            "train one first, e.g. python -m training.train --config "
            f"training/configs/tfc_real.toml --run {run or 'build/teacher'}",
        )
    teacher, theirs = load_model(Path(run))
    ours, other = (
        {"in_features": c.model.in_features, "classes": c.model.classes} for c in (config, theirs)
    )
    if ours != other:
        raise FlowError(
            "teacher-fits",
            f"the teacher has {other}, the student {ours}",
            f"{where}: {run}",
            "a teacher that was trained on the same data set",
        )
    teacher.requires_grad_(False)
    return teacher


class Distill:
    """The soft targets of one configuration. No module: the teacher is in no checkpoint."""

    def __init__(self, config: Config) -> None:
        self.temperature = config.distill.temperature
        self.teacher = load_teacher(config.distill.teacher, config, "distill")

    def __call__(self, x: Tensor, scores: Tensor) -> Tensor:
        """Loss of the student's scores on the images that the teacher sees, too."""
        with torch.no_grad():
            teacher = self.teacher.to(x.device)(x)
        return soft_targets(scores, teacher, self.temperature)
