# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest
import torch

from tests.training.tiny import CLASSES, SIDE, write_idx
from training.config import Config, from_table

# Tiny tensors gain nothing by threads, and threads that wait for each other on a busy machine spin.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_idx(tmp_path_factory.mktemp("idx"))


@pytest.fixture
def tiny() -> Config:
    return from_table(
        {
            "data": {"name": "custom", "validation": 16, "shift": 1},
            "model": {
                "hidden": [9, 7],
                "in_features": SIDE * SIDE,
                "classes": CLASSES,
                "dropout": 0.1,
            },
            "train": {"epochs": 4, "batch": 16, "lr": 0.01},
        },
        "test",
    )


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(11)
