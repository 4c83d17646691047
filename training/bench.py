# SPDX-License-Identifier: Apache-2.0
"""Images per second of each method in training, beside the plain binary network in the same run.

    python -m training.bench [--network cnv] [--batch 128] [--accelerator gpu]

One measurement is a whole step: forwards, loss, backwards, optimiser. Methods take turns, step by
step, and the fastest step of each counts: what else the machine does can only add to it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import torch
from torch.nn import functional as F

from flows.errors import run_main
from training import models
from training.cmim import Cmim
from training.config import Config, from_table
from training.results import hardware

PLAIN = "ste"
ROWS = [  # name, [quant], [cmim], the most it may cost beside the plain network
    (PLAIN, {"method": "ste"}, {}, 0.0),
    ("irnet", {"method": "irnet"}, {}, 1.3),
    ("adabin", {"method": "adabin"}, {}, 1.3),
    ("reactnet", {"method": "reactnet"}, {}, 0.0),
    ("real", {"method": "real"}, {}, 0.0),
    ("ste + CMIM", {"method": "ste"}, {"weight": 0.1}, 1.6),
    ("ste + CMIM, bank", {"method": "ste"}, {"weight": 0.1, "negatives": "bank"}, 1.6),
]
IMAGES = 50_000  # of the memories


def step_of(config: Config, device: str) -> Callable[[], None]:
    """One training step of a configuration, on random images, as a function."""
    batch, shape = config.train.batch, config.model.in_features
    torch.manual_seed(1)
    model = models.build(config.model, config.quant)
    y_all = torch.randint(config.model.classes, (IMAGES,))
    cmim = Cmim(config, model, y_all) if config.cmim.weight else None
    model.to(device)
    if cmim is not None:
        cmim.to(device).start_epoch(0)
    parameters = [*model.parameters(), *(cmim.parameters() if cmim else [])]
    optimiser = torch.optim.Adam([p for p in parameters if p.requires_grad], 1e-3)
    x = torch.rand(batch, shape, device=device)
    y = torch.randint(config.model.classes, (batch,), device=device)
    index = torch.randperm(IMAGES)[:batch].to(device)

    def step() -> None:
        features = model.features(x)
        loss = F.cross_entropy(model.head(features), y)
        if cmim is not None:
            loss = loss + config.cmim.weight * cmim(x, features, index)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    return step


def measure(steps: dict[str, Callable[[], None]], turns: int, device: str) -> dict[str, float]:
    """Seconds of the fastest step of each; the first turn warms up and does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(turns + 1):
        for name, step in steps.items():
            if device != "cpu":
                torch.cuda.synchronize()
            begin = time.perf_counter()
            step()
            if device != "cpu":
                torch.cuda.synchronize()
            if turn:
                seconds[name].append(time.perf_counter() - begin)
    return {name: min(values) for name, values in seconds.items()}


def bench(network: str, width: int, batch: int, turns: int, device: str) -> str:
    """The table of one network.

    Args:
        network: of [model].
        width: channels of its first layer; 0: the published number.
        batch: images per step.
        turns: steps of each method.
        device: torch's name of it.

    Returns:
        Markdown: images per second, and time per step beside the plain network's.
    """
    model = {"network": network, "shape": [3, 32, 32], "width": width}
    if network == "mlp":
        model = {"hidden": [64, 64, 64]}
    steps, limits = {}, {}
    for name, quant, cmim, limit in ROWS:
        table = {"model": model, "quant": quant, "cmim": cmim, "train": {"batch": batch}}
        steps[name] = step_of(from_table(table, "training/bench.py"), device)
        limits[name] = limit
    seconds = measure(steps, turns, device)
    size = f", width {width}" if width else ""
    lines = [f"| {network}{size}, batch {batch} | images/s | cost | at most |", "|---|---|---|---|"]
    for name, value in seconds.items():
        most = f"{limits[name]}" if limits[name] else ""
        cost = value / seconds[PLAIN]
        lines.append(f"| {name} | {batch / value:,.0f} | {cost:.2f} | {most} |")
    return "\n".join(lines)


def _main() -> None:
    parser = argparse.ArgumentParser(description="Images per second of each method.")
    parser.add_argument("--network", action="append", help="of [model]; may be given repeatedly")
    parser.add_argument("--width", type=int, default=0, help="of the first layer; 0: as published")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--accelerator", default="cpu", choices=("cpu", "gpu"))
    args = parser.parse_args()
    torch.set_num_threads(1 if args.accelerator == "cpu" else torch.get_num_threads())
    device = "cuda" if args.accelerator == "gpu" else "cpu"
    print(f"bench: {hardware(args.accelerator)}, torch {torch.__version__}, one thread")
    for network in args.network or ["cnv", "resnet20"]:
        print(f"\n{bench(network, args.width, args.batch, args.turns, device)}", flush=True)


if __name__ == "__main__":
    sys.exit(run_main(_main))
