# SPDX-License-Identifier: Apache-2.0
"""Specification of bnn_window_wide in NumPy, and when it takes words and sends beats.

All functions take the kernel's parameters by their names in bnn_window_wide.sv. A word is PIX
pixels of s_axis, a beat SIMD values of M windows. There are as many positions in a frame as words;
at most M windows begin at each.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hw.kernels.bnn_window_ref import out_size, window


def wide(x: ArrayLike, p: Mapping[str, int]) -> NDArray[np.int64]:
    """What m_axis sends.

    Args:
        x: channels, shape (N, ROWS, COLS, C).
        p: parameters; PAD_VALUE is what padded pixels have in every channel.

    Returns:
        Integers, shape (N, beats, M * SIMD).
    """
    m, simd = p.get("M", 1), p["SIMD"]
    windows = window(x, p)[:, :, :, 0]  # N, OH, OW, PASSES, KR, KC, C
    n, oh, ow, passes = windows.shape[:4]
    by_group = windows.reshape(n, oh, ow // m, m, passes, -1, simd).transpose(0, 1, 2, 4, 5, 3, 6)
    return by_group.reshape(n, -1, m * simd)


def beats(p: Mapping[str, int]) -> tuple[int, int]:
    """Words in and beats out per frame."""
    oh, ow = out_size(p)
    return p["ROWS"] * row_words(p), oh * (ow // p.get("M", 1)) * _per_position(p)


def lags(p: Mapping[str, int]) -> tuple[int, int]:
    """Rows, and words of a row, between a position's own word and the last one its windows see."""
    far = (p.get("M", 1) - 1) * p.get("STRIDE_C", 1) + reach(p, "C") - p.get("PAD_L", 0)
    return reach(p, "R") - p.get("PAD_T", 0), far // p.get("PIX", 1)


def lag(p: Mapping[str, int]) -> int:
    """Words between a position's own and the last one that its windows see."""
    rows, words = lags(p)
    return rows * row_words(p) + words


def scan(p: Mapping[str, int]) -> tuple[NDArray[np.int64], NDArray[np.bool_], int]:
    """What happens in a frame, an event per clk: an output beat, or a position without one.

    Args:
        p: parameters; fits(p).

    Returns:
        (events,) the word that goes with the position of an event, and one: lag + 1 ... words +
        lag, rising; (events,) whether it is an output beat; and lag(p). Beyond the frame's last
        word the kernel does not wait for one: only min(need, words) words must have come. A word
        that comes after its position takes a clk in which no position begins, and yet no
        event is later than if each waited for its word.
    """
    words, _ = beats(p)
    oh, ow = out_size(p)
    m, pix = p.get("M", 1), p.get("PIX", 1)
    sends = np.zeros((p["ROWS"], row_words(p)), np.bool_)
    rows = np.arange(oh) * p.get("STRIDE_R", 1)
    groups = np.arange(ow // m) * (m * p.get("STRIDE_C", 1) // pix)
    sends[rows[:, None], groups] = True
    events = np.where(sends.reshape(-1), _per_position(p), 1)
    needs = np.arange(words) + lag(p) + 1
    return np.repeat(needs, events), np.repeat(sends.reshape(-1), events), lag(p)


def interval(p: Mapping[str, int]) -> int:
    """Clk per frame where neither s_axis nor m_axis makes it wait; at least its words."""
    return len(scan(p)[0])


def fits(p: Mapping[str, int]) -> bool:
    """Whether the kernel can be built: its limits hold."""
    m, pix, stride = p.get("M", 1), p.get("PIX", 1), p.get("STRIDE_C", 1)
    taps = p["KR"] * p["KC"]
    if p.get("GROUPS", 1) != 1 or p["SIMD"] % p["C"] or taps % (p["SIMD"] // p["C"]):
        return False
    if (pix != m * stride and (pix, m) != (1, 1)) or p["COLS"] % pix:
        return False
    if any(p.get(f"PAD_{a}", 0) > reach(p, b) for a, b in ("TR", "LC")):
        return False
    oh, ow = out_size(p)
    inside = (oh - 1) * p.get("STRIDE_R", 1) < p["ROWS"] and (ow - 1) * stride < p["COLS"]
    return min(oh, ow) > 0 and ow % m == 0 and inside and lag(p) < p["ROWS"] * row_words(p)


def row_words(p: Mapping[str, int]) -> int:
    """Words in a row of the map."""
    return p["COLS"] // p.get("PIX", 1)


def reach(p: Mapping[str, int], axis: str) -> int:
    """From the first to the last row (axis "R") or column ("C") of a window."""
    return (p[f"K{axis}"] - 1) * p.get(f"DIL_{axis}", 1)


def _per_position(p: Mapping[str, int]) -> int:
    """Beats of a position that sends."""
    return p.get("PASSES", 1) * p["KR"] * p["KC"] * p["C"] // p["SIMD"]
