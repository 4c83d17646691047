# SPDX-License-Identifier: Apache-2.0
"""LUT sites of a bnn_window_wide, without synthesis.

Memory, multiplexers and masks are counted; control is a fit to what yosys gives for 27 layers of
33 to 1,128 sites, which it meets within 9 %, 24 of them within 5 %, and for 7 others within
9 % or 12 sites.
"""

from __future__ import annotations

from collections.abc import Mapping

from hw.kernels.axis_area import lut_ram
from hw.kernels.bnn_window_ref import out_size
from hw.kernels.bnn_window_wide_ref import beats, lag, lags, reach, row_words

#: sites: a unit, what lags in it, a bit of its counters, a word of hist that is filled late, a bit
#: of the beat's number, a loop of passes; a bit of m_axis that n > 4 beats share, per beat
UNIT, LAGS, BIT, PLACE, BEAT, PASS, SHARED = 6.3, 26.3, 1.09, 1.8, 4.6, 11.7, 0.47


def window_wide_area(p: Mapping[str, int]) -> tuple[float, float]:
    """LUT sites and BRAM36 (none) of a bnn_window_wide.

    Args:
        p: its parameters by name.
    """
    word = _pixels(p) * p["C"] * p["IN_W"]
    above, row = reach(p, "R") * word, row_words(p)
    lines = lut_ram(above, row) if above and row > 1 else 0
    return word * (1 + _late_words(p)) + lines + _outputs(p) + _control(p), 0.0


def _first(p: Mapping[str, int], window: int, tap: int) -> int:
    """The column that tap number kc of a window sees at the first position."""
    stride, dil = p.get("STRIDE_C", 1), p.get("DIL_C", 1)
    return window * stride - p.get("PAD_L", 0) + tap * dil


def _pixels(p: Mapping[str, int]) -> int:
    """Pixels of a word that any window sees."""
    windows, taps = range(p.get("M", 1)), range(p["KC"])
    return len({_first(p, i, k) % p.get("PIX", 1) for i in windows for k in taps})


def _late_words(p: Mapping[str, int]) -> int:
    """Sites per bit of a word: columns filled late, and rows read higher up."""
    lag_r, lag_c = lags(p)
    late = (out_size(p)[0] - 1) * p.get("STRIDE_R", 1) + lag_r - p["ROWS"]  # rows
    ups = (k * p.get("DIL_R", 1) for k in range(1, p["KR"]))  # a tap is so many rows higher up
    higher = sum((max(0, min(late, up - 1)) + 1) // 2 for up in ups)
    return p["KR"] * max(0, lag_c - 1) + higher


def _outputs(p: Mapping[str, int]) -> float:
    """Sites of the multiplexers and masks behind hist.

    Windows that see the same pixel in the same beat share them. Where M windows are all of a row,
    a column outside of the map is a constant.
    """
    (oh, ow), m = out_size(p), p.get("M", 1)
    stride = p.get("STRIDE_C", 1)
    taps = p["SIMD"] // p["C"]
    n = p["KR"] * p["KC"] // taps  # beats
    rows = (r * p.get("DIL_R", 1) - p.get("PAD_T", 0) for r in range(p["KR"]))
    row_masked = [low < 0 or low + (oh - 1) * p.get("STRIDE_R", 1) >= p["ROWS"] for low in rows]
    seen = {  # by row of taps and column, in each beat
        tuple((b // p["KC"], _first(p, i, b % p["KC"])) for b in range(t, n * taps, taps))
        for i in range(m)
        for t in range(taps)
    }
    sites = 0.0
    for pixels in seen:
        outside = [low < 0 or low + (ow - m) * stride >= p["COLS"] for _, low in pixels]
        if ow == m and all(outside):
            continue
        masked = any(outside) or any(row_masked[r] for r, _ in pixels)
        sites += SHARED * n if n > 4 else int(n > 1) + (masked and n in (1, 4))
    return sites * p["C"] * p["IN_W"]


def _control(p: Mapping[str, int]) -> float:
    """Sites of counters and steps."""
    column, row, words = (row_words(p) - 1).bit_length(), (p["ROWS"] - 1).bit_length(), lag(p)
    n = p["KR"] * p["KC"] * p["C"] // p["SIMD"]
    bits = column + row
    if words:
        bits += column + words.bit_length()
    elif beats(p)[0] * n * p.get("PASSES", 1) == beats(p)[1]:
        bits = 0  # every position sends the same
    fixed = UNIT + LAGS * (words > 0) + PASS * (p.get("PASSES", 1) > 1)
    return fixed + BIT * bits + PLACE * lags(p)[1] + BEAT * (n - 1).bit_length()
