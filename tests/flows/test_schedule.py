# SPDX-License-Identifier: Apache-2.0
"""Buffers from the schedule against a simulation of finite buffers, clk by clk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from flows.errors import CheckFailed
from flows.schedule import Buffer, Sizes, earliest, fullest, latest, size_buffers
from flows.schedule_graph import Graph
from flows.schedule_kinds import Sink, Source
from flows.schedule_sim import places_of, simulate, tighten, verify
from tests.flows.schedule_nets import (
    Maker,
    random_net,
    random_shared_net,
    random_wide_net,
    residual_net,
)


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
@pytest.mark.parametrize("make", [random_net, random_wide_net, random_shared_net])
def test_random_networks_run_at_the_period(make: Callable[[int], Graph], seed: int) -> None:
    graph = make(seed)
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


def test_only_line_buffers_round_up() -> None:
    fifo = Buffer(peak=11, beat=0, own=2, fifo=9, width=3)
    assert fifo.bits == 27 and replace(fifo, fifo=0).bits == 0
    assert Buffer(peak=11, beat=0, own=11, fifo=0, width=3, line=True).bits == 48


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
