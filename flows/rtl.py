# SPDX-License-Identifier: Apache-2.0
"""Run the stitched top in Verilator, through the bench of sim/ as a program."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.beats import beats_to_labels, beats_to_scores
from flows.child import run_child
from flows.execute import Outputs
from flows.packed import host_binarize
from flows.reference import as_fed


@dataclass(frozen=True)
class RtlRun:
    """Outputs of the RTL and what the bench measured (run.json)."""

    outputs: Outputs
    measured: dict[str, Any]


def build_bench(top: Path, out: Path, log: Path, taps: bool = False) -> Path:
    """Verilate and compile the top, output into `log`; nothing is done where it is up to date.

    Raises:
        FlowError: the bench's (tool-missing, verilator-failed, ...).
    """
    command = [sys.executable, "-m", "sim.network_bench", "build", "--top", str(top.resolve())]
    command += ["--out", str(out.resolve())]
    command += ["--taps"] if taps else []
    run_child(command, log)
    return out


def run_bench(
    top: Path,
    bench: Path,
    images: NDArray[np.uint8],
    out: Path,
    log: Path,
    *,
    gap: float = 0.0,
    stall: float = 0.0,
    seed: int = 1,
    taps: bool = False,
    reset_at: int | None = None,
) -> RtlRun:
    """Stream images through the RTL.

    Args:
        top: folder of stage stitch.
        bench: folder of build_bench.
        images: shape (N, n), as the accelerator is fed them.
        out: folder for the streams.
        log: file for what the bench prints.
        gap: chance of a pause at the input, per clk.
        stall: chance of a stall at the outputs, per clk.
        seed: of gaps and stalls.
        taps: keep the internal streams and fill `outputs.layers` from them.
        reset_at: reset after that input beat, then run everything.

    Raises:
        CheckFailed: sim-stuck (naming the stream) and the bench's other checks.
    """
    table = json.loads((top / "top.json").read_text())
    out.mkdir(parents=True, exist_ok=True)
    frames = out / "input.bin"
    fed = fed_values(images, table)
    frames.write_bytes(pack_frames(fed, table))
    command = [sys.executable, "-m", "sim.network_bench", "run", "--bin", str(bench.resolve())]
    command += ["--frames", str(frames.resolve()), "--out", str(out.resolve())]
    command += ["--gap", str(gap), "--stall", str(stall), "--seed", str(seed)]
    if taps:
        command.append("--taps")
    if reset_at is not None:
        command += ["--reset-at", str(reset_at)]
    run_child(command, log)
    score = table["score"]
    n, bits = score["classes"], score["bits"]
    pe = n // table["streams"]["m_axis_score"]["beats_per_frame"]
    scores = beats_to_scores((out / "score.bin").read_bytes(), pe, bits, score["signed"], n)
    labels = beats_to_labels((out / "label.bin").read_bytes(), max(1, (n - 1).bit_length()))
    layers = _layers(out, table) if taps else []
    if taps and table.get("input_layer"):
        layers.insert(0, ("s_axis", fed))  # the layer that the RTL does not have
    frames.unlink()
    return RtlRun(
        Outputs("rtl", layers, scores, labels), json.loads((out / "run.json").read_text())
    )


def fed_values(images: NDArray[np.uint8], table: dict[str, Any]) -> NDArray[np.uint8]:
    """What the accelerator is fed for images: the pixels, or what the driver makes of them.

    Args:
        images: shape (N, n), maps channel by channel; the stream brings them pixel by pixel.
        table: top.json.

    Returns:
        Shape (N, n), in the order of the stream.
    """
    fed = as_fed(images, (1, *table["input_shape"])).reshape(len(images), -1)
    packed = host_binarize(table.get("binarize"))
    return packed.bits(fed) if packed else fed


def pack_frames(values: NDArray[np.uint8], table: dict[str, Any]) -> bytes:
    """The bytes of the input stream's beats: a byte a pixel, or a bit an input.

    Args:
        values: of fed_values.
        table: top.json.
    """
    beats = table["streams"]["s_axis"]["beats_per_frame"]
    elements = values.shape[1] // beats
    if table["input_bits"] == 8 * elements:
        return values.tobytes()
    beat_rows = values.reshape(-1, elements)
    return np.packbits(beat_rows, axis=1, bitorder="little").tobytes()


def _layers(out: Path, table: dict[str, Any]) -> list[tuple[str, NDArray[Any]]]:
    """Integers of every tapped stream that is a layer of its own (width converters are not)."""
    layers = []
    for k, (tap, layer) in enumerate(zip(table["taps"], table["tap_layers"], strict=True)):
        if layer is None:
            continue
        raw = (out / f"tap{k}.bin").read_bytes()
        lanes = layer["elements"] // tap["beats_per_frame"]
        codes = beats_to_scores(raw, lanes, layer["bits"], layer["signed"], layer["elements"])
        layers.append((tap["name"], codes))
    return layers
