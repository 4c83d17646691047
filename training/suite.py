# SPDX-License-Identifier: Apache-2.0
"""Which runs make the tables of training/README.md: name, configuration, seeds."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.config import Config, from_table

RUNS = Path("build/results")
Table = dict[str, dict[str, Any]]
USES = (("ssl", "teacher"), ("train", "init"), ("cmim", "teacher"))  # keys that name other runs
LOSSES = ("contrastive", "both", "guided")  # of S2-BNN's table
T_MIN = {"irnet": 1e-3, "adabin": 1e-3}  # the authors' programs, for residual networks and AdaBin


@dataclass(frozen=True)
class Entry:
    """One row of a table."""

    name: str
    table: Table
    seeds: tuple[int, ...]
    row: bool = True  # False: a step on the way to a row

    def run(self, seed: int) -> Path:
        """The run's folder."""
        return RUNS / f"{self.name}_s{seed}"

    def config(self, seed: int) -> Config:
        """The configuration of one seed; {name} in a folder's name is the run of that entry."""
        table = copy.deepcopy(self.table)
        for section, key in USES:
            of = table.get(section, {}).get(key)
            if of:
                table[section][key] = str(RUNS / f"{of}_s{seed}")
        table.setdefault("train", {})["seed"] = seed
        return from_table(table, f"training/suite.py, {self.name}")


def named(entries: list[Entry], part: str) -> list[Entry]:
    """Entries whose name has `part` in it, in order, and those that they learn from."""
    uses = {e.name: {str(e.table.get(s, {}).get(key)) for s, key in USES} for e in entries}
    kept: set[str] = {name for name in uses if part in name}
    while more := set[str]().union(*(uses[name] for name in kept)) & set(uses) - kept:
        kept |= more
    return [e for e in entries if e.name in kept]


def merged(*tables: Table) -> Table:
    """Tables over each other, the last one's values counting."""
    out: Table = {}
    for table in tables:
        for section, values in table.items():
            out[section] = out.get(section, {}) | values
    return out


def _methods(prefix: str, base: Table, seeds: tuple[int, ...], cmim: float) -> list[Entry]:
    entries = []
    for name in ("ste", "irnet", "adabin", "reactnet"):
        quant: Table = {"quant": {"method": name}}
        if name == "adabin":
            quant["quant"]["t_min"] = T_MIN[name]
        table = merged(base, quant)
        entries.append(Entry(f"{prefix}_{name}", table, seeds))
        with_cmim = merged(table, {"cmim": {"weight": cmim}})
        entries.append(Entry(f"{prefix}_{name}_cmim", with_cmim, seeds))
    real = merged(base, {"quant": {"method": "real"}, "train": {"lr": base["train"]["lr"] / 5}})
    return [*entries, Entry(f"{prefix}_real", real, seeds)]


def _weights(
    prefix: str, base: Table, seeds: tuple[int, ...], weights: tuple[float, ...]
) -> list[Entry]:
    """CMIM on the plain network at other weights than the table's: whether that is why."""
    plain = merged(base, {"quant": {"method": "ste"}})
    return [Entry(f"{prefix}_{w}", merged(plain, {"cmim": {"weight": w}}), seeds) for w in weights]


def _unlabelled(
    prefix: str, base: Table, seeds: tuple[int, ...], losses: tuple[str, ...] = LOSSES
) -> list[Entry]:
    """S2-BNN's table: contrastive only, with guidance, guidance only; two steps each."""
    steps: Table = {"train": {"lr": 1e-3, "optimiser": "adam", "schedule": "linear"}}
    steps["train"] |= {"weight_decay": 0.0, "label_smoothing": 0.0, "keep": "last"}
    common, teacher = merged(base, steps), f"{prefix}_teacher"
    moco = merged(common, {"quant": {"method": "real"}, "ssl": {"loss": "contrastive"}})
    entries = [Entry(teacher, moco, seeds, row=False)]
    linear: Table = {"train": {"lr": 0.1, "optimiser": "sgd", "freeze": True, "schedule": "cosine"}}
    for loss in losses:
        ssl: Table = {
            "ssl": {"loss": loss} | ({} if loss == "contrastive" else {"teacher": teacher})
        }
        names = [f"{prefix}_{loss}_{step}" for step in ("step1", "step2", "linear")]
        real = {"quant": {"method": "reactnet", "weights": "real"}}
        binary: Table = {"quant": {"method": "reactnet"}}
        first = merged(common, real, ssl)
        second = merged(common, binary, ssl, {"train": {"init": names[0]}})
        last = merged(base, binary, linear, {"train": {"init": names[1]}})
        entries += [
            Entry(names[0], first, seeds, row=False),
            Entry(names[1], second, seeds, row=False),
        ]
        entries.append(Entry(names[2], last, seeds))
    probe = merged(base, {"quant": {"method": "real"}}, linear, {"train": {"init": teacher}})
    return [*entries, Entry(f"{prefix}_teacher_linear", probe, seeds)]


def cpu() -> list[Entry]:
    """Small enough for two processor cores: Fashion-MNIST, three seeds."""
    train = {"epochs": 20, "batch": 256, "lr": 5e-3, "label_smoothing": 0.1, "keep": "best"}
    data = {"name": "fashion-mnist", "validation": 5000}
    tfc: Table = {"data": data, "model": {"threshold": 8}, "train": train}
    shape = {"network": "cnv", "shape": [1, 28, 28], "width": 8}
    cnv: Table = {
        "data": data | {"images": 12_000},
        "model": shape,
        "train": train | {"epochs": 12, "batch": 128, "lr": 5e-3},
    }
    return [
        *_methods("tfc_fashion", tfc, (1, 2, 3), 0.01),
        *_unlabelled("tfc_fashion_s2bnn", merged(tfc, {"train": {"epochs": 10}}), (1, 2, 3)),
        *zoo(),
        *_methods("cnv8_fashion", cnv, (1, 2, 3), 0.01),
        *_weights("cnv8_fashion_ste_cmim", cnv, (1, 2, 3), (0.001, 0.1)),
        *_unlabelled("cnv8_fashion_s2bnn", merged(cnv, {"train": {"epochs": 8}}), (1, 2, 3)),
    ]


def zoo() -> list[Entry]:
    """CNV of a quarter of the published width by each method: the networks of training/zoo."""
    data = {"name": "fashion-mnist", "validation": 5000, "shift": 1, "flip": True}
    model = {"network": "cnv", "shape": [1, 28, 28], "width": 16}
    train = {"epochs": 6, "batch": 100, "lr": 2e-3, "precision": "bfloat16", "keep": "best"}
    base: Table = {"data": data, "model": model, "train": train}
    supervised = _methods("cnv16_fashion", base, (1,), 0.01)
    kept = ("_ste", "_irnet", "_irnet_cmim", "_adabin", "_reactnet")
    unlabelled = _unlabelled("cnv16_fashion_s2bnn", base, (1,), ("guided",))
    return [*(e for e in supervised if e.name.endswith(kept)), *unlabelled]


def gpu(data_name: str) -> list[Entry]:
    """CIFAR-10, best value first: residual networks of all methods, then the larger ones.

    Args:
        data_name: "cifar10" (official archive) or "folder" (images per class).
    """
    data = {"name": data_name, "validation": 5000, "shift": 4, "flip": True}
    recipe = {"epochs": 400, "batch": 128, "optimiser": "sgd", "lr": 0.1, "weight_decay": 1e-4}
    recipe |= {"keep": "best"}
    entries: list[Entry] = []
    for network, seeds in (("resnet20", (1, 2, 3)), ("vgg-small", (1,)), ("resnet18", (1,))):
        model = {"network": network, "shape": [3, 32, 32]}
        slow = {"lr": 0.02} if network == "vgg-small" else {}
        base: Table = {"data": data, "model": model, "train": recipe | slow}
        if network != "vgg-small":
            base["quant"] = {"t_min": T_MIN["irnet"]}
        entries += _methods(f"{network}_cifar10", base, seeds, 0.1)
    model = {"network": "resnet18", "shape": [3, 32, 32]}
    base = {"data": data, "model": model, "train": recipe | {"epochs": 200, "batch": 256}}
    return [*entries, *_unlabelled("resnet18_cifar10_s2bnn", base, (1,))]
