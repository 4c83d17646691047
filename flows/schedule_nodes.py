# SPDX-License-Identifier: Apache-2.0
"""Makers of the nodes of flows/schedule_kinds.py from kernels' parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from flows.schedule_kinds import MatVec, Pixelwise, Scan, Shared, Window
from hw.kernels import bnn_window_ref, bnn_window_wide_ref


def pixelwise(
    name: str, inputs: Sequence[str], outputs: Sequence[str], beats: int, latency: int = 1
) -> Pixelwise:
    """A beat in on every input, a beat out on every output: requantise, binarise, add, fork."""
    need, emit = np.arange(1, beats + 1), np.ones(beats, bool)
    return Pixelwise(name, tuple(inputs), tuple(outputs), need, emit, latency)


def shared(
    name: str, inputs: Sequence[str], outputs: Sequence[str], beats: int, every: int, latency: int
) -> Shared:
    """As pixelwise, but the last input brings a beat for every `every` of the others."""
    need, emit = np.arange(1, beats + 1), np.ones(beats, bool)
    return Shared(name, tuple(inputs), tuple(outputs), need, emit, latency, every=every)


def converter(
    name: str, source: str, sink: str, beats_in: int, beats_out: int, latency: int = 1
) -> Pixelwise:
    """A width converter: a beat per clk on its narrow side; the ratio is an integer."""
    assert beats_in % beats_out == 0 or beats_out % beats_in == 0
    k = np.arange(max(beats_in, beats_out))
    need = k * beats_in // len(k) + 1
    emit = (k + 1) * beats_out % len(k) < beats_out
    return Pixelwise(name, (source,), (sink,), need, emit, latency)


def pad_channels(
    name: str, source: str, sink: str, pixels: int, beats_in: int, beats_out: int, latency: int = 1
) -> Pixelwise:
    """Constant channels behind those of every pixel: beats per pixel in and out."""
    k = np.arange(pixels * beats_out)
    need = k // beats_out * beats_in + np.minimum(k % beats_out + 1, beats_in)
    return Pixelwise(name, (source,), (sink,), need, np.ones(len(k), bool), latency)


def pool(
    name: str,
    source: str,
    sink: str,
    shape: tuple[int, int, int],
    kernel: tuple[int, int],
    latency: int = 1,
) -> Pixelwise:
    """A pool whose stride is its kernel; rows and columns that fill no kernel are dropped.

    Args:
        name: of the node.
        source: input stream.
        sink: output stream.
        shape: rows, columns, beats per pixel of the input.
        kernel: rows, columns.
        latency: clk from the last beat of a kernel to the output beat.
    """
    rows, cols, folds = shape
    row, col, _ = np.indices(shape).reshape(3, rows * cols * folds)
    emit = (row % kernel[0] == kernel[0] - 1) & (col % kernel[1] == kernel[1] - 1)
    return Pixelwise(name, (source,), (sink,), np.arange(1, emit.size + 1), emit, latency)


def matvec(
    name: str,
    source: str,
    sink: str,
    vectors: int,
    fold_c: int,
    fold_r: int,
    replay: bool = True,
    latency: int = 6,
) -> MatVec | Pixelwise:
    """A matrix-vector unit of vectors of fold_c words, fold_r output beats each.

    Without replay the window in front sends every vector fold_r times and the unit takes a beat per
    clk. So does one with fold_r = 1, which only keeps two words.
    """
    if replay and fold_r > 1:
        return MatVec(name, (source,), (sink,), vectors, fold_c, fold_r, latency)
    k = np.arange(1, vectors * fold_c * fold_r + 1)
    return Pixelwise(name, (source,), (sink,), k, k % fold_c == 0, latency)


def window(
    name: str, source: str, sink: str, params: Mapping[str, int], latency: int = 2
) -> Window:
    """A bnn_window with these parameters."""
    needs, frees = bnn_window_ref.needs(params), bnn_window_ref.frees(params)
    words, sent = bnn_window_ref.beats(params)
    return Window(name, (source,), (sink,), needs, frees, sent // len(needs), words, latency)


def wide_window(
    name: str, source: str, sink: str, params: Mapping[str, int], latency: int = 3
) -> Scan:
    """A bnn_window_wide with these parameters."""
    need, emit, lag = bnn_window_wide_ref.scan(params)
    return Scan(name, (source,), (sink,), need, emit, latency, lag=lag)
