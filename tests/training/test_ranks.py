# SPDX-License-Identifier: Apache-2.0
"""Losses that use the batch: two ranks have the loss and the gradient of one process."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from flows.errors import FlowError
from tests.training.two_ranks import on_two_ranks
from training import ranks
from training.batches import EpochBatches
from training.cmim import Pair
from training.config import CmimConfig, Config
from training.data import Images, generator
from training.nce import Negatives
from training.s2bnn import Queue
from training.train import Machine, train
from training.views import view

IMAGES, BATCH, STEPS = 40, 16, 3


def images() -> Images:
    draw = generator(1, 2)
    x = torch.randint(256, (IMAGES, 25), generator=draw, dtype=torch.uint8)
    return Images(x, torch.randint(3, (IMAGES,), generator=draw), 5, 5)


def batches() -> EpochBatches:
    return EpochBatches(images(), BATCH, 7, lambda: 3, shift=1)


def contrast(config: CmimConfig, y: Tensor | None) -> list[list[Tensor]]:
    """Loss, mean gradients and memories after a few steps, as DDP would have them."""
    torch.manual_seed(3)
    encoder = torch.nn.Linear(25, 6)
    pair = Pair((6, 6), config, IMAGES, 0)
    draw, out = generator(5, 0), []
    parameters = [*encoder.parameters(), *pair.heads.parameters()]
    for x, _, index in batches():
        latent = encoder(x)
        negative = None
        if pair.memories:
            negatives = Negatives(y, IMAGES)
            negative = (
                negatives.draw(index, 9, draw) if y is not None else negatives.shared(9, draw)
            )
        loss = pair((latent, torch.tanh(3 * latent)), index, negative)
        grads = torch.autograd.grad(loss, parameters)
        mean = [ranks.total(g) / ranks.world() for g in (loss, *grads)]
        with torch.no_grad():
            for p, g in zip(parameters, mean[1:], strict=True):
                p -= 0.1 * g
        out.append(mean)
    return [*out, [m.rows for m in pair.memories], [m.z for m in pair.memories]]


def moco() -> list[list[Tensor]]:
    """The queue's contrast: loss and mean gradients over some steps, and its keys."""
    torch.manual_seed(4)
    encoder, queue, out = torch.nn.Linear(25, 6), Queue(40, 6), []
    for x, _, _ in batches():
        query, key = (F.normalize(encoder(v), dim=1) for v in (x, 1 - x))
        loss = queue.contrast(query, key.detach(), 0.2)
        grads = torch.autograd.grad(loss, [*encoder.parameters()])
        queue.push(key.detach())
        out.append([ranks.total(g) / ranks.world() for g in (loss, *grads)])
    return [*out, [queue.keys, queue.place]]


def views() -> list[list[Tensor]]:
    draw = generator(8, 8)
    return [[ranks.gather(view(x, (1, 5, 5), draw))] for x, _, _ in batches()]


def work() -> dict[str, list[list[Tensor]]]:
    y = images().y
    return {
        "batch": contrast(CmimConfig(1.0, dim=4), None),
        "bank": contrast(CmimConfig(1.0, negatives="bank", dim=4), None),
        "distill": contrast(CmimConfig(1.0, mode="distill", dim=4), y),
        "moco": moco(),
        "views": views(),
        "shares": [[x, index] for x, _, index in batches()],
    }


def test_two_ranks_equal_one_process(tmp_path: Path) -> None:
    one, (first, second) = work(), on_two_ranks(work, tmp_path)
    for name in ("batch", "bank", "distill", "moco", "views"):
        torch.testing.assert_close(first[name], one[name], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(first[name], second[name], rtol=0, atol=0)
    for whole, a, b in zip(one["shares"], first["shares"], second["shares"], strict=True):
        assert len(a[1]) == BATCH // 2
        assert all(torch.equal(w, torch.cat([p, q])) for w, p, q in zip(whole, a, b, strict=True))


@pytest.mark.parametrize("machine", [Machine(devices=3), Machine(devices=5, nodes=5)])
def test_batch_has_to_be_shared_equally(tiny: Config, tmp_path: Path, machine: Machine) -> None:
    with pytest.raises(FlowError, match="batch-ranks"):
        train(tiny, tmp_path, machine=machine)
