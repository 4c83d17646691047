# SPDX-License-Identifier: Apache-2.0
"""The report's tables as plain cells, for Markdown and HTML alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .load import Run
from .summary import MODEL, NOT_RUN, SIMULATION, SYNTHESIS, TRAINING, proved

#: stands where there is no number
NONE = "\N{EN DASH}"


@dataclass(frozen=True)
class TextTable:
    """Head and rows of text; `left` counts the columns that hold words, not numbers."""

    head: list[str]
    rows: list[list[str]]
    left: int = 1


def number(value: Any, digits: int = 0) -> str:
    """A number with thousands separators; a dash where there is none."""
    if value is None:
        return NONE
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.{digits or 1}f}"
    return f"{value:,.0f}"


def percent(value: float) -> str:
    """An accuracy in 0 .. 1 as a percentage with two digits."""
    return f"{100 * value:.2f} %"


def share(part: float, whole: float) -> str:
    """Percentage with one digit, "< 0.1 %" for what would read as nothing."""
    of_whole = 100 * part / whole if whole else 0.0
    return "< 0.1 %" if 0 < of_whole < 0.05 else f"{of_whole:.1f} %"


def headline(run: Run, table: dict[str, Any]) -> TextTable:
    """The numbers of the run with the path of each."""
    rows = []

    def add(label: str, value: str | None, path: str) -> None:
        rows.append([label, NOT_RUN if value is None else value, path if value else NONE])

    accuracy, checked = table["accuracy_top1"], table["images_checked"]
    n_test = f" of {number(table['n_test'])} test images"
    add("Top-1 accuracy", None if accuracy is None else f"{percent(accuracy)}{n_test}", TRAINING)
    rtl = table["accuracy_top1_rtl"]
    if rtl is not None:
        add("Top-1 accuracy of the RTL", f"{percent(rtl)} of {number(checked)} images", SIMULATION)
    equal = f"{number(table['images_equal'])} of {number(checked)} images"
    add("RTL equal to the network", None if checked is None else equal, SIMULATION)
    for key, label, path in (
        ("cycles_per_frame_predicted", "Cycles per frame, predicted", MODEL),
        ("cycles_per_frame_measured", "Cycles per frame, measured", SIMULATION),
        ("latency_cycles", "Latency of the first frame, cycles", SIMULATION),
    ):
        add(label, None if table[key] is None else number(table[key]), path)
    fps = table["fps_at_clk"]
    at = f"{number(fps and round(fps))} at {table['clk_mhz'] or 0:g} MHz"
    add("Frames per second", None if fps is None else at, table["paths"]["fps_at_clk"])
    for key, label in RESOURCES:
        add(label, None if table[key] is None else number(table[key]), SYNTHESIS)
    add("Place and route", None, "")
    add("Board", None, "")
    return TextTable(["", "Result", "Path"], rows, left=3)


RESOURCES = (("lut", "LUT"), ("ff", "Flip-flops"), ("bram36", "BRAM36"), ("dsp", "DSP"))


def proof(run: Run) -> TextTable:
    """One row per stage: how many labels and scores equal those of the stage before."""
    check = run.check or {}
    images = check.get("images", check.get("images_checked"))
    rows = []
    for row in check.get("stages", []):
        accuracy = row.get("accuracy")
        cells = [row["name"], row.get("compared_with") or NONE]
        for key in ("labels_equal", "scores_equal"):
            equal = row.get(key)
            cells.append(NONE if equal is None else f"{number(equal)} of {number(images)}")
        rows.append([*cells, NONE if accuracy is None else percent(accuracy)])
    head = ["Stage", "Compared with", "Labels equal", "Scores equal", "Accuracy"]
    return TextTable(head, rows, left=2)


def proof_sentences(run: Run) -> list[str]:
    """What the proof showed, in words."""
    check = run.check
    if check is None:
        return []
    good = proved(run)
    lines = [
        f"{number(check['images_equal'])} of {number(check['images_checked'])} images give the"
        f" same scores and label in the RTL as in the network{'' if good else ': NOT PROVED'}."
    ]
    if check.get("interval_measured") is not None:
        lines.append(
            f"A frame takes {number(check['interval_measured'])} clock cycles in steady state;"
            f" {number(check.get('interval_predicted'))} were predicted."
        )
    stalled = check.get("stall_run")
    if stalled:
        reset = ", after a reset inside a frame" if stalled.get("reset") else ""
        lines.append(
            f"{number(stalled.get('images_equal'))} of {number(stalled.get('images'))} images are"
            f" equal with random input gaps ({stalled.get('gap')}) and output stalls"
            f" ({stalled.get('stall')}){reset}; seed {stalled.get('seed')}."
        )
    return lines


def folding(run: Run) -> TextTable:
    """Folding of every node, and what it costs in cycles."""
    keys = [k for k in ("MW", "MH", "PE", "SIMD", "M") if any(k in n for n in run.nodes)]
    estimated = any(n.get("lut_estimate") is not None for n in run.nodes)
    rows = []
    for n in run.nodes:
        shape = "x".join(map(str, n["output"])) if n.get("output") else NONE
        cells = [n["name"], str(n.get("op", NONE)), shape, *(number(n.get(k)) for k in keys)]
        extra = [number(n.get("lut_estimate"))] if estimated else []
        rows.append([*cells, number(n["cycles"]), *extra])
    head = ["Node", "Operator", "Output", *keys, "Cycles per frame"]
    return TextTable([*head, *(["LUT estimate"] * estimated)], rows, left=3)


def buffers(run: Run) -> TextTable:
    """Line buffers and FIFOs: what the periodic schedule asks for (flows/schedule.py)."""
    held = [n for n in run.nodes if n.get("depth")]
    rows = [
        [n["name"], n["op"], number(n["depth"]), number(n["bits"]), f"{n['ram']} RAM"] for n in held
    ]
    return TextTable(["Buffer", "Operator", "Words", "Bits", "Memory"], rows, left=2)


def pareto(run: Run) -> TextTable:
    """What lower rates take, by the estimate that the folding minimises."""
    rows = [
        [
            *(number(r["interval"]), number(round(r["fps"])), number(r["lut"]), number(r["ff"])),
            *(number(r["bram36"]), number(r["dsp"])),
        ]
        for r in (run.folding or {}).get("pareto", [])
    ]
    head = ["Cycles per frame", "Frames per second", "LUT", "FF", "BRAM36", "DSP"]
    return TextTable(head, rows, left=0)


def area(run: Run) -> TextTable:
    """Cells of every node and of the whole top, against what the part holds."""
    keys = ("lut", "cells", "lutram", "ff", "bram36", "dsp", "carry")
    head = ["Node", "LUT (sites)", "LUT cells", "of these memory", "FF", "BRAM36", "DSP", "CARRY4"]
    rows = [[c["name"], *(number(c.get(k)) for k in keys)] for c in run.cells]
    if run.synth:
        total, budget = run.synth["total"], run.synth["budget"]
        rows.append(["Whole top", *(number(total.get(k)) for k in keys)])
        used = [share(total[k], budget[k]) if k in budget and k in total else NONE for k in keys]
        rows.append([f"Share of {run.synth.get('part', 'the part')}", *used])
    return TextTable(head, rows)


def times(run: Run, table: dict[str, Any]) -> TextTable:
    """Seconds of every stage."""
    status = {row["name"]: str(row.get("status", "done")) for row in run.stages}
    rows = [[k, status.get(k, "done"), number(v, 1)] for k, v in table["seconds"].items()]
    if len(rows) > 1:
        whole = sum(v for v in table["seconds"].values() if v is not None)
        rows.append(["In all", "", number(float(whole), 1)])
    return TextTable(["Stage", "State", "Seconds"], rows, left=2)


def versions(run: Run) -> TextTable:
    """Tools and libraries."""
    return TextTable(["Tool", "Version"], [[k, v] for k, v in run.versions.items()], left=2)
