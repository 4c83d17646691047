# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: D103 - the names of the networks say what they are
"""Networks with maps that random ones seldom are: each is a corner of lowering.

Each function adds layers to a graph and returns the scores: `net(MapGraph((2, 6, 6), seed))`.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.lib.maps import MapGraph

SAME = (1, 1, 1, 1)


def bits(g: MapGraph) -> str:
    """A first layer: 4 channels of signs."""
    return g.sign(g.norm(g.conv(first(g), 4, pads=SAME)))


def first(g: MapGraph) -> str:
    return g.sign(g.node("Sub", [g.source, g.const(0.5)]))


def grid(g: MapGraph, x: str, bits: int = 4) -> str:
    """Integers of a few bits behind a convolution."""
    return g.quant(g.norm(g.conv(x, 4, pads=SAME)), bits, 0.25)


def negated_bits(g: MapGraph) -> str:
    x = g.node("Neg", [bits(g)])
    x = g.sign(g.norm(g.conv(g.pad(x, SAME, -1.0), 3)))
    return g.linear(g.node("Neg", [x]), 4, bits=4, scale=0.25)


def scaled_bits_padded_with_0(g: MapGraph) -> str:
    x = g.sign(bits(g), 0.5)
    return g.linear(g.sign(g.norm(g.conv(x, 3, bits=4, scale=0.5, pads=SAME))), 4)


def all_channels_constant(g: MapGraph) -> str:
    x = g.quant(g.norm(g.conv(first(g), 3), gammas="zero"), 4, 0.125)
    x = g.quant(g.norm(g.conv(x, 3), gammas="zero"), 4, 0.125, signed=False)
    return g.linear(x, 4, bias=[0.5, 1, -1, 0])


def dead_relu(g: MapGraph) -> str:
    x = g.node("Sub", [g.norm(g.conv(first(g), 3)), g.const(50)])
    x = g.quant(g.node("Relu", [x]), 4, 0.25, signed=False)
    return g.linear(g.sign(g.norm(g.conv(x, 3))), 4)


def sum_of_two_functions_of_one_stream(g: MapGraph) -> str:
    x = g.norm(g.conv(bits(g), 4))
    half = g.node("Mul", [g.node("Relu", [x]), g.const(0.5)])
    return g.linear(g.sign(g.add(x, half)), 4)


def three_readers(g: MapGraph) -> str:
    x = grid(g, bits(g))
    y = g.add(grid(g, g.sign(x)), x)
    z = grid(g, g.sign(g.norm(x)))
    return g.linear(g.sign(g.norm(g.add(y, z))), 4)


def input_read_twice(g: MapGraph) -> str:
    pixels = g.quant(g.source, 8, 2.0**-8, signed=False)
    a = grid(g, g.sign(g.node("Sub", [pixels, g.const(0.5)])))
    return g.linear(g.sign(g.norm(g.add(a, grid(g, pixels)))), 4)


def pixels_read_twice(g: MapGraph) -> str:
    a = grid(g, first(g))
    b = grid(g, g.quant(g.source, 8, 2.0**-8, signed=False))
    return g.linear(g.sign(g.norm(g.add(a, b))), 4)


def counts_read_twice(g: MapGraph) -> str:
    counts = g.conv(bits(g), 4, pads=SAME)
    a, b = g.quant(g.norm(counts), 4, 0.25), g.quant(g.norm(counts), 3, 0.5)
    return g.linear(g.sign(g.norm(g.add(a, b))), 4)


def counts_flattened_and_read(g: MapGraph) -> str:
    counts = g.conv(g.pad(bits(g), SAME, -1.0), 4)
    flat = g.sign(g.flatten(counts))
    other = g.sign(g.norm(counts))
    return g.add(g.linear(flat, 4), g.linear(other, 4))


def clip_of_a_padded_sum(g: MapGraph) -> str:
    total = g.add(grid(g, bits(g)), grid(g, bits(g)))
    wide = g.clip(g.pad(total, SAME, 0.0), -0.5, 0.5)
    a = g.quant(g.norm(g.conv(wide, 4)), 4, 0.25)
    return g.linear(g.sign(g.norm(g.add(a, total))), 4)


def clipped_sum_read_before_the_clip(g: MapGraph) -> str:
    total = g.add(grid(g, bits(g)), grid(g, bits(g)))
    a = grid(g, g.clip(total, -1, 1))
    return g.linear(g.sign(g.norm(g.add(a, total))), 4)


def clip_between_grid_points(g: MapGraph) -> str:
    total = g.add(grid(g, bits(g)), grid(g, bits(g)))
    return g.linear(g.sign(g.norm(g.clip(total, -0.6, 0.6))), 4)


def sign_behind_flatten(g: MapGraph) -> str:
    x = g.conv(bits(g), 3)
    x = g.node("Add", [g.flatten(x), g.const(0.3)])
    return g.linear(g.sign(x), 4)


def batch_norm_flattened(g: MapGraph) -> str:
    x = g.norm(g.conv(bits(g), 3))
    return g.linear(g.sign(g.flatten(x)), 4)


def quant_behind_flatten(g: MapGraph) -> str:
    x = g.flatten(g.norm(g.conv(bits(g), 3)))
    return g.linear(g.quant(x, 3, 0.5), 4, bits=4, scale=0.5)


def pool_flattened(g: MapGraph) -> str:
    x = g.max_pool(g.norm(g.conv(bits(g), 3)), (2, 2))
    return g.linear(g.sign(g.flatten(x)), 4)


def pixels_flattened(g: MapGraph) -> str:
    x = g.quant(g.flatten(g.source), 8, 2.0**-8, signed=False)
    x = g.sign(g.norm(g.linear(x, 6)))
    return g.linear(x, 4)


def map_of_one_pixel(g: MapGraph) -> str:
    x = g.sign(g.norm(g.conv(bits(g), 6, (6, 6))))
    y = grid(g, x)
    z = g.quant(g.norm(g.conv(g.pad(x, SAME, 1.0), 4)), 4, 0.25)
    y = g.max_pool(g.add(y, z), (1, 1))
    return g.linear(g.mean(y), 4)


def ends_in_a_convolution(g: MapGraph) -> str:
    x = g.sign(g.norm(g.conv(bits(g), 6, (6, 6))))
    return g.flatten(g.norm(g.conv(x, 5, (1, 1))))


def ends_in_a_mean(g: MapGraph) -> str:
    return g.mean(grid(g, bits(g)), reduce=True)


def mean_of_nine(g: MapGraph) -> str:
    x = g.average_pool(g.quant(g.norm(g.conv(bits(g), 4)), 8, 2.0**-5), (3, 3))
    x = g.quant(x, 8, 2.0**-5)
    return g.linear(x, 4, bits=8)


def prelu_behind_zero_padding(g: MapGraph) -> str:
    x = g.prelu(g.norm(g.conv(bits(g), 4, pads=SAME), gammas="positive"))
    return g.linear(g.sign(g.node("Add", [x, g.const(0.05)])), 4)


def leaky_quant(g: MapGraph) -> str:
    x = g.prelu(g.norm(g.conv(bits(g), 4), gammas="mixed"))
    return g.linear(g.quant(x, 5, 2.0**-4), 4)


def maxout_that_rises(g: MapGraph) -> str:
    x = g.norm(g.conv(bits(g), 4))
    up = g.node("Mul", [g.node("Relu", [x]), g.const(0.7)])
    down = g.node("Mul", [g.node("Relu", [g.node("Neg", [x])]), g.const(-0.3)])
    y = g.node("Add", [g.node("Add", [up, down]), g.const(0.1)])
    return g.linear(g.quant(y, 4, 0.125), 4)


def maxout_that_falls_and_rises(g: MapGraph) -> str:
    x = g.norm(g.conv(bits(g), 4))
    up = g.node("Mul", [g.node("Relu", [x]), g.const(0.7)])
    down = g.node("Mul", [g.node("Relu", [g.node("Neg", [x])]), g.const(0.3)])
    return g.linear(g.quant(g.add(up, down), 4, 0.125), 4)


def identity_requantised(g: MapGraph) -> str:
    x = g.quant(g.conv(bits(g), 4, scale=0.25, bits=2), 8, 0.5)
    x = g.quant(g.node("Mul", [x, g.const(0.5)]), 8, 0.25)
    return g.linear(x, 4)


def uneven_weight_scales(g: MapGraph) -> str:
    scale = g.rng.uniform(0.1, 1, (4, 1, 1, 1))
    x = g.sign(g.norm(g.conv(bits(g), 4, scale=scale, pads=SAME)))
    x = g.quant(g.norm(g.conv(x, 4, scale=0.3)), 4, 0.25)
    return g.linear(x, 4, scale=0.5)


def slice_of_a_batch_norm(g: MapGraph) -> str:
    x = g.every_second(g.norm(g.conv(bits(g), 4, pads=SAME)))
    return g.linear(g.sign(x), 4)


def slice_of_a_pool(g: MapGraph) -> str:
    x = g.max_pool(g.conv(bits(g), 4, pads=(0, 0, 1, 1)), (1, 2))
    return g.linear(g.sign(g.every_second(x)), 4)


def pad_twice(g: MapGraph) -> str:
    x = g.pad(g.pad(bits(g), (1, 0, 1, 0), -1.0), (0, 1, 0, 1), -1.0)
    return g.linear(g.sign(g.norm(g.conv(x, 4))), 4)


def pad_0_by_node_and_convolution(g: MapGraph) -> str:
    x = g.pad(bits(g), (1, 0, 1, 0), 0.0)
    return g.linear(g.sign(g.norm(g.conv(x, 4, pads=(1, 1, 1, 1)))), 4)


def scaled_padding(g: MapGraph) -> str:
    x = g.node("Mul", [g.pad(bits(g), SAME, 1.0), g.const(0.5)])
    return g.linear(g.sign(g.norm(g.conv(x, 4))), 4)


def falling_scores(g: MapGraph) -> str:
    x = g.linear(bits(g), 4)
    return g.node("Mul", [x, g.const(-0.5)])


def scores_with_uneven_bias(g: MapGraph) -> str:
    return g.linear(grid(g, bits(g)), 4, bits=4, bias=[0.1, -0.3, 7.7, 1e-3])


def scores_of_signs(g: MapGraph) -> str:
    return g.sign(g.norm(g.linear(bits(g), 4)))


NETS: list[Callable[[MapGraph], str]] = [
    negated_bits,
    scaled_bits_padded_with_0,
    all_channels_constant,
    dead_relu,
    sum_of_two_functions_of_one_stream,
    three_readers,
    input_read_twice,
    pixels_read_twice,
    counts_read_twice,
    counts_flattened_and_read,
    clip_of_a_padded_sum,
    clipped_sum_read_before_the_clip,
    clip_between_grid_points,
    sign_behind_flatten,
    batch_norm_flattened,
    quant_behind_flatten,
    pool_flattened,
    pixels_flattened,
    map_of_one_pixel,
    ends_in_a_convolution,
    ends_in_a_mean,
    mean_of_nine,
    prelu_behind_zero_padding,
    leaky_quant,
    maxout_that_rises,
    maxout_that_falls_and_rises,
    identity_requantised,
    uneven_weight_scales,
    slice_of_a_batch_norm,
    slice_of_a_pool,
    pad_twice,
    pad_0_by_node_and_convolution,
    scaled_padding,
    falling_scores,
    scores_with_uneven_bias,
    scores_of_signs,
]
