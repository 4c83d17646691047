# SPDX-License-Identifier: Apache-2.0
"""The order of the report: each section's words, charts and tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import tables
from .load import Run
from .summary import commands
from .tables import TextTable, number, percent, share


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes:
        title: its heading.
        text: sentences in front.
        charts: names of charts, in order; those that do not exist are left out.
        tables: tables behind the charts; empty ones are left out.
        commands: shell lines.
        not_run: how to get this section, where its stage was not run.
    """

    title: str
    text: list[str] = field(default_factory=list)
    charts: list[str] = field(default_factory=list)
    tables: list[TextTable] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    not_run: str = ""


def sections(run: Run, table: dict[str, Any]) -> list[Section]:
    """All sections in order."""
    shown = [
        _proof(run),
        _training(run),
        _cycles(run),
        _area(run),
        Section("Time", tables=[tables.times(run, table)]),
        Section("Versions", tables=[tables.versions(run)]),
        Section("Reproduce", _origin(run, table), commands=commands(run)),
    ]
    return [s for s in shown if s.title not in ("Time", "Versions") or s.tables[0].rows]


def _proof(run: Run) -> Section:
    if run.check is None:
        return Section("Proof", not_run="`python -m flows.build --to check` runs it.")
    return Section("Proof", tables.proof_sentences(run), tables=[tables.proof(run)])


def _training(run: Run) -> Section:
    m = run.metrics
    if m is None:
        return Section("Training", not_run="The model came from outside, or `make train` is due.")
    epochs = f"{number(m['epochs'])} epochs" if m.get("epochs") else "Training"
    took = f" in {number(float(m['seconds']), 1)} s" if m.get("seconds") else ""
    text = [
        f"{epochs}{took}: {percent(m['accuracy_top1'])} of {number(m['n_test'])} test images"
        f" (seed {m.get('seed', 'not recorded')})."
    ]
    worst = _worst_confusion(m)
    return Section("Training", text + worst, charts=["training", "confusion"])


def _worst_confusion(metrics: dict[str, Any]) -> list[str]:
    matrix = metrics.get("confusion") or []
    pairs = [
        (count, true, found)
        for true, row in enumerate(matrix)
        for found, count in enumerate(row)
        if true != found and count
    ]
    if not pairs:
        return []
    count, true, found = max(pairs, key=lambda p: (p[0], -p[1], -p[2]))
    return [
        f"The most frequent mistake: {number(count)} of {number(sum(matrix[true]))} images of"
        f" class {true} are taken for class {found}."
    ]


def _cycles(run: Run) -> Section:
    f = run.folding
    if f is None:
        return Section("Cycles", not_run="`python -m flows.build --to fold` runs it.")
    slowest = max(run.nodes, key=lambda n: n["cycles"])["name"] if run.nodes else "no node"
    text = [
        f"A frame leaves every {number(f['interval'])} clock cycles; {slowest} sets this pace.",
        f"At {f['clk_mhz']:g} MHz these are {number(round(f['clk_mhz'] * 1e6 / f['interval']))}"
        " frames per second.",
    ]
    if f.get("target_fps"):
        text.append(f"Asked for: {number(f['target_fps'])}.")
    if f.get("stopped_by"):
        text.append(f"Asked for: the fastest. No faster: {f['stopped_by']}.")
    shown = [tables.folding(run), tables.buffers(run), tables.pareto(run)]
    return Section("Cycles", text, charts=["cycles"], tables=[t for t in shown if t.rows])


def _area(run: Run) -> Section:
    s = run.synth
    if s is None:
        return Section("Area", not_run="`python -m flows.build --to synthesise` runs it.")
    lut, budget = s["total"].get("lut", 0), s["budget"].get("lut", 0)
    text = [
        f"{number(lut)} LUT, {share(lut, budget)} of {s.get('part', 'the part')}"
        f" ({s.get('tool', 'yosys')}; logic only, before place and route)."
    ]
    return Section("Area", text, charts=["area", "utilisation"], tables=[tables.area(run)])


def _origin(run: Run, table: dict[str, Any]) -> list[str]:
    known = (("Seed", "seed"), ("Model SHA-256", "model_sha256"))
    said = [f"{label} {table[key]}." for label, key in known if table[key] is not None]
    rtl = (run.check or {}).get("rtl_sha256")
    return said + ([f"RTL SHA-256 {rtl}."] if rtl else [])
