# SPDX-License-Identifier: Apache-2.0
"""The cheapest PE and SIMD of all layers under a limit of clk per frame.

Dynamic programming along the layers; the state is how many values per clk the layer before sends,
because a width converter is paid for where the next one reads another number, or what it is added
to has another one. That is exact for chains, and for shortcuts around one unit. Converters between
layers further apart, or side by side at the network's input, are left out there; then folds are
changed one at a time, all converters counted, while that helps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from flows.estimate import Area
from flows.fold_layers import Fold, Layer, Solution, converter_area, folds_of, unit_area


@dataclass(frozen=True)
class Option:
    """A fold of a layer: values per clk in and out, area as LUTs and as what is worth LUTs."""

    fold: Fold
    into: int
    out: int
    lut: float
    rest: float


@dataclass(frozen=True)
class _Link:
    """Layer `a` feeds layer `b`, or both are added, or both read one input; `bits` per channel."""

    a: int
    b: int
    bits: int
    kind: str = "feeds"  # "added", "beside"

    def area(self, a: Option, b: Option) -> Area:
        """Its width converter."""
        if self.kind == "beside":
            return converter_area(a.into, b.into, self.bits)
        return self.behind(a.out, b)

    def behind(self, out: int, b: Option) -> Area:
        """Its width converter, from `out` values per clk of layer a."""
        return converter_area(out, b.out if self.kind == "added" else b.into, self.bits)


def links_of(layers: Sequence[Layer]) -> list[_Link]:
    """Where the layers of a network meet."""
    place = {layer.name: i for i, layer in enumerate(layers)}
    links = []
    for i, layer in enumerate(layers):
        if layer.source:
            links.append(_Link(place[layer.source], i, layer.in_w))
        elif layer.source is None and i:
            links.append(_Link(i - 1, i, layer.in_w))
        if layer.beside:
            links.append(_Link(place[layer.beside], i, layer.in_w, "beside"))
        links += [_Link(place[name], i, bits, "added") for name, bits in layer.joins]
    return links


def options_of(layer: Layer, max_interval: int, price: float, dsp_price: float) -> list[Option]:
    """The folds of a layer that are fast enough; the arguments are those of `cheapest`."""
    options = []
    for fold in folds_of(layer):
        if fold.cycles(layer) <= max_interval:
            area = unit_area(layer, fold, price)
            rest = price * area.bram36 + dsp_price * area.dsp
            lanes = fold.lanes_in(layer), fold.lanes_out
            options.append(Option(fold, *lanes, area.lut, rest))
    return options


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
    options = [options_of(layer, max_interval, price, dsp_price) for layer in layers]
    if not all(options):
        return None
    links = links_of(layers)
    chosen = _along_chain(options, links)
    if not all(_near(link) for link in links):
        changes = _Changes(chosen, options, links)
        changes.together()
        changes.one_by_one()
        chosen = changes.chosen
    folds = [option.fold for option in chosen]
    area = Area(0, 0)
    for layer, fold in zip(layers, folds, strict=True):
        area = area + unit_area(layer, fold, price)
    for link in links:
        area = area + link.area(chosen[link.a], chosen[link.b])
    interval = max(fold.cycles(layer) for fold, layer in zip(folds, layers, strict=True))
    return Solution(tuple(folds), area, interval, (price,) * len(layers))


def _near(link: _Link) -> bool:
    """Whether what a layer sends is all that the next one's cost depends on."""
    return link.b - link.a == 1 and link.kind != "beside"


def _along_chain(options: list[list[Option]], links: list[_Link]) -> list[Option]:
    """The best options as far as links between neighbours go."""
    best: dict[int, tuple[float, tuple[Option, ...]]] = {0: (0.0, ())}
    for i, own in enumerate(options):
        near = [link for link in links if link.b == i and _near(link)]
        kept = _undominated(own, near, best)
        after: dict[int, tuple[float, tuple[Option, ...]]] = {}
        for before, (cost, chosen) in best.items():
            for option in kept:
                lut = option.lut + sum(link.behind(before, option).lut for link in near)
                total = cost + lut + option.rest
                if option.out not in after or total < after[option.out][0]:
                    after[option.out] = (total, (*chosen, option))
        best = after
    return list(min(best.values(), key=lambda entry: entry[0])[1])


def _undominated(
    own: list[Option], near: list[_Link], best: dict[int, tuple[float, tuple[Option, ...]]]
) -> list[Option]:
    """Options that may be part of the best: of one width, none is dearer for every layer before."""
    feeds = [link for link in near if link.kind == "feeds"]
    most: dict[int, float] = {}  # the dearest converter in front of a width
    least: dict[int, float] = defaultdict(lambda: float("inf"))  # by width, converter included
    for option in own:
        into, out = option.into, option.out
        if into not in most:
            most[into] = max(sum(k.behind(p, option).lut for k in feeds) for p in best)
        least[out] = min(least[out], option.lut + option.rest + most[into])
    return [o for o in own if o.lut + o.rest <= least[o.out]]


class _Changes:
    """Options that are changed while the whole gets cheaper, all links counted."""

    def __init__(
        self, chosen: list[Option], options: list[list[Option]], links: list[_Link]
    ) -> None:
        self.chosen, self.options, self.links = chosen, options, links
        self.at = [[k for k in links if i in (k.a, k.b)] for i in range(len(chosen))]

    def cost(self, i: int, option: Option) -> float:
        """A layer and its links to the others as they are."""
        now = option.lut + option.rest
        for k in self.at[i]:
            a = option if k.a == i else self.chosen[k.a]
            b = option if k.b == i else self.chosen[k.b]
            now += k.area(a, b).lut
        return now

    def total(self) -> float:
        """The whole."""
        own = sum(option.lut + option.rest for option in self.chosen)
        return own + sum(k.area(self.chosen[k.a], self.chosen[k.b]).lut for k in self.links)

    def one_by_one(self) -> None:
        """Each layer on its own, until none gains."""
        changed = True
        while changed:
            changed = False
            for i, own in enumerate(self.options):
                new = min(own, key=lambda option: self.cost(i, option))
                if self.cost(i, new) < self.cost(i, self.chosen[i]) - 1e-6:
                    self.chosen[i], changed = new, True

    def together(self) -> None:
        """Layers that are added get the same width, where that gains: alone, each would lose."""
        group = list(range(len(self.chosen)))
        for k in self.links:
            if k.kind == "added":
                old, new = group[k.b], group[k.a]
                group = [new if g == old else g for g in group]
        for g in {g for g in group if group.count(g) > 1}:
            members = [i for i, own in enumerate(group) if own == g]
            shared = [{o.out for o in self.options[i]} for i in members]
            for out in sorted(set.intersection(*shared)):
                kept, before = [*self.chosen], self.total()
                for i in members:
                    own = [o for o in self.options[i] if o.out == out]
                    self.chosen[i] = min(own, key=lambda o: o.lut + o.rest)
                for i in members:
                    own = [o for o in self.options[i] if o.out == out]
                    self.chosen[i] = min(own, key=lambda o: self.cost(i, o))
                if self.total() >= before - 1e-6:
                    self.chosen = kept
