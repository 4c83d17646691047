# SPDX-License-Identifier: Apache-2.0
"""S2-BNN: binary networks trained without labels, by contrast, by a teacher's guidance, or both.

Source: Shen et al., S2-BNN: Bridging the Gap Between Self-Supervised Real and 1-bit Neural Networks
via Guided Distribution Calibration, CVPR 2021 (arXiv:2102.08946); contrast as in MoCo v2 (Chen et
al., arXiv:2003.04297).

loss = "contrastive": two views; the query's embedding against the key of the other view, which a
momentum copy of the network makes, and a queue of keys of earlier batches. With method = "real"
that trains the teacher. "guided": one view; the student's embedding against that of a frozen
teacher (`guided`). "both": their sum.

Unlike MoCo there is no shuffling of batches for batch norm: of one rank it would change nothing.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from flows.errors import FlowError
from training import models, quantizers, ranks
from training.config import Config
from training.data import Batch, Labelled, generator
from training.distill import load_teacher
from training.experiment import Experiment
from training.network import Network
from training.precision import in_float32
from training.run import Row, load_embedding
from training.views import view

VIEW_SEED = 0x76696577


class Embedding(nn.Module):
    """Features to unit vectors in float32: linear, ReLU, linear, normalised."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.inner, self.outer = nn.Linear(inputs, inputs), nn.Linear(inputs, outputs)

    def forward(self, features: Tensor) -> Tensor:
        """Shape (N, inputs) to (N, outputs)."""
        with in_float32(features):
            return F.normalize(self.outer(F.relu(self.inner(features.float()))), dim=1)


def guided(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Guided distribution calibration: coordinates of an embedding as classes.

    L = -mean_i sum_j softmax(teacher_i / T)_j * log softmax(student_i / T)_j

    Args:
        student: unit rows, shape (N, d).
        teacher: the same, of the same views; without gradient.
        temperature: T > 0.
    """
    target = F.softmax(teacher.detach() / temperature, 1)
    return -(target * F.log_softmax(student / temperature, 1)).sum(1).mean()


class Queue(nn.Module):
    """Keys of earlier batches, the oldest replaced first; whole on every rank.

    Buffers, so a checkpoint has them.
    """

    keys: Tensor
    place: Tensor

    def __init__(self, size: int, dim: int) -> None:
        super().__init__()
        rows = torch.randn(size, dim, generator=generator(VIEW_SEED, size))
        self.register_buffer("keys", F.normalize(rows, dim=1))
        self.register_buffer("place", torch.tensor(0))

    def contrast(self, query: Tensor, key: Tensor, temperature: float) -> Tensor:
        """InfoNCE of unit rows, shape (n, d) both: the own key against all keys of the queue."""
        positive = (query * key).sum(1, keepdim=True)
        with in_float32(query):
            others = query @ self.keys.clone().T
        logits = torch.cat([positive, others], 1) / temperature
        return F.cross_entropy(logits, torch.zeros(len(query), dtype=torch.long, device=key.device))

    @torch.no_grad()
    def push(self, key: Tensor) -> None:
        """Replace the oldest keys by those of this batch, of all ranks."""
        key = ranks.gather(key)
        at = (torch.arange(len(key), device=key.device) + self.place) % len(self.keys)
        self.keys[at] = key
        self.place.copy_((self.place + len(key)) % len(self.keys))


class SelfSupervised(Experiment):
    """Training of a network's features, and of an embedding behind them, without labels."""

    def __init__(self, config: Config, training: Labelled) -> None:
        super().__init__(config)
        ssl, self.shape = config.ssl, (training.channels, training.rows, training.columns)
        if config.train.batch > ssl.queue:
            raise FlowError(
                "ssl-queue",
                f"a batch of {config.train.batch} does not fit into a queue of {ssl.queue}",
                "[ssl] queue of the configuration",
                f"queue = {4 * config.train.batch}",
            )
        torch.manual_seed(config.train.seed)
        self.model: Network = models.build(config.model, config.quant)
        self.embedding = Embedding(self.model.features_out, ssl.dim)
        if config.train.init:
            models.load_init(self.model, config.train.init)
            self.embedding.load_state_dict(_embedding(config.train.init, self.embedding))
        self.model.head_module().requires_grad_(False)  # never asked: labels come later
        self.keys: nn.ModuleList | None = None
        if ssl.loss in ("contrastive", "both"):
            pair = [copy.deepcopy(m) for m in (self.model, self.embedding)]
            self.keys = nn.ModuleList(pair).requires_grad_(False)
            self.queue = Queue(ssl.queue, ssl.dim)
        self.teacher: list[tuple[Network, Embedding]] | None = None  # a list: in no checkpoint
        if ssl.loss in ("guided", "both"):
            self.teacher = [_teacher(config)]

    def on_train_epoch_start(self) -> None:
        """Set everything that depends on the epoch."""
        super().on_train_epoch_start()
        if self.keys is not None:
            quantizers.set_progress(self.keys, self.current_epoch, self.config.train.epochs)
        self.draw = generator(self.config.train.seed ^ VIEW_SEED, self.current_epoch)

    @torch.no_grad()
    def _key(self, x: Tensor) -> Tensor:
        """Move the momentum copy towards the network, and embed a view with it."""
        assert self.keys is not None
        model, embedding = cast("tuple[Network, Embedding]", tuple(self.keys))
        ours = [*self.model.parameters(), *self.embedding.parameters()]
        for theirs, p in zip(self.keys.parameters(), ours, strict=True):
            theirs.lerp_(p, 1 - self.config.ssl.momentum)
        key: Tensor = embedding(model.features(x))
        return key

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """Loss of one batch; its labels are not looked at."""
        ssl, x = self.config.ssl, batch[0]
        query_view = view(x, self.shape, self.draw)
        query = self.embedding(self.features(query_view))
        parts = {}
        if self.keys is not None:
            key = self._key(view(x, self.shape, self.draw))
            parts["contrast"] = self.queue.contrast(query, key, ssl.temperature)
            self.queue.push(key)
        if self.teacher is not None:
            network, embedding = self.teacher[0]
            with torch.no_grad():
                features = network.to(x.device).features(query_view)
                target = embedding.to(x.device)(features)
            parts["guided"] = guided(query, target, ssl.temperature)
        loss = torch.stack(list(parts.values())).sum()
        sums = {f"loss_{name}": value * len(x) for name, value in parts.items()}
        self.add(len(x), loss=loss * len(x), **sums)
        return loss

    def row(self, means: dict[str, float]) -> Row:
        """Losses: nothing is known about classes."""
        row: Row = {"train_loss": means.pop("loss")}
        return row | means


def _embedding(run: str, like: Embedding) -> dict[str, Tensor]:
    state = load_embedding(Path(run))
    wanted = {k: v.shape for k, v in like.state_dict().items()}
    if {k: v.shape for k, v in state.items()} != wanted:
        raise FlowError(
            "ssl-fits",
            f"the embedding of {run} has other sizes than the {wanted['outer.weight']} here",
            "[ssl] dim and [model] of the configuration",
            "the same sizes in both runs",
        )
    return state


def _teacher(config: Config) -> tuple[Network, Embedding]:
    network = load_teacher(config.ssl.teacher, config, "ssl")
    state = load_embedding(Path(config.ssl.teacher))
    if len(state["outer.bias"]) != config.ssl.dim:
        raise FlowError(
            "ssl-fits",
            f"the teacher embeds in {len(state['outer.bias'])} numbers, the student in "
            f"{config.ssl.dim}",
            "[ssl] dim of the configuration",
            f"dim = {len(state['outer.bias'])}",
        )
    embedding = Embedding(network.features_out, config.ssl.dim)
    embedding.load_state_dict(state)
    return network, embedding.eval().requires_grad_(False)
