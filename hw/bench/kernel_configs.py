# SPDX-License-Identifier: Apache-2.0
"""The kernels beside bnn_mvu that the bench measures, and their random constants."""

from __future__ import annotations

import numpy as np

from hw.kernels import (
    bnn_affine_ref,
    bnn_binarize_ref,
    bnn_imvu_ref,
    bnn_levels_ref,
    bnn_lookup_ref,
    bnn_requant_ref,
)
from hw.kernels.bnn_border_ref import class_literal
from hw.kernels.bnn_mvu_ref import vector
from hw.kernels.bnn_window_ref import min_depth

Params = dict[str, int]
Given = tuple[dict[str, str], dict[str, list[str]]]  # literals, lines of memory files
NOTHING: Given = {}, {}

#: an 8 x 8 map whose first and last rows and columns are classes of their own
BORDERS = {"ROWS": 8, "COLS": 8, "CLASSES_R": 3, "CLASSES_C": 3}
#: scores of ten classes, from match counts of 64 inputs
SCORES = {"N": 10, "PE": 1, "IN_W": 7, "COEF_W": 8, "OFFS_W": 16, "OUT_W": 18, "CLAMP": 0}
CODES = {"N": 64, "PE": 4, "IN_W": 12, "IN_SIGNED": 1}
REQUANT = {**CODES, "COEF_W": 8, "OFFS_W": 20, "SHIFT": 8, "OUT_W": 4, "LO": 0, "HI": 15}
#: AdaBin in front of a sign
AFFINE = {"N": 64, "PE": 16, "IN_W": 10, "Q_W": 10, "SHARE_W": 9, "OFFS_W": 20, "UNIT": 1}
AFFINE |= {"SHIFT": 0, "OUT_W": 1, "LO": 0, "HI": 1}
#: two windows of 3 x 3 per clk
WIDE = {"ROWS": 32, "COLS": 32, "C": 16, "SIMD": 144, "M": 2, "PIX": 2}
WIDE |= {f"PAD_{side}": 1 for side in "TLBR"}
POOL = {"ROWS": 28, "COLS": 28, "C": 64, "KR": 2, "KC": 2}


def _window(rows: int, c: int, simd: int, in_w: int, pad: int, block: int = 0) -> Params:
    """A 3 x 3 window."""
    p = {"ROWS": rows, "COLS": rows, "C": c, "SIMD": simd, "IN_W": in_w, "KR": 3, "KC": 3}
    p |= {f"PAD_{side}": pad for side in "TLBR"} if pad else {}
    return {**p, "DEPTH": min_depth(p), "RAM_BLOCK": block}


#: top, parameters, PRIM; 0 for a kernel without it
KERNELS: list[tuple[str, Params, int]] = [
    ("bnn_binarize", {"N": 784, "PE": 49, "IN_W": 8, "UNIFORM": 1, "THR": 128}, 1),
    ("bnn_binarize", {"N": 784, "PE": 8, "IN_W": 8}, 1),
    ("bnn_binarize", {"N": 64, "PE": 16, "IN_W": 10, "IN_SIGNED": 1, **BORDERS}, 1),
    ("bnn_requant", SCORES, 1),
    ("bnn_requant", REQUANT, 1),
    ("bnn_requant", {**REQUANT, "OUT_W": 8, "LO": -128, "HI": 127, **BORDERS}, 1),
    ("bnn_requant", {**CODES, "UNIFORM": 1, "SHIFT": 2, "OUT_W": 4, "LO": -8, "HI": 7}, 1),
    ("bnn_levels", {**CODES, "K": 2, "OUT_W": 2}, 1),
    ("bnn_levels", {**CODES, "K": 4, "OUT_W": 4, "LO": -8}, 1),
    ("bnn_lookup", {"N": 10, "PE": 5, "IN_W": 7, "DEPTH": 65, "OUT_W": 12}, 1),
    ("bnn_lookup", {"N": 10, "PE": 1, "IN_W": 7, "DEPTH": 65, "OUT_W": 12}, 1),
    ("bnn_lookup", {"N": 10, "PE": 1, "IN_W": 7, "DEPTH": 65, "OUT_W": 12, "ROM_BLOCK": 1}, 1),
    ("bnn_pool", {**POOL, "PE": 16}, 1),
    ("bnn_pool", {**POOL, "PE": 8, "IN_W": 4, "IN_SIGNED": 1, "OUT_W": 4}, 1),
    ("bnn_pool", {"C": 64, "PE": 4, "KR": 8, "KC": 8, "IN_W": 4, "MODE": 1, "OUT_W": 10}, 1),
    ("bnn_pool", {**POOL, "PE": 64, "M": 2}, 1),
    ("bnn_add", {"PE": 4, "IN0_W": 8, "IN1_W": 8, "OUT_W": 4, "LO": 0, "HI": 15}, 1),
    ("bnn_affine", AFFINE, 1),
    ("bnn_affine", {**AFFINE, "DSP": 0}, 1),
    ("bnn_affine", {**AFFINE, "N": 16, "DSP": 0}, 1),
    ("bnn_channel_pad", {"C": 16, "PE": 8, "IN_W": 4, "BEFORE": 8, "AFTER": 8}, 1),
    ("bnn_imvu", {"MW": 27, "MH": 64, "SIMD": 3, "PE": 16, "OUT_W": 14}, 1),
    ("bnn_imvu", {"MW": 64, "MH": 10, "SIMD": 4, "PE": 1, "W_W": 8, "OUT_W": 22}, 1),
    ("bnn_imvu", {"MW": 36, "MH": 16, "SIMD": 4, "PE": 2, "IN_W": 4, "W_W": 4, "OUT_W": 14}, 1),
    ("bnn_argmax", {"N": 10, "PE": 1, "IN_W": 16}, 1),
    ("bnn_argmax", {"N": 10, "PE": 10, "IN_W": 7}, 1),
    ("axis_fork", {"W": 8}, 1),
    ("axis_fifo", {"W": 32, "DEPTH": 2}, 1),
    ("axis_fifo", {"W": 16, "DEPTH": 32}, 1),
    ("axis_fifo", {"W": 8, "DEPTH": 300}, 1),
    ("axis_fifo", {"W": 36, "DEPTH": 512, "RAM_BLOCK": 1}, 1),
    ("axis_dwc", {"IN_LANES": 32, "OUT_LANES": 8, "W": 1}, 0),
    ("axis_dwc", {"IN_LANES": 784, "OUT_LANES": 14, "W": 1}, 0),  # no power of two
    ("axis_dwc", {"IN_LANES": 4, "OUT_LANES": 16, "W": 4}, 0),
    ("bnn_window", _window(32, 3, 3, 8, 0), 0),
    ("bnn_window", _window(30, 64, 32, 1, 0, 1), 0),
    ("bnn_window", _window(14, 32, 8, 4, 1), 0),
    ("bnn_window_wide", WIDE, 0),
]


def _classes(p: Params) -> dict[str, str]:
    literals = {}
    for name, size in (("ROW_CLASS", "ROWS"), ("COL_CLASS", "COLS")):
        if p.get(f"CLASSES_{name[0]}", 1) > 1:
            literals[name] = class_literal([0, *[1] * (p[size] - 2), 2], 3)
    return literals


def _binarize(p: Params, rng: np.random.Generator) -> Given:
    if p.get("UNIFORM"):
        return NOTHING
    classes = p.get("CLASSES_R", 1) * p.get("CLASSES_C", 1)
    low, shape = -(1 << (p["IN_W"] - 1)) if p.get("IN_SIGNED") else 0, (classes, p["N"])
    thr = rng.integers(low, low + (1 << p["IN_W"]) + 1, shape)
    sense = rng.integers(0, 2, shape)
    signed = bool(p.get("IN_SIGNED"))
    words = bnn_binarize_ref.threshold_words(thr, sense, p["PE"], p["IN_W"], signed)
    return {"THRESHOLDS": vector(words, p["PE"] * (p["IN_W"] + 2)), **_classes(p)}, {}


def _requant(p: Params, rng: np.random.Generator) -> Given:
    if p.get("UNIFORM"):
        return NOTHING
    limits = (1 << (p["COEF_W"] - 1), 1 << (p["OFFS_W"] - 1))
    classes = p.get("CLASSES_R", 1) * p.get("CLASSES_C", 1)
    a = rng.integers(-limits[0], limits[0], p["N"])
    b = rng.integers(-limits[1], limits[1], (classes, p["N"]))
    words = bnn_requant_ref.param_words(a, b, p["PE"], p["COEF_W"], p["OFFS_W"])
    return {"PARAMS": vector(words, p["PE"] * (p["COEF_W"] + p["OFFS_W"])), **_classes(p)}, {}


def _affine(p: Params, rng: np.random.Generator) -> Given:
    b, c = (1 << (p[name] - 1) for name in ("SHARE_W", "OFFS_W"))
    a, shares = 1 - 2 * rng.integers(0, 2, p["N"]), rng.integers(-b, b, p["N"])
    widths = 1, p["SHARE_W"], p["OFFS_W"]
    words = bnn_affine_ref.param_words(a, shares, rng.integers(-c, c, p["N"]), p["PE"], *widths, 0)
    return {"PARAMS": vector(words, p["PE"] * sum(widths))}, {}


def _levels(p: Params, rng: np.random.Generator) -> Given:
    low = -(1 << (p["IN_W"] - 1))
    thr = np.sort(rng.integers(low, -low, (1, (1 << p["K"]) - 1, p["N"])), axis=1)
    stored = bnn_levels_ref.stored(thr, np.zeros(p["N"], int), p["IN_W"], True)
    stages = bnn_levels_ref.stage_words(stored, p["PE"], p["IN_W"])
    return {"THRESHOLDS": bnn_levels_ref.stage_literal(stages, p["PE"], p["IN_W"], 0)}, {}


def _lookup(p: Params, rng: np.random.Generator) -> Given:
    limit = 1 << (p["OUT_W"] - 1)
    table = np.sort(rng.integers(-limit, limit, (p["N"], p["DEPTH"])), axis=1)
    words = bnn_lookup_ref.table_words(table, p["PE"], p["OUT_W"])
    if p.get("ROM_BLOCK"):
        return {}, {"TABLE_FILE": words}
    return {"TABLE": vector(words, p["PE"] * p["OUT_W"])}, {}


def _imvu(p: Params, rng: np.random.Generator) -> Given:
    bits = p.get("W_W", 1)
    low = -(1 << (bits - 1)) if bits > 1 else 0
    w = rng.integers(low, low + (1 << bits), (p["MH"], p["MW"]))
    words = bnn_imvu_ref.weight_words(w, p["PE"], p["SIMD"], bits)
    return {"WEIGHTS": vector(words, p["PE"] * p["SIMD"] * bits)}, {}


_MADE = {
    "bnn_affine": _affine,
    "bnn_binarize": _binarize, "bnn_requant": _requant, "bnn_levels": _levels,
    "bnn_lookup": _lookup, "bnn_imvu": _imvu,
}  # fmt: skip


def constants(top: str, p: Params) -> Given:
    """Random literals, and memory files, of one configuration: the same at every call."""
    made = _MADE.get(top)
    return made(p, np.random.default_rng(1)) if made else NOTHING
