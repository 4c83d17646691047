# SPDX-License-Identifier: Apache-2.0
"""Images per second of each method in training, beside the plain binary network in the same run.

    python -m training.bench [--network cnv] [--batch 128] [--turns 15] [--accelerator gpu]
                             [--compile] [--only irnet]

One measurement is a whole step: forwards, loss, backwards, optimiser. Methods take turns, step by
step, another one first in every turn. On a processor a step is charged what its process got of it,
not what others got meanwhile. They still take room in caches and on the way to memory, which can
only add to a step: so the fastest step of each counts, and beside the cost stands what single turns
say. A second table splits a step (parts.py). With --compile every row has a second one whose
features torch.compile made; the time that took is the first turn's and is not counted.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from flows.errors import FlowError, run_main
from training import models
from training.cmim import Cmim
from training.compiling import compiled
from training.config import Config, from_table
from training.parts import PARTS, Parts
from training.results import hardware

PLAIN = "ste"
ROWS: list[
    tuple[str, dict[str, Any], dict[str, Any], float]
] = [  # name, [quant], [cmim], the most it may cost beside the plain network
    (PLAIN, {"method": "ste"}, {}, 0.0),
    ("irnet", {"method": "irnet"}, {}, 1.3),
    ("adabin", {"method": "adabin"}, {}, 1.3),
    ("reactnet", {"method": "reactnet"}, {}, 0.0),
    ("real", {"method": "real"}, {}, 0.0),
    ("ste + CMIM", {"method": "ste"}, {"weight": 0.1}, 1.6),
    ("ste + CMIM, bank", {"method": "ste"}, {"weight": 0.1, "negatives": "bank"}, 1.6),
]
IMAGES = 50_000  # of the memories
PART_TURNS = 3  # of the second table

FAST = ", compiled"

Step = Callable[[], None]
Row = tuple[str, dict[str, Any], dict[str, Any], float, bool]


def clock_of(device: str) -> Callable[[], float]:
    """Seconds: of this process on a processor, with one thread; else of the day, all work done."""
    if device == "cpu":
        return time.process_time

    def clock() -> float:
        torch.cuda.synchronize()
        return time.perf_counter()

    return clock


def step_of(config: Config, device: str, parts: Parts) -> Step:
    """One training step of a configuration, on random images, as a function."""
    batch, shape = config.train.batch, config.model.in_features
    torch.manual_seed(1)
    model = models.build(config.model, config.quant)
    y_all = torch.randint(config.model.classes, (IMAGES,))
    cmim = Cmim(config, model, y_all) if config.cmim.weight else None
    model.to(device)
    make_features: Callable[[Tensor], Tensor] = model.features
    if config.train.compile:  # marks of parts would be seams in what is compiled
        make_features = compiled(model, device)
    else:
        parts.watch(model)
    if cmim is not None:
        cmim.to(device).start_epoch(0)
        parts.watch(cmim)
    parameters = [*model.parameters(), *(cmim.parameters() if cmim else [])]
    optimiser = torch.optim.Adam([p for p in parameters if p.requires_grad], 1e-3)
    x = torch.rand(batch, shape, device=device)
    y = torch.randint(config.model.classes, (batch,), device=device)
    index = torch.randperm(IMAGES)[:batch].to(device)

    def step() -> None:
        features = make_features(x)
        loss = F.cross_entropy(model.head(features), y)
        if cmim is not None:
            loss = loss + config.cmim.weight * cmim(x, features, index)
        parts.mark("optimiser")
        optimiser.zero_grad()
        parts.mark("rest")
        loss.backward()  # type: ignore[no-untyped-call]
        parts.mark("optimiser")
        optimiser.step()

    return step


def measure(
    steps: dict[str, Step], turns: int, clock: Callable[[], float]
) -> dict[str, list[float]]:
    """Seconds of every step of each, turn by turn; the turn that warms up does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    names = list(steps)
    for turn in range(turns + 1):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            begin = clock()
            steps[name]()
            seconds[name].append(clock() - begin)
    return {name: values[1:] for name, values in seconds.items()}


def split(steps: dict[str, Step], turns: int, parts: Parts) -> dict[str, dict[str, float]]:
    """Seconds of each part of each step, the least of a few turns."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in steps}
    for _ in range(turns):
        for name, step in steps.items():
            parts.start()
            step()
            found[name].append(parts.stop())
    return {n: {p: min(turn[p] for turn in f) for p in PARTS} for n, f in found.items()}


def cost(values: list[float], plain: list[float]) -> tuple[float, float, float]:
    """What a step costs beside the plain one's.

    Args:
        values: seconds, turn by turn.
        plain: those of the plain network in the same turns, at least two.

    Returns:
        Fastest to fastest; then the middle half of what single turns say, from and to.
    """
    ratios = [value / other for value, other in zip(values, plain, strict=True)]
    low, _, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return min(values) / min(plain), low, high


def rows_of(only: list[str], compile_too: bool) -> list[Row]:
    """Rows of the tables: all, or the plain network and those named; each compiled as well.

    Raises:
        FlowError: bench-row.
    """
    names = [row[0] for row in ROWS]
    for name in only:
        if name not in names:
            raise FlowError("bench-row", f"there is no {name!r}", "--only", ", ".join(names))
    rows: list[Row] = []
    for name, quant, cmim, limit in ROWS:
        if not only or name in (PLAIN, *only):
            rows.append((name, quant, cmim, limit, False))
            rows += [(name + FAST, quant, cmim, 0.0, True)] * compile_too
    return rows


def bench(
    network: str,
    width: int,
    batch: int,
    turns: int,
    device: str,
    only: list[str] | None = None,
    compile_too: bool = False,
) -> str:
    """The tables of one network.

    Args:
        network: of [model].
        width: channels of its first layer; 0: the published number.
        batch: images per step.
        turns: steps of each method, at least two.
        device: torch's name of it.
        only: names of ROWS beside the plain network; all if empty.
        compile_too: each of them by torch.compile as well.

    Returns:
        Markdown: images per second and time per step beside the plain network's; then milliseconds
        of every part of a step, where it is not compiled.

    Raises:
        FlowError: bench-turns, bench-row, train-compile.
    """
    if turns < 2:
        what = f"{turns} turns say nothing about how much they differ"
        raise FlowError("bench-turns", what, "--turns", "2 or more")
    model = {"network": network, "shape": [3, 32, 32], "width": width}
    if network == "mlp":
        model = {"hidden": [64, 64, 64]}
    clock = clock_of(device)
    steps, limits, parts = {}, {}, Parts(clock)
    for name, quant, cmim, limit, fast in rows_of(only or [], compile_too):
        train = {"batch": batch, "compile": fast}
        table = {"model": model, "quant": quant, "cmim": cmim, "train": train}
        steps[name] = step_of(from_table(table, "training/bench.py"), device, parts)
        limits[name] = limit
    seconds = measure(steps, turns, clock)
    size = f", width {width}" if width else ""
    lines = [
        f"| {network}{size}, batch {batch} | images/s | cost | half of {turns} turns | at most |",
        "|---|---|---|---|---|",
    ]
    for name, values in seconds.items():
        most = f"{limits[name]}" if limits[name] else ""
        ratio, low, high = cost(values, seconds[PLAIN])
        rate = f"{batch / min(values):,.0f}"
        lines.append(f"| {name} | {rate} | {ratio:.2f} | {low:.2f} - {high:.2f} | {most} |")
    lines += ["", "| ms per step | " + " | ".join(PARTS) + " |", "|---" * (len(PARTS) + 1) + "|"]
    plain = {name: step for name, step in steps.items() if not name.endswith(FAST)}
    for name, each in split(plain, PART_TURNS, parts).items():
        lines.append(f"| {name} | " + " | ".join(f"{each[p] * 1e3:.0f}" for p in PARTS) + " |")
    return "\n".join(lines)


def _main() -> None:
    parser = argparse.ArgumentParser(description="Images per second of each method.")
    parser.add_argument("--network", action="append", help="of [model]; may be given repeatedly")
    parser.add_argument("--width", type=int, default=0, help="of the first layer; 0: as published")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--only", action="append", help="a row beside the plain network's")
    parser.add_argument("--compile", action="store_true", help="each row by torch.compile, too")
    parser.add_argument("--accelerator", default="cpu", choices=("cpu", "gpu"))
    args = parser.parse_args()
    torch.set_num_threads(1 if args.accelerator == "cpu" else torch.get_num_threads())
    device = "cuda" if args.accelerator == "gpu" else "cpu"
    print(f"bench: {hardware(args.accelerator)}, torch {torch.__version__}, one thread")
    for network in args.network or ["cnv", "resnet20"]:
        size = (args.width, args.batch, args.turns, device)
        print(f"\n{bench(network, *size, args.only, args.compile)}", flush=True)


if __name__ == "__main__":
    sys.exit(run_main(_main))
