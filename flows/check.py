# SPDX-License-Identifier: Apache-2.0
"""Stage check: the same images through every stage; equal bits, exact cycles, or no build.

QONNX -> streamlined graph -> integer reference -> RTL in Verilator. Labels, scores and every
binarised layer have to be equal; the interval between frames has to be the predicted one. The RTL
then runs a second time with random gaps and stalls and a reset inside a frame: same bytes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper
from tqdm import tqdm

from flows.compare import Comparison, compare, count_equal, shapes_of
from flows.errors import CheckFailed
from flows.execute import (
    Outputs,
    chunk_of,
    has_layers,
    layers_of,
    run_integer,
    run_qonnx,
    run_streamlined,
)
from flows.images import ImageSet
from flows.rtl import RtlRun, build_bench, run_bench

#: images of the second RTL run, with gaps, stalls and a reset, at most
STALL_IMAGES = 200
#: clk of the two runs, and images at least, for networks with maps; perceptrons run all images
RTL_CLK, STALL_CLK, FEWEST_IMAGES = 6_500_000, 600_000, 10
GAP, STALL = 0.3, 0.3
#: images that are run again with taps to find the layer that differs
TAP_IMAGES = 16


def check_graphs(
    imported: ModelWrapper,
    streamlined: ModelWrapper,
    folded: ModelWrapper,
    images: ImageSet,
    input_kind: str,
) -> tuple[list[dict[str, Any]], Outputs]:
    """Compare the Python stages pairwise, some images at a time.

    Returns:
        Rows of the proof table, and the integer reference's scores and labels.

    Raises:
        CheckFailed: stages-differ.
    """
    layers = layers_of(folded)
    chunk = chunk_of(imported)
    found: dict[str, list[Outputs]] = {}
    n = len(images.images)
    shapes = shapes_of(folded)
    starts = range(0, n, chunk)
    for start in tqdm(starts, "compare stages", disable=len(starts) < 2 or not sys.stderr.isatty()):
        part = images.images[start : start + chunk]
        stages = [run_qonnx(imported, part, input_kind, layers)]
        if layers is None:
            streamed = run_streamlined(streamlined, part)
            compare(stages[0], _uninverted(streamed, streamlined), start)
            stages.append(streamed)
        integer = run_integer(folded, part)
        compare(stages[-1], integer, start, shapes)
        for outputs in (*stages, integer):
            bare = Outputs(outputs.stage, [], outputs.scores, outputs.labels)
            found.setdefault(outputs.stage, []).append(bare)
    rows: list[dict[str, Any]] = []
    for name, parts in found.items():
        whole = Outputs(
            name,
            [],
            np.concatenate([p.scores for p in parts]),
            np.concatenate([p.labels for p in parts]),
        )
        equal = Comparison(n, n, n, n) if rows else None
        rows.append(_row(whole, images, equal, rows[-1]["name"] if rows else None))
    return rows, whole


def _uninverted(outputs: Outputs, model: ModelWrapper) -> Outputs:
    """Undo the inversion of falling input bits (AbsorbIntoThresholds) for the comparison."""
    listed = model.get_metadata_prop("inverted_inputs")
    if not listed:
        return outputs
    (name, bits), *others = outputs.layers
    flipped = bits.copy()
    flipped[:, [int(i) for i in listed.split(",")]] ^= 1
    return Outputs(outputs.stage, [(name, flipped), *others], outputs.scores, outputs.labels)


def _row(
    outputs: Outputs, images: ImageSet, equal: Comparison | None, compared_with: str | None
) -> dict[str, Any]:
    row: dict[str, Any] = {"name": outputs.stage, "compared_with": compared_with}
    if equal is not None:
        row |= {"labels_equal": equal.labels_equal, "scores_equal": equal.scores_equal}
    if images.labels is not None:
        row["accuracy"] = float((outputs.labels == images.labels).mean())
    return row


@dataclass(frozen=True)
class Bench:
    """Where the RTL is, where its runs go and where their logs stay."""

    top: Path
    work: Path
    logs: Path
    seed: int

    def build(self, taps: bool = False) -> Path:
        """Compile the bench, with taps on the inner streams or without."""
        name = "bench_taps" if taps else "bench"
        return build_bench(self.top, self.work / name, self.logs / f"{name}.log", taps)

    def run(self, name: str, bench: Path, images: NDArray[np.uint8], **options: Any) -> RtlRun:
        """Run images through it; options as in run_bench."""
        log = self.logs / f"{name}.log"
        out = self.work / name
        return run_bench(self.top, bench, images, out, log, seed=self.seed, **options)


def check_rtl(
    rtl: Bench,
    folded: ModelWrapper,
    images: ImageSet,
    integer: Outputs,
    interval: int,
    n_images: int | None = None,
) -> dict[str, Any]:
    """Run the RTL on the first images and compare it with the integer reference.

    Args:
        rtl: where the top is.
        folded: the graph it was made from.
        images: those of check_graphs.
        integer: what check_graphs gave.
        interval: predicted clk per frame.
        n_images: how many the RTL runs; where None all, with maps as many as take RTL_CLK clk.

    Returns:
        The RTL part of check.json.

    Raises:
        CheckFailed: stages-differ (naming layer, channel and image), cycles-differ,
            sim-stuck and the bench's other checks.
    """
    n_stalled = STALL_IMAGES
    if has_layers(folded):
        n_images = n_images or max(FEWEST_IMAGES, RTL_CLK // interval)
        n_stalled = min(STALL_IMAGES, max(FEWEST_IMAGES, STALL_CLK // interval))
    images = images.first(n_images or len(images.images))
    integer = integer.first(len(images.images))
    bench = rtl.build()
    try:
        plain = rtl.run("all", bench, images.images)
    except CheckFailed:
        # again with taps: the bench then names the inner stream where it is stuck
        rtl.run("taps", rtl.build(taps=True), images.images, taps=True)
        raise
    equal = _compare_rtl(rtl, folded, images.images, integer, plain)
    measured = plain.measured["interval"]
    if len(images.images) > 8 and measured != interval:
        raise CheckFailed(
            "cycles-differ",
            f"a frame takes {measured or 'no constant number of'} clk, predicted {interval}",
            f"{rtl.top} in Verilator, {len(images.images)} frames without gaps or stalls",
            "this is a bug of bnnflow: please report it with folding.json",
            'flows/README.md, "The proof"',
        )
    stalled = _check_stalls(rtl, bench, images.images[:n_stalled], integer)
    return {
        "rows": [_row(plain.outputs, images, equal, "integer")],
        "images_checked": equal.images,
        "images_equal": equal.images_equal,
        "interval_predicted": interval,
        "interval_measured": measured,
        "latency_cycles": plain.measured["latency_cycles"],
        "cycles": plain.measured["cycles"],
        "stall_run": stalled,
    }


def _compare_rtl(
    rtl: Bench,
    folded: ModelWrapper,
    images: NDArray[np.uint8],
    integer: Outputs,
    run: RtlRun,
) -> Comparison:
    try:
        return compare(integer, run.outputs)
    except CheckFailed as err:
        counted = count_equal(integer, run.outputs)
        wrong = np.flatnonzero(
            (integer.labels != run.outputs.labels)
            | (integer.scores != run.outputs.scores).any(axis=1)
        )[:TAP_IMAGES]
        tapped = rtl.run("taps", rtl.build(taps=True), images[wrong], taps=True)
        chosen = run_integer(folded, images[wrong])
        located = _located(chosen, tapped.outputs, shapes_of(folded)) or err
        raise CheckFailed(
            located.code,
            f"{counted.images_equal} of {counted.images} images are equal; {located.what}; "
            f"these are images {', '.join(map(str, wrong))} of the set",
            located.where,
            located.hint,
            located.more,
        ) from None


def _located(
    reference: Outputs, tapped: Outputs, shapes: dict[str, tuple[int, ...]]
) -> CheckFailed | None:
    """The first difference with every layer looked at; None where the run now agrees."""
    try:
        compare(reference, tapped, 0, shapes)
    except CheckFailed as err:
        return err
    return None


def _check_stalls(
    rtl: Bench, bench: Path, images: NDArray[np.uint8], integer: Outputs
) -> dict[str, Any]:
    """Second run with gaps and stalls after a reset in the first frame."""
    run = rtl.run("stalled", bench, images, gap=GAP, stall=STALL, reset_at=1)
    n = len(images)
    compare(Outputs("integer", [], integer.scores[:n], integer.labels[:n]), run.outputs)
    return {
        "images": n,
        "images_equal": n,
        "gap": GAP,
        "stall": STALL,
        "seed": rtl.seed,
        "reset": True,
    }
