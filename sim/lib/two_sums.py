# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: D103 - the names of the networks say what they are
"""Networks of AdaBin's kind: y = A * P + B * Q + C, Q a sum that all channels of a pixel share.

Each function adds layers to a graph and returns the scores: `net(MapGraph((2, 6, 6), seed))`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sim.lib.maps import MapGraph, Pads

NONE, SAME = (0, 0, 0, 0), (1, 1, 1, 1)


def ones(g: MapGraph, shape: tuple[int, ...]) -> str:
    """Weights that are +1."""
    weights = [g.const(np.ones(shape)), g.const(1.0)]
    return g.node("BipolarQuant", weights, shape, domain="qonnx.custom_op.general")


def layer(g: MapGraph, x: str, outputs: int, pads: Pads = NONE, stride: int = 1) -> str:
    """A convolution with a set of two values per filter, as training/adalayers.py exports it."""
    p = g.conv(x, outputs, pads=pads, strides=(stride, stride))
    given: dict[str, Any] = {a.name: list(a.ints) or a.i for a in g.nodes[-1].attribute}
    q = g.node("Conv", [x, ones(g, (1, g.shapes[x][0], 3, 3))], (1, *g.shapes[p][1:]), **given)
    shape = (1, outputs, 1, 1)
    scale, share = g.rng.uniform(0.2, 1, shape), g.rng.normal(0, 0.2, shape)
    p, q = g.node("Mul", [p, g.const(scale)]), g.node("Mul", [q, g.const(share)], g.shapes[p])
    return g.node("Add", [g.node("Add", [p, q]), g.const(g.rng.normal(0, 1, shape))])


def classifier(g: MapGraph, x: str, outputs: int, grid: float = 2.0**-6) -> str:
    """A matrix with the same, its factors on a grid: the scores are exact."""
    p = g.linear(x, outputs)
    source = g.nodes[-1].input[0]
    q = g.node("MatMul", [source, ones(g, (g.shapes[source][0], 1))], (1,))
    scale, share, rest = (
        np.rint(v / grid) * grid
        for v in (g.rng.uniform(-1, 1, outputs), g.rng.normal(0, 0.2, outputs), g.rng.normal(0, 3))
    )
    p, q = g.node("Mul", [p, g.const(scale)]), g.node("Mul", [q, g.const(share)], (outputs,))
    return g.node("Add", [g.node("Add", [p, q]), g.const(np.full(outputs, rest))])


def bits(g: MapGraph) -> str:
    """A first layer: 5 channels of signs."""
    return g.sign(g.norm(g.conv(g.sign(g.node("Sub", [g.source, g.const(0.5)])), 5, pads=SAME)))


def padded_with_a_value_of_the_set(g: MapGraph) -> str:
    x = g.sign(g.norm(layer(g, g.pad(bits(g), SAME, -1.0), 4)))
    x = g.sign(g.norm(layer(g, g.pad(x, SAME, 1.0), 3, stride=2)))
    return classifier(g, x, 4)


def padded_with_0(g: MapGraph) -> str:
    x = g.sign(g.norm(layer(g, bits(g), 4, SAME)))
    return classifier(g, g.sign(g.norm(layer(g, x, 3, (0, 1, 1, 0)))), 3)


def padded_with_0_between_other_sets(g: MapGraph) -> str:
    """A set {b1, b2} that is not centred: what the padding lacks depends on the pixel."""
    x = layer(g, bits(g), 4, SAME)
    _, rows, columns = g.shapes[x]
    classes = [np.minimum(np.minimum(np.arange(n), np.arange(n)[::-1]), 1) for n in (rows, columns)]
    lacks = g.rng.normal(0, 2, (4, 2, 2))[:, classes[0]][:, :, classes[1]]
    x = g.sign(g.norm(g.node("Add", [x, g.const(lacks[None])])))
    return classifier(g, x, 3)


def maximum_in_front_of_the_norm(g: MapGraph) -> str:
    x = g.max_pool(layer(g, bits(g), 4, SAME), (2, 2))
    return classifier(g, g.sign(g.norm(x)), 4)


def maximum_behind_the_norm(g: MapGraph) -> str:
    x = g.max_pool(g.norm(layer(g, bits(g), 6)), (2, 2))
    return classifier(g, g.sign(g.node("Neg", [x])), 4)


def pixels_first(g: MapGraph) -> str:
    x = g.node("Mul", [g.quant(g.source, 8, 1 / 256, False), g.const(256)])
    x = g.node("Sub", [x, g.const(3)])
    return classifier(g, g.sign(g.norm(layer(g, x, 4))), 3)


def other_weights_are_no_plain_sum(g: MapGraph) -> str:
    """Any second layer with one output will do; nothing is known of the pairs then."""
    x = bits(g)
    p, q = g.conv(x, 4), g.conv(x, 1)
    q = g.node("Mul", [q, g.const(g.rng.normal(0, 0.3, (1, 4, 1, 1)))], g.shapes[p])
    x = g.sign(g.norm(g.node("Add", [q, p])))
    return classifier(g, x, 4)


def levels(g: MapGraph, x: str, count: int = 5) -> str:
    """Integers of a few bits on a grid of 2^-3."""
    return g.quant(g.norm(x), count, 2.0**-3)


def several_levels(g: MapGraph) -> str:
    return g.linear(levels(g, layer(g, bits(g), 6)), 4)


def several_levels_padded_with_0(g: MapGraph) -> str:
    x = levels(g, layer(g, bits(g), 4, SAME), 4)
    return g.linear(g.sign(g.norm(g.conv(x, 5))), 3)


def several_levels_of_pixels(g: MapGraph) -> str:
    x = g.node("Mul", [g.quant(g.source, 8, 1 / 256, False), g.const(256)])
    return g.linear(levels(g, layer(g, x, 4), 3), 3)


def maximum_in_front_of_levels(g: MapGraph) -> str:
    x = g.max_pool(layer(g, bits(g), 6, SAME), (2, 2))
    return g.linear(levels(g, x), 4)


def one_level_for_all(g: MapGraph) -> str:
    x = g.clip(g.norm(layer(g, bits(g), 4)), 0.25, 0.25)
    return g.linear(g.add(g.quant(x, 4, 0.125), levels(g, g.conv(bits(g), 4))), 4)


def one_level_a_channel(g: MapGraph) -> str:
    x = g.quant(g.norm(layer(g, bits(g), 4), gammas="zero"), 4, 0.125)
    return g.linear(g.add(x, levels(g, g.conv(bits(g), 4))), 4)


def maxout(g: MapGraph, x: str) -> str:
    """AdaBin's nonlinearity as training/maxout.py leaves it: two slopes above 0."""
    shape = (1, g.shapes[x][0], 1, 1)
    above = g.node("Relu", [x])
    below = g.node("Mul", [g.node("Sub", [x, above]), g.const(g.rng.uniform(0.1, 0.5, shape))])
    return g.node("Add", [below, g.node("Mul", [above, g.const(g.rng.uniform(1, 2, shape))])])


def bent_levels(g: MapGraph) -> str:
    """No plane has two slopes: thresholds behind a sum without limits."""
    x = g.max_pool(layer(g, bits(g), 6, SAME), (2, 2))
    return g.linear(g.quant(maxout(g, g.norm(x)), 5, 2.0**-3), 4)


def bent_levels_padded_with_0(g: MapGraph) -> str:
    x = maxout(g, g.norm(layer(g, bits(g), 3, SAME)))
    return g.linear(g.sign(g.norm(g.conv(g.quant(x, 4, 0.25), 4))), 4)


def maxout_in_front_of_a_sign(g: MapGraph) -> str:
    x = g.node("Sub", [maxout(g, g.norm(layer(g, bits(g), 5))), g.const(0.1)])
    return classifier(g, g.sign(x), 4)


def residual_stream(g: MapGraph) -> str:
    """Units as training/resnets.py has them: the same size, then half of it."""
    x = levels(g, g.conv(bits(g), 4, pads=SAME), 6)
    x = g.add(levels(g, layer(g, g.pad(g.sign(x), SAME, -1.0), 4), 6), x)
    x = g.quant(maxout(g, x), 6, 2.0**-3)
    y = levels(g, layer(g, g.pad(g.sign(x), SAME, -1.0), 6, stride=2), 6)
    x = g.add(y, g.pad_channels(g.every_second(x), 1, 1))
    return g.linear(x, 4, bits=4)


NETS: list[Callable[[MapGraph], str]] = [
    padded_with_a_value_of_the_set,
    padded_with_0,
    padded_with_0_between_other_sets,
    maximum_in_front_of_the_norm,
    maximum_behind_the_norm,
    pixels_first,
    other_weights_are_no_plain_sum,
    several_levels,
    several_levels_padded_with_0,
    several_levels_of_pixels,
    maximum_in_front_of_levels,
    one_level_for_all,
    one_level_a_channel,
    bent_levels,
    bent_levels_padded_with_0,
    maxout_in_front_of_a_sign,
    residual_stream,
]
