# SPDX-License-Identifier: Apache-2.0
"""Tiny networks with maps through the whole build: QONNX == integers == RTL, exact interval.

Between them they have every hardware op and every kind of padding and shortcut.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from flows.build import build
from flows.config import FlowConfig, load_board
from flows.errors import CheckFailed
from flows.files import read_json
from flows.first_difference import first_difference
from flows.steps import Context
from sim.lib import two_sums
from sim.lib.literals import flip
from sim.lib.map_corners import SAME, pixels_read_twice
from sim.lib.maps import MapGraph

IMAGES = 24


def signs(g: MapGraph) -> str:
    return g.sign(g.node("Sub", [g.source, g.const(0.5)]))


def zero_padding(g: MapGraph) -> str:
    """Classes of pixels at the border, in thresholds and in requantised sums."""
    x = g.sign(g.norm(g.conv(signs(g), 4, pads=(1, 2, 1, 0))))
    x = g.max_pool(g.norm(g.conv(x, 6, pads=SAME)), (2, 2))
    x = g.quant(g.norm(g.conv(g.sign(x), 4, (3, 1), pads=(1, 0, 1, 0)), as_mul_add=True), 3, 0.5)
    return g.linear(x, 5)


def groups(g: MapGraph) -> str:
    """Depthwise and grouped layers, strides, dilations."""
    x = g.sign(g.norm(g.conv(g.pad(signs(g), SAME, 1.0), 8, group=2)))
    x = g.sign(g.norm(g.conv(g.pad(x, SAME, -1.0), 8, group=8, strides=(1, 2))))
    x = g.quant(g.norm(g.conv(x, 4, (3, 2), dilations=(2, 1), group=4)), 4, 0.25)
    return g.linear(g.sign(g.norm(g.conv(x, 4, (1, 1), group=2, bits=3))), 3)


def on_grid(g: MapGraph, x: str) -> str:
    return g.quant(g.norm(x), 4, 0.25)


def convolved_shortcut(g: MapGraph) -> str:
    """A strided block with a 1x1 convolution beside it, then one with its input."""
    x = on_grid(g, g.conv(signs(g), 4, pads=SAME))
    y = on_grid(g, g.conv(g.pad(g.sign(x), SAME, -1.0), 6, strides=(2, 2)))
    x = g.clip(g.add(y, on_grid(g, g.conv(x, 6, (1, 1), strides=(2, 2), bits=2))), -1, 1)
    y = on_grid(g, g.conv(g.pad(g.sign(x), SAME, -1.0), 6))
    return g.linear(g.sign(g.norm(g.add(y, x))), 4)


def option_a(g: MapGraph) -> str:
    """A strided block whose shortcut skips pixels and adds channels of 0."""
    x = on_grid(g, g.conv(signs(g), 4, pads=SAME))
    y = on_grid(g, g.conv(g.sign(g.norm(x)), 8, pads=SAME, strides=(2, 2)))
    x = g.add(y, g.pad_channels(g.every_second(x), 2, 2))
    return g.linear(g.mean(g.node("Relu", [x])), 4, bits=4, bias=[0.5, -0.25, 0, 0.125])


def integer_first(g: MapGraph) -> str:
    """8-bit pixels padded with 0, a pool in front of falling batch norms, few-bit weights."""
    x = g.quant(g.source, 8, 2.0**-8, signed=False)
    x = g.max_pool(g.conv(x, 6, pads=SAME, bits=4), (2, 2))
    x = g.conv(g.sign(g.norm(x, gammas="negative")), 4, (2, 2), bits=3)
    return g.norm(g.linear(g.sign(g.max_pool(g.norm(x), (1, 2))), 5))


def curves(g: MapGraph) -> str:
    """Functions that no multiply-add is; a mean and an 8-bit classifier."""
    x = g.prelu(g.norm(g.conv(signs(g), 4, pads=SAME)))
    x = g.quant(x, 5, 2.0**-4)
    x = g.quant(g.prelu(g.norm(g.conv(x, 4, (1, 1), bits=2))), 4, 0.25)
    x = g.average_pool(x, (2, 2))
    return g.linear(g.mean(x, reduce=True), 4, bits=8, scale=2.0**-6)


NETS: list[tuple[Callable[[MapGraph], str], float]] = [
    (zero_padding, 100_000),
    (groups, 20_000),
    (convolved_shortcut, 60_000),
    (option_a, 150_000),
    (integer_first, 5_000),
    (curves, 150_000),
    (pixels_read_twice, 50_000),
    (two_sums.padded_with_0, 50_000),
    (two_sums.residual_stream, 50_000),
    (two_sums.bent_levels, 20_000),
]


Runs = Callable[[Callable[[MapGraph], str]], Path]


@pytest.fixture(scope="module")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Run folders of proved networks, each built once; tests that change one work on a copy."""
    made: dict[str, Path] = {}

    def run(net: Callable[[MapGraph], str]) -> Path:
        if net.__name__ not in made:
            folder = tmp_path_factory.mktemp(net.__name__)
            g = MapGraph((2, 8, 7) if net is zero_padding else (2, 8, 8), seed=1)
            model = str(g.write(folder / "n.onnx", net(g)))
            fps, images = dict(NETS)[net], f"random:{IMAGES}"
            config = FlowConfig(model=model, target_fps=fps, images=images, seed=1)
            build(folder / "run", config, "import", "check")
            made[net.__name__] = folder / "run"
        return made[net.__name__]

    return run


@pytest.mark.parametrize("net", [net for net, _ in NETS], ids=lambda net: net.__name__)
def test_rtl_equals_the_network(net: Callable[[MapGraph], str], run_of: Runs) -> None:
    check = read_json(run_of(net) / "check.json")
    assert check["images_checked"] == check["images_equal"] == IMAGES
    assert check["interval_measured"] == check["interval_predicted"] <= 100e6 / dict(NETS)[net]
    assert check["stall_run"]["images_equal"] == IMAGES


#: several pixels per clk everywhere: classes of border pixels, pools, shortcuts, curves, AdaBin
FASTEST = {
    zero_padding: 8,
    convolved_shortcut: 8,
    integer_first: 16,
    curves: 8,
    two_sums.padded_with_0_between_other_sets: 8,
}


@pytest.mark.parametrize("net", FASTEST, ids=lambda net: net.__name__)
def test_several_pixels_per_clk(net: Callable[[MapGraph], str], tmp_path: Path) -> None:
    g = MapGraph((2, 8, 8), seed=2)
    model = str(g.write(tmp_path / "n.onnx", net(g)))
    config = FlowConfig(model, "zcu102", max=True, utilisation=1.0, images=f"random:{IMAGES}")
    build(tmp_path / "run", config, "import", "check")
    check, folding = (read_json(tmp_path / "run" / f"{x}.json") for x in ("check", "folding"))
    assert check["images_checked"] == check["images_equal"] == IMAGES
    assert check["interval_measured"] == check["interval_predicted"] == FASTEST[net]
    assert check["stall_run"]["images_equal"] == IMAGES
    nodes = folding["nodes"]
    assert any(n["op"] == "BnnWindowWide" and n.get("M", 1) > 1 for n in nodes)


FAULTS = {  # wrapper, parameter, bits, where the error must be
    # all columns of row 2 at the middle of the kernel; 6 rows of 4 columns a word
    "weights": (
        "BnnMvu_1",
        "WEIGHTS",
        0xF << 24 * 4 + 8,
        r"BnnPool_0\b.*channel 2, row \d, column \d",
    ),
    # channel 1 of the class that only the corner pixel has; 7 bits a channel
    "border": (
        "BnnBinarize_1",
        "THRESHOLDS",
        1 << 7 + 2,
        r"BnnBinarize_1\b.*channel 1, row 0, column 0",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_its_pixel_named(name: str, run_of: Runs, tmp_path: Path) -> None:
    node, parameter, mask, where = FAULTS[name]
    run = tmp_path / "run"
    shutil.copytree(run_of(zero_padding), run)
    flip(run / "07_top" / f"{node}.sv", parameter, mask)
    with pytest.raises(CheckFailed, match=rf"stages-differ.*{where}"):
        build(run, FlowConfig(**read_json(run / "flow.json")), "check", "check")


def test_first_difference_looks_at_every_layer(run_of: Runs, tmp_path: Path) -> None:
    run = run_of(zero_padding)
    config = FlowConfig(**read_json(run / "flow.json"))
    board = load_board(config.board)
    text = first_difference(Context(run, replace(config, rtl_images=4), board))
    assert text.startswith("no difference: 4 images") and "BnnBinarize_1" in text
    node, parameter, mask, where = FAULTS["border"]
    shutil.copytree(run, tmp_path / "run")
    flip(tmp_path / "run" / "07_top" / f"{node}.sv", parameter, mask)
    with pytest.raises(CheckFailed, match=rf"stages-differ.*{where}"):
        first_difference(Context(tmp_path / "run", config, board))
