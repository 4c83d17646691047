# SPDX-License-Identifier: Apache-2.0
"""Layers, the folds they may have, and what those cost."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from flows.estimate import Area, dwc_area, imvu_area, mvu_area

#: price of a BRAM36 that no weights are worth
IN_LUTS = 1e9


@dataclass(frozen=True)
class Layer:
    """A matrix-vector unit to fold: MW inputs, MH outputs, thresholded unless raw.

    Attributes:
        name: of its node.
        mw: columns: inputs of one output, KR * KC * C / GROUPS of a convolution.
        mh: rows: outputs of one vector, of all groups.
        raw: match counts leave the unit.
        vectors: per frame: output pixels of a convolution.
        pixels: per frame of the map in front of a window; 0 where there is none.
        channels: of a pixel and group, what SIMD has to divide; MW where 0.
        groups: PE divides MH / groups.
        kind: "binary" (bnn_mvu) or "integer" (bnn_imvu).
        in_w: bits of an input.
        w_w: bits of a weight.
        in_signed: inputs are two's complement.
        out_w: bits of an integer unit's sum.
        replay: vectors come once and are kept in the unit; else a window sends them every time.
        max_pe: largest PE to consider; any where 0.
        max_simd: largest SIMD.
        extra: area of the nodes that follow the unit, or come before it, for a PE and SIMD.
        source: the layer whose PE it reads; None: the one before, "": none (no converter).
        joins: layers whose outputs are added to this one's, and bits per channel there: a width
            converter where their PE differs.
    """

    name: str
    mw: int
    mh: int
    raw: bool = False
    vectors: int = 1
    pixels: int = 0
    channels: int = 0
    groups: int = 1
    kind: str = "binary"
    in_w: int = 1
    w_w: int = 1
    in_signed: bool = False
    out_w: int = 32
    replay: bool = True
    max_pe: int = 0
    max_simd: int = 0
    extra: Callable[[int, int], Area] | None = None
    source: str | None = None
    joins: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Fold:
    """PE rows and SIMD columns per clk."""

    pe: int
    simd: int

    def cycles(self, layer: Layer) -> int:
        """Clk per frame: of the unit, or of its window, which takes a word of the map per clk."""
        words = layer.pixels * layer.groups * (layer.channels or layer.mw) // self.simd
        return max(words, layer.vectors * (layer.mw // self.simd) * (layer.mh // self.pe))


@dataclass(frozen=True)
class Solution:
    """Folds of all layers, their area, the interval in clk.

    prices: what a BRAM36 is worth in LUTs for each layer; says where its weights go.
    """

    folds: tuple[Fold, ...]
    area: Area
    interval: int
    prices: tuple[float, ...]


def divisors(n: int) -> list[int]:
    """All divisors of n, rising."""
    small = [d for d in range(1, int(n**0.5) + 1) if n % d == 0]
    return sorted({*small, *(n // d for d in small)})


@cache
def folds_of(layer: Layer) -> tuple[Fold, ...]:
    """All that a layer may have."""
    return tuple(
        Fold(pe, simd)
        for pe in divisors(layer.mh // layer.groups)
        for simd in divisors(layer.channels or layer.mw)
        if pe <= (layer.max_pe or pe) and simd <= (layer.max_simd or simd)
    )


@cache
def unit_area(layer: Layer, fold: Fold, price: float) -> Area:
    """A unit, and what follows it."""
    if layer.kind == "binary":
        replay = layer.replay and fold.pe * layer.groups < layer.mh
        own = mvu_area(layer.mw, layer.mh, fold.pe, fold.simd, price, layer.raw, replay)
    else:
        parameters = {
            "MW": layer.mw,
            "MH": layer.mh,
            "SIMD": fold.simd,
            "PE": fold.pe,
            "GROUPS": layer.groups,
            "REPLAY": int(layer.replay),
            "IN_W": layer.in_w,
            "IN_SIGNED": int(layer.in_signed),
            "W_W": layer.w_w,
            "OUT_W": layer.out_w,
        }
        own = imvu_area(parameters, price)
    return own + layer.extra(fold.pe, fold.simd) if layer.extra else own


@cache
def converter_area(pe: int, simd: int, bits: int = 1) -> Area:
    """Width conversion of `bits` per channel: through the least common multiple where uneven."""
    if pe % simd == 0 or simd % pe == 0:
        return dwc_area(pe, simd, bits)
    common = math.lcm(pe, simd)
    return dwc_area(pe, common, bits) + dwc_area(common, simd, bits)
