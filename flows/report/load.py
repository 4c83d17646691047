# SPDX-License-Identifier: Apache-2.0
"""What the stages left in a run's folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.errors import FlowError

Table = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """Contents of a run's files; None (or empty) where the stage was not run.

    Attributes:
        name: of the folder.
        metrics: training, metrics.json.
        folding: folding.json.
        check: the proof, check.json.
        synth: synth.json.
        flow: options of the build, flow.json.
        stages: rows {name, seconds, status} of stages.json.
        versions: {tool: version} of versions.json and of the training.
    """

    name: str
    metrics: Table | None
    folding: Table | None
    check: Table | None
    synth: Table | None
    flow: Table | None
    stages: list[Table]
    versions: dict[str, str]

    @property
    def nodes(self) -> list[Table]:
        """Nodes of the folded graph, in stream order."""
        return list(self.folding["nodes"]) if self.folding else []

    @property
    def cells(self) -> list[Table]:
        """Synthesised cells per node, in stream order."""
        return list(self.synth["nodes"]) if self.synth else []


#: what the report reads from each file without asking
NEEDED = {
    "metrics.json": ("accuracy_top1", "n_test"),
    "folding.json": ("nodes", "interval", "clk_mhz"),
    "check.json": ("stages", "images_checked", "images_equal"),
    "synth.json": ("nodes", "total", "budget"),
}


def load_run(folder: Path) -> Run:
    """Read a run's files.

    Raises:
        FlowError: run-missing, run-file.
    """
    names = (*NEEDED, "flow.json", "stages.json", "versions.json")
    found = {name: _read(folder / name) for name in names if (folder / name).is_file()}
    if not set(found) & set(NEEDED):
        raise FlowError(
            "run-missing",
            "there is nothing to report: no stage has left its results there",
            str(folder),
            f"name the folder of a build (--run build/demo); it has one of {', '.join(NEEDED)}",
        )
    metrics = found.get("metrics.json")
    versions = {**((metrics or {}).get("versions") or {}), **found.get("versions.json", {})}
    return Run(
        name=folder.resolve().name,
        metrics=metrics,
        folding=found.get("folding.json"),
        check=found.get("check.json"),
        synth=found.get("synth.json"),
        flow=found.get("flow.json"),
        stages=list(found.get("stages.json", [])),
        versions={str(k): str(versions[k]) for k in sorted(versions)},
    )


def _read(path: Path) -> Any:
    try:
        value = json.loads(path.read_text())
        missing = [key for key in NEEDED.get(path.name, ()) if key not in value]
        if not missing:
            return value
        what = f"it has no {', '.join(missing)}"
    except (ValueError, TypeError) as err:
        what = str(err)
    raise FlowError(
        "run-file",
        f"{path.name} cannot be read: {what}",
        str(path),
        "run the stage that writes it again",
    )
