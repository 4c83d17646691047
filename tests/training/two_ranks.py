# SPDX-License-Identifier: Apache-2.0
"""Run a function on two ranks of this processor (gloo) and give back what each returned."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp


def _rank(rank: int, work: Callable[[], Any], folder: str) -> None:
    os.environ["RANK"] = str(rank)
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    torch.save(work(), f"{folder}/{rank}.pt")
    dist.destroy_process_group()


def on_two_ranks(work: Callable[[], Any], folder: Path) -> list[Any]:
    mp.spawn(_rank, (work, str(folder)), 2)
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]
