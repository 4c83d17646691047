# SPDX-License-Identifier: Apache-2.0
"""Specification of bnn_window in NumPy, and when it reads and frees the words of its line buffer.

All functions take the kernel's parameters by their names in bnn_window.sv. A word is SIMD channels
of a pixel; word 0 is the first one of a frame.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray


def out_size(p: Mapping[str, int]) -> tuple[int, int]:
    """Rows and columns of the output, OH and OW."""
    spans = ("R", "ROWS", "PAD_T", "PAD_B"), ("C", "COLS", "PAD_L", "PAD_R")
    oh, ow = (
        (p[size] + p.get(a, 0) + p.get(b, 0) - _reach(p, axis) - 1) // p.get(f"STRIDE_{axis}", 1)
        + 1
        for axis, size, a, b in spans
    )
    return oh, ow


def beats(p: Mapping[str, int]) -> tuple[int, int]:
    """Beats per frame of the input and of the output."""
    oh, ow = out_size(p)
    per_output = p.get("PASSES", 1) * p["KR"] * p["KC"] * (p["C"] // p["SIMD"])
    return p["ROWS"] * p["COLS"] * (p["C"] // p["SIMD"]), oh * ow * per_output


def window(x: ArrayLike, p: Mapping[str, int]) -> NDArray[np.int64]:
    """The pixels that every output sees, in the order of m_axis.

    Args:
        x: channels, shape (N, ROWS, COLS, C).
        p: parameters; PAD_VALUE is what padded pixels have in every channel.

    Returns:
        Integers, shape (N, OH, OW, GROUPS, PASSES, KR, KC, C / GROUPS).
    """
    values = np.asarray(x, np.int64).reshape(-1, p["ROWS"], p["COLS"], p["C"])
    pads = [(p.get(f"PAD_{a}", 0), p.get(f"PAD_{b}", 0)) for a, b in ("TB", "LR")]
    padded = np.pad(values, [(0, 0), *pads, (0, 0)], constant_values=p.get("PAD_VALUE", 0))
    rows, cols = (
        np.arange(n)[:, None] * p.get(f"STRIDE_{a}", 1)
        + np.arange(p[f"K{a}"]) * p.get(f"DIL_{a}", 1)
        for a, n in zip("RC", out_size(p), strict=True)
    )
    groups, passes = p.get("GROUPS", 1), p.get("PASSES", 1)
    found = padded[:, rows[:, None, :, None], cols[None, :, None, :]]  # N, OH, OW, KR, KC, C
    n, oh, ow, kr, kc, c = found.shape
    by_group = found.reshape(n, oh, ow, kr, kc, groups, c // groups).transpose(0, 1, 2, 5, 3, 4, 6)
    return np.repeat(by_group[:, :, :, :, None], passes, axis=4)


def needs(p: Mapping[str, int]) -> NDArray[np.int64]:
    """Words of the frame that must be there before each output can be sent completely.

    Args:
        p: parameters.

    Returns:
        Shape (OH * OW,).

    Raises:
        ValueError: a window sees only padding, which the kernel refuses: less padding mends it.
    """
    rows, cols = _last_inside(p, "R", "ROWS", "PAD_T"), _last_inside(p, "C", "COLS", "PAD_L")
    last = rows[:, None] * p["COLS"] + cols[None]
    return (last.reshape(-1) + 1) * (p["C"] // p["SIMD"])


def bases(p: Mapping[str, int]) -> NDArray[np.int64]:
    """The oldest word that is kept while each output is sent: its window's corner.

    Args:
        p: parameters.

    Returns:
        Shape (OH * OW,), negative where the corner is padding above the frame: so many words of
        the frame before are kept.
    """
    oh, ow = out_size(p)
    rows = np.arange(oh) * p.get("STRIDE_R", 1) - p.get("PAD_T", 0)
    cols = np.arange(ow) * p.get("STRIDE_C", 1) - p.get("PAD_L", 0)
    return ((rows[:, None] * p["COLS"] + cols[None]) * (p["C"] // p["SIMD"])).reshape(-1)


def frees(p: Mapping[str, int]) -> NDArray[np.int64]:
    """Words of the frame that are free once each output is completely sent.

    Args:
        p: parameters.

    Returns:
        Shape (OH * OW,): the base of the next output, for the last one that of the next frame's
        first. s_axis may be ahead of it by DEPTH words, rounded up to a power of two.
    """
    base = bases(p)
    return np.append(base[1:], beats(p)[0] + base[0])


def min_depth(p: Mapping[str, int]) -> int:
    """Words of line buffer with which no output waits for a word that finds no room."""
    return int(np.max(needs(p) - bases(p)))


def _reach(p: Mapping[str, int], axis: str) -> int:
    """From the first to the last row (column) of a window."""
    return (p[f"K{axis}"] - 1) * p.get(f"DIL_{axis}", 1)


def _last_inside(p: Mapping[str, int], axis: str, size: str, pad: str) -> NDArray[np.int64]:
    """Last row (column) of each window that is inside the map."""
    n = out_size(p)[0 if axis == "R" else 1]
    first = np.arange(n) * p.get(f"STRIDE_{axis}", 1) - p.get(pad, 0)
    sampled = first[:, None] + np.arange(p[f"K{axis}"]) * p.get(f"DIL_{axis}", 1)
    last: NDArray[np.int64] = np.where((sampled >= 0) & (sampled < p[size]), sampled, -1).max(
        axis=1
    )
    if last.min() < 0:
        raise ValueError(f"a window sees only padding: {dict(p)}")
    return last
