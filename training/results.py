# SPDX-License-Identifier: Apache-2.0
"""Make, keep and tabulate results: one JSON per run, the tables of training/README.md from them.

    python -m training.results [--gpu] [--only tfc] [--minutes 60] [--data FOLDER] [--table]

What has a JSON of the same configuration is not run again; a run that was stopped goes on from its
last whole epoch. --table writes the tables only.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

import torch

from flows.errors import FlowError, run_main
from flows.files import read_json, write_json
from training.config import from_table, load, to_table
from training.data import folder_of
from training.run import METRICS, RESOLVED
from training.suite import Entry, cpu, gpu, named
from training.tabulate import RESULTS, write_tables
from training.train import Machine, train


def hardware(accelerator: str) -> str:
    """The processor, with its cores, or the GPU."""
    if accelerator == "gpu":
        return str(torch.cuda.get_device_name())
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def wanted(entry: Entry, seed: int) -> bool:
    """Whether a run has still to be made; a result of another configuration does not count."""
    path = RESULTS / f"{entry.name}_s{seed}.json"
    if not path.is_file():
        return True
    saved = to_table(from_table(read_json(path)["config"], str(path)))
    return bool(saved != to_table(entry.config(seed)))


def record(entry: Entry, seed: int, machine: Machine) -> Path:
    """Write the JSON of a finished run."""
    metrics: dict[str, Any] = read_json(entry.run(seed) / METRICS)
    minutes = round(metrics.pop("seconds") / 60, 2)
    rows = [
        {k: round(v, 5) if isinstance(v, float) else v for k, v in row.items()}
        for row in metrics["curve"]
    ]
    lines = [",".join("" if v is None else str(v) for v in row.values()) for row in rows]
    metrics["curve"] = [",".join(rows[0]), *lines]  # a line each, so that the file stays readable
    metrics.pop("confusion")
    head = {"name": entry.name, "row": entry.row, "minutes": minutes}
    head["hardware"] = hardware(machine.accelerator)
    path = RESULTS / f"{entry.name}_s{seed}.json"
    write_json(path, head | metrics)
    return path


def make(entries: list[Entry], machine: Machine, data: Path | None, minutes: float) -> int:
    """Make what is wanted, in order, until it is done or the time is over.

    Args:
        entries: of training.suite.
        machine: where runs run.
        data: folder of the data files.
        minutes: no run begins later than that; 0: no limit.

    Returns:
        How many runs are still wanted.
    """
    begin = time.monotonic()
    # Seed by seed, so that whatever time there is goes over all rows first.
    seeds = sorted({seed for entry in entries for seed in entry.seeds})
    todo = [(e, s) for s in seeds for e in entries if s in e.seeds and wanted(e, s)]
    for nth, (entry, seed) in enumerate(todo):
        if minutes and time.monotonic() - begin > 60 * minutes:
            return len(todo) - nth
        print(f"results: {nth + 1} of {len(todo)}: {entry.name}, seed {seed}", flush=True)
        entry.run(seed).parent.mkdir(parents=True, exist_ok=True)
        config, resolved = entry.config(seed), entry.run(seed) / RESOLVED
        other = resolved.is_file() and load(resolved) != config  # of an earlier suite
        train(config, entry.run(seed), "never" if other else "auto", data, machine)
        record(entry, seed, machine)
        write_tables()  # now, so that page and files agree wherever this is stopped
    return 0


def _main() -> None:
    parser = argparse.ArgumentParser(description="Make results and the tables of them.")
    parser.add_argument("--gpu", action="store_true", help="the list for a GPU, on CIFAR-10")
    parser.add_argument(
        "--only", default="", help="rows whose name has this in it, and what they need"
    )
    parser.add_argument("--minutes", type=float, default=0, help="begin no run after that")
    parser.add_argument("--data", type=Path, help="folder of the data files")
    parser.add_argument("--table", action="store_true", help="write the tables only")
    args = parser.parse_args()
    if not args.table:
        accelerator = "cpu"
        if args.gpu:
            if not torch.cuda.is_available():
                raise FlowError(
                    "gpu-missing",
                    f"torch {torch.__version__} sees no GPU",
                    "--gpu, or make results GPU=1",
                    "a machine with a GPU and a CUDA build of torch; or make results",
                )
            accelerator = "gpu"
        entries = cpu()
        if args.gpu:
            folder = folder_of("cifar10", args.data)
            entries = gpu("folder" if (folder / "train").is_dir() else "cifar10")
            args.data = folder
        entries = named(entries, args.only)
        left = make(entries, Machine(accelerator), args.data, args.minutes)
        if left:
            print(f"results: {left} runs are left; the same command goes on")
    print(f"results: {write_tables()}")


if __name__ == "__main__":
    sys.exit(run_main(_main))
