# SPDX-License-Identifier: Apache-2.0
"""The cheapest PE and SIMD of all layers under a limit of clk per frame.

Dynamic programming along the layers; the state is the PE of the layer before, because a width
converter is paid for where it differs from the next SIMD, or from the PE of what it is added to.
That is exact for chains, and for shortcuts around one unit. Converters between layers further apart
are left out there; then folds are changed one at a time, all converters counted, while that helps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from flows.estimate import Area
from flows.fold_layers import Fold, Layer, Solution, converter_area, folds_of, unit_area


@dataclass(frozen=True)
class _Option:
    """A fold of a layer and its area, as LUTs and as what is worth LUTs besides."""

    fold: Fold
    lut: float
    rest: float


@dataclass(frozen=True)
class _Link:
    """Layer `a` feeds layer `b`, or both are added; `bits` per channel."""

    a: int
    b: int
    bits: int
    added: bool

    def area(self, a: Fold, b: Fold) -> Area:
        """Its width converter."""
        return converter_area(a.pe, b.pe if self.added else b.simd, self.bits)


def links_of(layers: Sequence[Layer]) -> list[_Link]:
    """Where the layers of a network meet."""
    place = {layer.name: i for i, layer in enumerate(layers)}
    links = []
    for i, layer in enumerate(layers):
        if layer.source:
            links.append(_Link(place[layer.source], i, layer.in_w, added=False))
        elif layer.source is None and i:
            links.append(_Link(i - 1, i, layer.in_w, added=False))
        links += [_Link(place[name], i, bits, added=True) for name, bits in layer.joins]
    return links


def cheapest(
    layers: Sequence[Layer], max_interval: int, price: float, dsp_price: float
) -> Solution | None:
    """The cheapest folding with at most `max_interval` clk per frame; None where there is none.

    Args:
        layers: in stream order.
        max_interval: clk per frame.
        price: LUTs that a BRAM36 is worth.
        dsp_price: LUTs that a DSP is worth.
    """
    options = []
    for layer in layers:
        own = []
        for fold in folds_of(layer):
            if fold.cycles(layer) <= max_interval:
                area = unit_area(layer, fold, price)
                own.append(_Option(fold, area.lut, price * area.bram36 + dsp_price * area.dsp))
        if not own:
            return None
        options.append(own)
    links = links_of(layers)
    folds = _along_chain(options, links)
    if any(link.b - link.a != 1 for link in links):
        changes = _Changes(folds, options, links)
        changes.together()
        changes.one_by_one()
        folds = changes.folds
    area = Area(0, 0)
    for layer, fold in zip(layers, folds, strict=True):
        area = area + unit_area(layer, fold, price)
    for link in links:
        area = area + link.area(folds[link.a], folds[link.b])
    interval = max(fold.cycles(layer) for fold, layer in zip(folds, layers, strict=True))
    return Solution(tuple(folds), area, interval, (price,) * len(layers))


def _along_chain(options: list[list[_Option]], links: list[_Link]) -> list[Fold]:
    """The best folds as far as links between neighbours go."""
    best: dict[int, tuple[float, tuple[Fold, ...]]] = {0: (0.0, ())}
    for i, own in enumerate(options):
        near = [link for link in links if link.b == i and link.a == i - 1]
        kept = _undominated(own, near, best)
        after: dict[int, tuple[float, tuple[Fold, ...]]] = {}
        for pe_before, (cost, folds) in best.items():
            before = Fold(pe_before, 0)
            for option in kept:
                fold, lut = option.fold, option.lut
                for link in near:
                    lut += link.area(before, fold).lut
                total = cost + lut + option.rest
                if fold.pe not in after or total < after[fold.pe][0]:
                    after[fold.pe] = (total, (*folds, fold))
        best = after
    return list(min(best.values(), key=lambda entry: entry[0])[1])


def _undominated(
    own: list[_Option], near: list[_Link], best: dict[int, tuple[float, tuple[Fold, ...]]]
) -> list[_Option]:
    """Options that may be part of the best: of one PE, none is dearer for every layer before."""
    feeds = [link for link in near if not link.added]
    most: dict[int, float] = {}  # the dearest converter in front of a SIMD
    least: dict[int, float] = defaultdict(lambda: float("inf"))  # by PE, converter included
    for option in own:
        pe, simd = option.fold.pe, option.fold.simd
        if simd not in most:
            dear = [sum(k.area(Fold(p, 0), option.fold).lut for k in feeds) for p in best]
            most[simd] = max(dear)
        least[pe] = min(least[pe], option.lut + option.rest + most[simd])
    return [o for o in own if o.lut + o.rest <= least[o.fold.pe]]


class _Changes:
    """Folds that are changed while the whole gets cheaper, all links counted."""

    def __init__(self, folds: list[Fold], options: list[list[_Option]], links: list[_Link]) -> None:
        self.folds, self.options, self.links = folds, options, links
        self.at = [[k for k in links if i in (k.a, k.b)] for i in range(len(folds))]
        self.of = [{option.fold: option for option in own} for own in options]

    def cost(self, i: int, option: _Option) -> float:
        """A layer and its links to the others as they are."""
        now = option.lut + option.rest
        for k in self.at[i]:
            a = option.fold if k.a == i else self.folds[k.a]
            b = option.fold if k.b == i else self.folds[k.b]
            now += k.area(a, b).lut
        return now

    def total(self) -> float:
        """The whole."""
        present = (self.of[i][fold] for i, fold in enumerate(self.folds))
        own = sum(option.lut + option.rest for option in present)
        return own + sum(k.area(self.folds[k.a], self.folds[k.b]).lut for k in self.links)

    def one_by_one(self) -> None:
        """Each layer on its own, until none gains."""
        changed = True
        while changed:
            changed = False
            for i, own in enumerate(self.options):
                new = min(own, key=lambda option: self.cost(i, option))
                if self.cost(i, new) < self.cost(i, self.of[i][self.folds[i]]) - 1e-6:
                    self.folds[i], changed = new.fold, True

    def together(self) -> None:
        """Layers that are added all get the same PE, where that gains: alone, each would lose."""
        group = list(range(len(self.folds)))
        for k in self.links:
            if k.added:
                old, new = group[k.b], group[k.a]
                group = [new if g == old else g for g in group]
        for g in {g for g in group if group.count(g) > 1}:
            members = [i for i, own in enumerate(group) if own == g]
            shared = [{o.fold.pe for o in self.options[i]} for i in members]
            for pe in sorted(set.intersection(*shared)):
                kept, before = [*self.folds], self.total()
                for i in members:
                    own = [o for o in self.options[i] if o.fold.pe == pe]
                    self.folds[i] = min(own, key=lambda o: o.lut + o.rest).fold
                for i in members:
                    own = [o for o in self.options[i] if o.fold.pe == pe]
                    self.folds[i] = min(own, key=lambda o: self.cost(i, o)).fold
                if self.total() >= before - 1e-6:
                    self.folds = kept
