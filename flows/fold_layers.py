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
        extra: area of the nodes that follow the unit, or come before it, for a folding.
        source: the layer whose PE it reads; None: the one before, "": none (no converter).
        beside: a layer that reads the same input of the network and says how wide it comes.
        taps: pixels of a window that it may send in a beat, besides one.
        several: M > 1 that divide the rows of what the layer reads and writes.
        step: columns that a wide window reads per window of a beat.
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
    extra: Callable[[Fold], Area] | None = None
    source: str | None = None
    beside: str = ""
    taps: tuple[int, ...] = ()
    several: tuple[int, ...] = ()
    step: int = 1
    joins: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Fold:
    """PE rows and SIMD columns per clk, of M neighbouring pixels."""

    pe: int
    simd: int
    m: int = 1

    def is_wide(self, layer: Layer) -> bool:
        """Whether the window in front sends more than a pixel per clk (bnn_window_wide)."""
        return bool(layer.pixels) and (self.m > 1 or self.simd > layer.channels)

    def pix(self, layer: Layer) -> int:
        """Pixels per clk that a wide window reads."""
        return self.m * layer.step

    def lanes_in(self, layer: Layer) -> int:
        """Values per clk that the layer reads, in front of its window."""
        return layer.channels * self.pix(layer) if self.is_wide(layer) else self.simd * self.m

    @property
    def lanes_out(self) -> int:
        """Values per clk that leave it."""
        return self.pe * self.m

    def cycles(self, layer: Layer) -> int:
        """Clk per frame: of the unit, or of its window.

        A window takes a word of the map per clk; a wide one does not send while it steps over a
        position that is no output.
        """
        vectors = layer.vectors // self.m
        beats = layer.mw // self.simd * (layer.mh // self.pe)
        if self.is_wide(layer):
            return layer.pixels // self.pix(layer) + vectors * (beats - 1)
        words = layer.pixels * layer.groups * (layer.channels or layer.mw) // self.simd
        return max(words, vectors * beats)


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
    """All that a layer may have: several pixels per clk only where one is all that is left."""
    channels = layer.channels or layer.mw
    columns = [*divisors(channels), *(channels * n for n in layer.taps)]
    folds = [Fold(pe, simd) for pe in divisors(layer.mh // layer.groups) for simd in columns]
    folds += [Fold(layer.mh, layer.mw, m) for m in layer.several]
    return tuple(
        fold
        for fold in folds
        if fold.pe <= (layer.max_pe or fold.pe) and fold.simd <= (layer.max_simd or fold.simd)
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
    own = own.times(fold.m)
    return own + layer.extra(fold) if layer.extra else own


@cache
def converter_area(pe: int, simd: int, bits: int = 1) -> Area:
    """Width conversion of `bits` per channel: through the least common multiple where uneven."""
    if pe % simd == 0 or simd % pe == 0:
        return dwc_area(pe, simd, bits)
    common = math.lcm(pe, simd)
    return dwc_area(pe, common, bits) + dwc_area(common, simd, bits)
