# SPDX-License-Identifier: Apache-2.0
"""The numbers of a run, each with the path it was obtained on: what report.json holds."""

from __future__ import annotations

import shlex
from typing import Any

from .load import Run

SIMULATION = "simulation (Verilator)"
SYNTHESIS = "synthesis (yosys, before place and route)"
MODEL = "folding model"
TRAINING = "PyTorch, on the test set"
NOT_RUN = "not run"


def summary(run: Run) -> dict[str, Any]:
    """Contents of report.json; a number is None where its stage was not run."""
    metrics, folding, check = run.metrics or {}, run.folding or {}, run.check or {}
    total = (run.synth or {}).get("total", {})
    predicted = folding.get("interval", check.get("interval_predicted"))
    measured = check.get("interval_measured")
    clk_mhz = folding.get("clk_mhz")
    cycles = measured or predicted
    seconds = {row["name"]: row.get("seconds") for row in run.stages}
    if run.metrics and "train" not in seconds:
        seconds = {"train": metrics.get("seconds"), **seconds}
    return {
        "run": run.name,
        "network": network(run),
        "images_source": check.get("source"),
        "accuracy_top1": metrics.get("accuracy_top1"),
        "accuracy_top1_rtl": stage_accuracy(run, "rtl"),
        "accuracy_top1_integer": stage_accuracy(run, "integer"),
        "images_compared": check.get("images"),
        "n_test": metrics.get("n_test"),
        "images_checked": check.get("images_checked"),
        "images_equal": check.get("images_equal"),
        "cycles_per_frame_predicted": predicted,
        "cycles_per_frame_measured": measured,
        "latency_cycles": check.get("latency_cycles"),
        "fps_at_clk": clk_mhz * 1e6 / cycles if clk_mhz and cycles else None,
        "clk_mhz": clk_mhz,
        "lut": total.get("lut"),
        "ff": total.get("ff"),
        "bram36": total.get("bram36"),
        "dsp": total.get("dsp"),
        "board": folding.get("board"),
        "part": folding.get("part", (run.synth or {}).get("part")),
        "seed": metrics.get("seed", (run.flow or {}).get("seed")),
        "model_sha256": check.get("model_sha256"),
        "seconds": seconds,
        "versions": run.versions,
        "state": {
            "training": _state(run.metrics),
            "folding": _state(run.folding),
            "proof": _state(run.check),
            "synthesis": _state(run.synth),
            "place_and_route": NOT_RUN,
            "board": NOT_RUN,
        },
        "paths": {
            "accuracy_top1": TRAINING,
            "accuracy_top1_rtl": SIMULATION,
            "images_equal": SIMULATION,
            "cycles_per_frame_predicted": MODEL,
            "cycles_per_frame_measured": SIMULATION,
            "latency_cycles": SIMULATION,
            "fps_at_clk": f"{SIMULATION if measured else MODEL}, at the clock asked for",
            "lut": SYNTHESIS,
            "ff": SYNTHESIS,
            "bram36": SYNTHESIS,
            "dsp": SYNTHESIS,
        },
        "reproduce": commands(run),
    }


def network(run: Run) -> str | None:
    """Sizes of the layers, "784-64-64-64-10"; None where the network was not folded."""
    units = [node for node in run.nodes if node["op"] in ("BnnMvu", "BnnImvu")]
    if any(node["op"] == "BnnWindow" for node in run.nodes):
        maps = [unit for unit in units if len(unit["output"]) == 3]
        vectors = [str(unit["MH"]) for unit in units if len(unit["output"]) == 1]
        return "-".join([f"conv {'-'.join(str(unit['MH']) for unit in maps)}", *vectors])
    sizes = [units[0]["MW"], *(unit["MH"] for unit in units)] if units else []
    return "-".join(map(str, sizes)) or None


def _state(table: dict[str, Any] | None) -> str:
    return NOT_RUN if table is None else "done"


def stage_accuracy(run: Run, stage: str) -> float | None:
    """Top-1 accuracy of a stage of the proof over the images that it ran."""
    for row in (run.check or {}).get("stages", []):
        if row["name"] == stage and row.get("accuracy") is not None:
            return float(row["accuracy"])
    return None


def proved(run: Run) -> bool | None:
    """Whether every image was equal and the cycles as predicted; None when it was not run."""
    check = run.check
    if check is None:
        return None
    cycles = check.get("interval_measured")
    same_cycles = cycles is None or cycles == check.get("interval_predicted", cycles)
    return bool(0 < check["images_checked"] == check["images_equal"] and same_cycles)


def commands(run: Run) -> list[str]:
    """What to type to get this run again."""
    if run.name == "demo":
        return ["make demo"]
    flow = run.flow
    if flow is None:
        return [f"python -m flows.report --run build/{run.name}"]
    words = ["python", "-m", "flows.build", "--run", f"build/{run.name}"]
    keys = ("model", "board", "clk_mhz", "target_fps", "folding", "max", "input", "images", "data")
    for key in (*keys, "packed", "rtl_images", "seed"):
        if flow.get(key) is True:
            words.append(f"--{key}")
        elif flow.get(key) is not None and flow[key] is not False:
            value = flow[key]
            whole = isinstance(value, float) and value.is_integer()
            text = f"{value:.0f}" if whole else str(value)
            words += [f"--{key.replace('_', '-')}", text]
    return [shlex.join(words)]
