# SPDX-License-Identifier: Apache-2.0
"""Contrasts stay in float32 where products are in bfloat16."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from training.config import CmimConfig, Config, SslConfig
from training.s2bnn import Embedding, Queue
from training.train import train


@pytest.mark.parametrize(
    "more",
    [
        {"ssl": SslConfig("contrastive", queue=32)},
        {"cmim": CmimConfig(0.1)},
        {"cmim": CmimConfig(0.1, negatives="bank", draws=8)},
    ],
    ids=["moco", "cmim", "cmim-bank"],
)
def test_runs_in_bfloat16(tiny: Config, tiny_data: Path, tmp_path: Path, more: dict) -> None:
    config = dataclasses.replace(tiny, **more)
    train(config.with_train(precision="bfloat16", epochs=2), tmp_path / "run", data=tiny_data)
    assert (tmp_path / "run/metrics.json").is_file()


def test_embeddings_and_contrasts_are_as_without() -> None:
    torch.manual_seed(3)
    x, embedding, queue = torch.randn(6, 9), Embedding(9, 5), Queue(16, 5)
    z = embedding(x)
    want = queue.contrast(z, z.roll(1, 0), 0.2)
    with torch.autocast("cpu", torch.bfloat16):
        assert (x @ x.T).dtype == torch.bfloat16
        torch.testing.assert_close(embedding(x), z, rtol=0, atol=0)
        torch.testing.assert_close(queue.contrast(z, z.roll(1, 0), 0.2), want, rtol=0, atol=0)
