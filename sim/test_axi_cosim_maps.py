# SPDX-License-Identifier: Apache-2.0
"""The shipped driver against the RTL of the whole system: small networks with maps."""

import json
from pathlib import Path

import pytest

from sim.lib import bench
from sim.lib.map_corners import SAME, grid
from sim.lib.maps import MapGraph
from sim.system import cosim
from sim.system.small import Net, small_maps

IMAGES = 10
TESTS = "user_script|command_line|any_batch_size|rate"  # those of the bus are test_axi_cosim's
[(_, SIMULATOR)] = bench.runs([{}])


def cnv(g: MapGraph) -> str:
    """8-bit pixels, padded maps, a pool, a classifier."""
    x = g.quant(g.source, 8, 2.0**-8, signed=False)
    x = g.sign(g.norm(g.conv(x, 4, bits=4)))
    x = g.sign(g.norm(g.conv(g.pad(x, SAME, -1.0), 6)))
    return g.linear(g.max_pool(x, (2, 2)), 5)


def shortcut(g: MapGraph) -> str:
    """A fork, an addition behind it, a mean: scores with a sign."""
    x = grid(g, g.sign(g.node("Sub", [g.source, g.const(0.5)])))
    return g.linear(g.mean(g.add(grid(g, g.sign(x)), x)), 4, bits=4)


def built(name: str, net: Net, shape: tuple[int, int, int], fps: float) -> tuple[Path, Path]:
    folder = bench.BUILD / "cosim" / name
    bit = small_maps(net, shape, fps, folder, 5, IMAGES)
    about = json.loads(bit.with_suffix(".json").read_text())
    cosim.build(folder / "top", about, folder / "sim", simulator=SIMULATOR)
    return folder / "sim", bit


@pytest.mark.parametrize(
    ("net", "shape", "fps", "beat_bytes"),
    [
        (cnv, (3, 6, 6), 3e5, 3),  # a pixel of three channels
        (shortcut, (2, 4, 4), 1e6, 2),
        (cnv, (3, 6, 6), 4e6, 6),  # two pixels
    ],
    ids=["cnv-3-bytes", "shortcut-2-bytes", "cnv-6-bytes"],
)
def test_axi_cosim_maps(net: Net, shape: tuple[int, int, int], fps: float, beat_bytes: int) -> None:
    """User script, selftest, any batch size under pauses: labels and scores equal."""
    work, bit = built(f"maps-{beat_bytes}", net, shape, fps)
    about = json.loads(bit.with_suffix(".json").read_text())
    channels, rows, columns = shape
    assert about["shape"] == [rows, columns, channels]
    assert about["input"]["beat_bytes"] == beat_bytes
    rate = cosim.run(work, bit, IMAGES, TESTS, "", bench.draw_seed(), SIMULATOR)
    assert rate["frames"] == IMAGES
