# SPDX-License-Identifier: Apache-2.0
"""Buffers from the schedule against a simulation of finite buffers, clk by clk."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from flows.errors import CheckFailed
from flows.schedule import Sizes, earliest, fullest, latest, size_buffers
from flows.schedule_graph import Graph
from flows.schedule_kinds import Node, Sink, Source
from flows.schedule_nodes import converter, matvec, pixelwise, pool, window
from flows.schedule_sim import places_of, simulate, tighten, verify


class Maker:
    """A network that grows at its end: rows, columns and words per pixel of the last stream."""

    def __init__(self, size: int, folds: int, width: int = 1) -> None:
        self.nodes: list[Node] = [Source("in", ("s0",), size * size * folds)]
        self.bits = {"s0": width}
        self.end, self.size, self.folds = "s0", size, folds

    def new(self, width: int) -> str:
        name = f"s{len(self.bits)}"
        self.bits[name] = width
        return name

    def add(self, node: Node) -> None:
        self.nodes.append(node)
        self.end = node.outputs[0]

    def beats(self) -> int:
        return self.size * self.size * self.folds

    def pipeline(self, latency: int, width: int = 1) -> None:
        node = pixelwise(self.tag(), [self.end], [self.new(width)], self.beats(), latency)
        self.add(node)

    def tag(self) -> str:
        return f"n{len(self.nodes)}"

    def to_folds(self, folds: int) -> None:
        if folds != self.folds:
            pixels = self.size * self.size
            beats = self.beats(), pixels * folds
            self.add(converter(self.tag(), self.end, self.new(1), *beats))
            self.folds = folds

    def conv(self, fold_r: int, kernel: int, stride: int, pad: int, replay: bool = True) -> None:
        size, step = dict.fromkeys(("ROWS", "COLS"), self.size), ("STRIDE_R", "STRIDE_C")
        params = {**size, "C": self.folds, "SIMD": 1, **dict.fromkeys(("KR", "KC"), kernel)}
        params |= dict.fromkeys(step, stride) | {f"PAD_{side}": pad for side in "TBLR"}
        params["PASSES"] = 1 if replay else fold_r
        slide = window(self.tag(), self.end, self.new(1), params)
        self.add(slide)
        vector = kernel * kernel * self.folds
        unit = matvec(self.tag(), self.end, self.new(1), slide.events, vector, fold_r, replay)
        self.add(unit)
        self.size, self.folds = (self.size + 2 * pad - kernel) // stride + 1, fold_r

    def pool(self, kernel: int) -> None:
        shape = self.size, self.size, self.folds
        self.add(pool(self.tag(), self.end, self.new(1), shape, (kernel, kernel)))
        self.size //= kernel

    def residual(self, fold_r: int, folds: int, stride: int = 1) -> str:
        """A convolution with a shortcut, both of fold_r beats per pixel; the join's short input."""
        split, short = self.new(8), self.new(8)
        self.add(pixelwise(self.tag(), [self.end], [split, short], self.beats()))
        size, before = self.size, self.folds
        self.to_folds(folds)
        self.conv(fold_r, 3, stride, 1)
        self.pipeline(4, 8)
        end, after, self.end, self.size, self.folds = self.end, self.size, short, size, before
        if stride == 2:
            self.pool(2)
            self.to_folds(folds)
            self.conv(fold_r, 1, 1, 0)
        assert (self.size, self.folds) == (after, fold_r)
        short = self.end
        self.add(pixelwise(self.tag(), [end, short], [self.new(8)], self.beats(), 2))
        return short

    def graph(self) -> Graph:
        self.nodes.append(Sink("out", (self.end,), self.beats()))
        return Graph(tuple(self.nodes), self.bits)


def residual_net() -> tuple[Graph, list[str]]:
    net = Maker(8, 1, 24)
    net.conv(2, 3, 1, 1)
    shorts = [net.residual(2, 1), net.residual(4, 2, 2), net.residual(4, 1)]
    return net.graph(), [shorts[0], shorts[2]]  # the other one has buffers on its way


def random_net(seed: int) -> Graph:
    rng = random.Random(seed)
    net = Maker(rng.choice((6, 8, 9)), rng.choice((1, 2, 3)), 8)
    for _ in range(rng.randint(2, 4)):
        kind = rng.choice(("conv", "conv", "pool", "pipeline", "residual"))
        if kind == "conv" and net.size >= 3:
            kernel = rng.choice((1, 2, 3))
            how = rng.choice((1, 2, 4)), kernel, rng.choice((1, 2)), rng.randint(0, kernel // 2)
            net.conv(*how, replay=rng.random() < 0.7)
        elif kind == "pool" and net.size >= 4:
            net.pool(2)
        elif kind == "residual" and net.size >= 3:
            net.residual(net.folds, rng.choice((1, net.folds)))
        else:
            net.pipeline(rng.randint(1, 9))
    return net.graph()


@pytest.mark.parametrize(("gap", "n", "period"), [(1, 5, 9), (3, 4, 12), (2, 1, 7)])
def test_recursions_against_a_loop(gap: int, n: int, period: int) -> None:
    """Frame after frame from reset, until it repeats."""
    a = np.sort(np.random.default_rng(n).integers(0, 3 * period, n))
    want = [int(a[0])]
    for k in range(1, 9 * n):
        want.append(max(int(a[k % n]) + k // n * period, want[-1] + gap))
    x = earliest(a, gap, period)
    assert (x + 8 * period).tolist() == want[-n:]
    assert latest(x, gap, period).tolist() == x.tolist()
    z = latest(a, gap, period)
    assert (z <= a).all() and (np.diff(z) >= gap).all() and z[0] + period >= z[-1] + gap


def test_fullest_counts_all_frames() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        period = 20
        write = np.sort(rng.choice(period, 7, replace=False)).astype(np.int64)
        free = earliest(write + rng.integers(0, 50, 7), 1, period)
        events = [(t + f * period, 1) for f in range(9) for t in write]
        events += [(t + 1 + f * period, 0) for f in range(9) for t in free]
        level = most = 0
        for _, kind in sorted(events):
            level += 1 if kind else -1
            most = max(most, level)
        assert fullest(write, free, period)[0] == most


@pytest.mark.parametrize("seed", range(25))
def test_random_networks_run_at_the_period(seed: int) -> None:
    graph = random_net(seed)
    sizes = size_buffers(graph)
    run = verify(graph, sizes, 5)
    assert [b - a for a, b in pairwise(run.ends)][1:] == [sizes.period] * 3
    assert run.ends[0] <= sizes.latency + 1
    for gap, stall in ((0.5, 0), (0, 0.5), (0.3, 0.3)):
        assert not simulate(graph, places_of(sizes), 3, gap, stall, seed).stuck


def test_shortcuts_are_sized_and_critical() -> None:
    graph, shorts = residual_net()
    sizes = size_buffers(graph)
    tight = tighten(graph, sizes)
    assert verify(graph, tight).interval == graph.period
    for name in shorts:
        before, after = sizes.buffers[name].fifo, tight.buffers[name].fifo
        assert 0 < after <= before <= after + 8
        places = places_of(tight)
        places[name] -= 1
        run = simulate(graph, places)
        assert run.stuck or run.interval > graph.period
    places[shorts[0]] = 3
    assert simulate(graph, places).stuck, "a shortcut that is far too short locks up"


def with_fifo(sizes: Sizes, name: str, fifo: int) -> Sizes:
    buffer = replace(sizes.buffers[name], fifo=fifo)
    return replace(sizes, buffers={**sizes.buffers, name: buffer})


def test_verify_says_what_is_wrong() -> None:
    graph, shorts = residual_net()
    sizes = tighten(graph, size_buffers(graph))
    with pytest.raises(CheckFailed, match="fifo-deadlock"):
        verify(graph, with_fifo(sizes, shorts[0], 1))
    with pytest.raises(CheckFailed, match="fifo-interval"):
        verify(graph, with_fifo(sizes, shorts[0], sizes.buffers[shorts[0]].fifo - 1))


def test_a_chain_needs_no_fifo() -> None:
    net = Maker(12, 2)
    for _ in range(2):
        net.conv(2, 3, 1, 0)
    net.pool(2)
    net.conv(4, 3, 1, 0)
    sizes = size_buffers(net.graph())
    assert sizes.fifos == {} and len(sizes.depths) == 3
    assert sizes.depths["n1"] < 4 * 12 * 2, "a line buffer of less than four rows"


def test_a_graph_with_loose_ends_is_refused() -> None:
    with pytest.raises(ValueError, match="wants 3 beats"):
        Graph((Source("in", ("a",), 2), Sink("out", ("a",), 3)), {"a": 1})
    with pytest.raises(ValueError, match="nobody reads"):
        Graph((Source("in", ("a",), 2),), {"a": 1})


def test_large_networks_take_little_time() -> None:
    """ResNet-18 for CIFAR-10 at 73,728 clk per frame: 16 shortcuts, 100 streams."""
    net = Maker(32, 1, 24)
    net.conv(4, 3, 1, 1)
    for folds, words, first in ((4, 2, 1), (8, 4, 2), (16, 8, 2), (32, 16, 2)):
        for block in range(4):
            net.residual(folds, words if block else net.folds // 2, first if block == 0 else 1)
    graph = net.graph()
    begin = time.process_time()
    sizes = size_buffers(graph)
    assert time.process_time() - begin < 5
    assert sizes.period == 73_728 and len(sizes.depths) == 20
    assert tighten(graph, sizes) is sizes, "too large to simulate in seconds"
