# SPDX-License-Identifier: Apache-2.0
"""Networks with maps that cannot be compiled: the error names the node and a way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from flows.errors import FlowError
from sim.lib import two_sums
from sim.lib.convnets import ConvMake, write_convnet
from sim.lib.map_corners import SAME, bits, first, grid
from sim.lib.maps import GENERAL, MapGraph
from sim.lib.stages import prove_maps


def padded_with_a_third(g: MapGraph) -> str:
    return g.linear(g.sign(g.conv(g.pad(bits(g), SAME, 0.3), 3)), 4)


def padded_with_no_code(g: MapGraph) -> str:
    few = g.quant(g.norm(g.conv(first(g), 3)), 3, 0.25)
    return g.linear(g.sign(g.conv(g.pad(few, SAME, 7.0), 3)), 4)


def shortcut_without_a_grid(g: MapGraph) -> str:
    x = bits(g)
    y = g.add(g.norm(g.conv(x, 4, pads=SAME)), grid(g, x))
    return g.linear(g.sign(y), 4)


def float_pixels(g: MapGraph) -> str:
    return g.linear(g.sign(g.conv(g.source, 3)), 4)


def mean_without_a_grid(g: MapGraph) -> str:
    return g.linear(g.mean(g.norm(g.conv(bits(g), 4))), 4)


def abs_in_front_of_a_sign(g: MapGraph) -> str:
    x = g.node("Abs", [g.conv(bits(g), 4)])
    return g.linear(g.sign(g.node("Sub", [x, g.const(4)])), 4)


def maxout_in_front_of_a_sign(g: MapGraph) -> str:
    x = g.conv(bits(g), 4)
    both = g.add(g.node("Relu", [x]), g.node("Relu", [g.node("Neg", [x])]))
    return g.linear(g.sign(g.node("Sub", [both, g.const(4)])), 4)


def abs_around_a_pool(g: MapGraph) -> str:
    x = g.max_pool(g.node("Abs", [g.conv(bits(g), 4)]), (2, 2))
    return g.linear(g.quant(x, 4, 1.0), 4)


def abs_of_wide_sums(g: MapGraph) -> str:
    wide = g.quant(g.norm(g.conv(bits(g), 16)), 8, 2.0**-5)
    x = g.node("Abs", [g.conv(wide, 4, bits=8)])
    return g.linear(g.quant(x, 4, 2.0**6), 4)


def float_weights(g: MapGraph) -> str:
    w = g.const(g.rng.standard_normal((3, 4, 3, 3)))
    return g.linear(g.sign(g.node("Conv", [bits(g), w], (3, 4, 4))), 4)


def scale_per_channel(g: MapGraph) -> str:
    scales = g.const(np.full((1, 4, 1, 1), 0.5))
    x = g.norm(g.conv(bits(g), 4))
    q = g.node("Quant", [x, scales, g.const(0), g.const(4)], domain=GENERAL, signed=1, narrow=0)
    return g.linear(q, 4)


def zero_point(g: MapGraph) -> str:
    inputs = [g.norm(g.conv(bits(g), 4)), g.const(0.5), g.const(3), g.const(4)]
    return g.linear(g.node("Quant", inputs, domain=GENERAL, signed=0, narrow=0), 4)


def overlapping_pool(g: MapGraph) -> str:
    x = g.node(
        "MaxPool", [bits(g)], (4, 2, 2), kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 0, 0]
    )
    return g.linear(x, 4)


def two_pools(g: MapGraph) -> str:
    x = g.max_pool(g.norm(g.conv(bits(g), 4, pads=SAME)), (2, 2))
    return g.linear(g.sign(g.max_pool(x, (3, 3))), 4)


def softmax(g: MapGraph) -> str:
    return g.node("Softmax", [g.linear(bits(g), 4)])


def product_of_branches(g: MapGraph) -> str:
    x = bits(g)
    return g.linear(g.sign(g.node("Mul", [grid(g, x), grid(g, x)])), 4)


def part_of_a_map(g: MapGraph) -> str:
    limits = [g.integers([v]) for v in (1, 5, 2, 1)]
    return g.linear(g.node("Slice", [bits(g), *limits], (4, 4, 6)), 4)


def reflected(g: MapGraph) -> str:
    amounts = g.integers([0, 0, 1, 1, 0, 0, 1, 1])
    x = g.node("Pad", [bits(g), amounts], (4, 8, 8), mode="reflect")
    return g.linear(g.sign(g.conv(x, 3)), 4)


def window_of_padding(g: MapGraph) -> str:
    return g.linear(g.sign(g.conv(g.pad(bits(g), (3, 3, 3, 3), -1.0), 3)), 4)


def norm_per_element(g: MapGraph) -> str:
    return g.linear(g.sign(g.norm(g.flatten(g.conv(bits(g), 3)))), 4)


def ends_in_maps(g: MapGraph) -> str:
    return grid(g, bits(g))


def scores_of_float_factors(g: MapGraph) -> str:
    return two_sums.classifier(g, bits(g), 4, grid=2.0**-23)


def levels_of_abs_of_two_sums(g: MapGraph) -> str:
    x = g.node("Abs", [two_sums.layer(g, bits(g), 4)])
    return g.linear(g.quant(x, 4, 0.5), 4)


def levels_of_rounded_two_sums(g: MapGraph) -> str:
    """One of the sums is rounded by itself, so that no ratio of the two orders the pairs."""
    x = bits(g)
    p, q = g.node("Mul", [g.conv(x, 4), g.const(0.3)]), g.conv(x, 1)
    q = g.node("Mul", [q, g.const(np.full((1, 4, 1, 1), 0.37))], g.shapes[p])
    return g.linear(g.quant(g.node("Add", [g.node("Floor", [p]), q]), 4, 0.5), 4)


def maximum_of_bent_two_sums(g: MapGraph) -> str:
    x = g.max_pool(two_sums.layer(g, bits(g), 4), (2, 2))
    return g.linear(g.quant(g.node("Abs", [x]), 4, 0.5), 4)


def abs_of_two_sums(g: MapGraph) -> str:
    x = g.node("Abs", [two_sums.layer(g, bits(g), 4)])
    return two_sums.classifier(g, g.sign(g.node("Sub", [x, g.const(4)])), 4)


def one_number_beside_a_shortcut(g: MapGraph) -> str:
    x = two_sums.layer(g, bits(g), 4)
    q = g.conv(bits(g), 1, strides=(1, 1))
    q = g.node("Mul", [q, g.const(np.full((1, 4, 1, 1), 0.3))], g.shapes[x])
    return g.linear(g.sign(g.add(x, q)), 4)


REFUSED: list[tuple[Callable[[MapGraph], str], str, str]] = [
    (padded_with_a_third, "pad-value", "Conv_1"),
    (padded_with_no_code, "pad-value", "Conv_1"),
    (shortcut_without_a_grid, "residual-grid", "Add_0.*BatchNormalization"),
    (float_pixels, "residual-grid", "Conv_0.*pixels"),
    (mean_without_a_grid, "residual-grid", "GlobalAveragePool_0.*BatchNormalization"),
    (abs_in_front_of_a_sign, "not-monotone", "BipolarQuant.*Abs_0"),
    (maxout_in_front_of_a_sign, "not-monotone", "BipolarQuant.*Relu_0"),
    (abs_around_a_pool, "unsupported-node", "Quant.*does not commute"),
    (abs_of_wide_sums, "no-affine", "Quant.*Abs_0"),
    (float_weights, "float-layer", "Conv_1.*not quantised"),
    (scale_per_channel, "quant-scale", "Quant_0.*scale"),
    (zero_point, "quant-scale", "Quant_0.*zero point"),
    (overlapping_pool, "unsupported-node", "MaxPool_0.*strides"),
    (two_pools, "unsupported-node", "MaxPool_1.*another pool"),
    (softmax, "unsupported-node", "Softmax_0"),
    (product_of_branches, "unsupported-node", "Mul_0.*two computed"),
    (part_of_a_map, "unsupported-node", "Slice_0.*part"),
    (reflected, "unsupported-node", "Pad_0"),
    (window_of_padding, "unsupported-node", "Conv_1.*only padding"),
    (norm_per_element, "position-dependent", "BatchNormalization_1"),
    (ends_in_maps, "scores-shape", "maps of"),
    (scores_of_float_factors, "scores-order", "two integers"),
    (levels_of_abs_of_two_sums, "not-monotone", "Quant.*Abs_"),
    (levels_of_rounded_two_sums, "share-fit", "Mul_.*Floor_"),
    (maximum_of_bent_two_sums, "unsupported-node", "Quant.*does not commute"),
    (abs_of_two_sums, "not-monotone", "BipolarQuant.*Abs_0"),
    (one_number_beside_a_shortcut, "unsupported-node", "Add.*does not belong"),
]


@pytest.mark.parametrize(("net", "code", "named"), REFUSED, ids=[r[0].__name__ for r in REFUSED])
def test_refused(net: Callable[[MapGraph], str], code: str, named: str, tmp_path: Path) -> None:
    g = MapGraph((2, 6, 6), 1)
    path = g.write(tmp_path / "n.onnx", net(g))
    with pytest.raises(FlowError, match=rf"(?s)\[{code}\].*{named}") as caught:
        prove_maps(path)
    assert caught.value.exit_code == 2
    assert caught.value.hint, "an error says a way out"


def test_imagenets_stem_is_refused_by_name(tmp_path: Path) -> None:
    make = ConvMake("resnet18-imagenet", (3, 32, 32), 2)
    with pytest.raises(
        FlowError, match=r"\[unsupported-node\].*MaxPool.*\(3, 3\).*\(2, 2\)"
    ) as caught:
        prove_maps(write_convnet(tmp_path / "n.onnx", make, 1))
    assert caught.value.exit_code == 2 and 'network = "resnet18"' in caught.value.hint
