# SPDX-License-Identifier: Apache-2.0
"""Networks for the tests of flows/schedule.py, made of its nodes."""

from __future__ import annotations

import random

from flows.schedule_graph import Graph
from flows.schedule_kinds import Node, Sink, Source
from flows.schedule_nodes import converter, matvec, pixelwise, pool, shared, wide_window, window
from hw.kernels.bnn_window_wide_ref import fits


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

    def wide(self, kernel: int, stride: int, pad: int, taps: int, m: int, passes: int) -> bool:
        """A convolution that reads `taps` taps of m windows per clk; whether it can be had."""
        size = self.size
        p = {"ROWS": size, "COLS": size, "C": 1, "SIMD": taps, "M": m, "PASSES": passes}
        p |= dict.fromkeys(("KR", "KC"), kernel) | dict.fromkeys(("STRIDE_R", "STRIDE_C"), stride)
        p |= {f"PAD_{side}": pad for side in "TBLR"}
        p["PIX"] = m * stride if m > 1 or size % stride == 0 else 1
        if not fits(p):
            return False
        self.to_folds(1)
        if p["PIX"] > 1:
            beats = size * size, size * size // p["PIX"]
            self.add(converter(self.tag(), self.end, self.new(1), *beats))
        self.add(wide_window(self.tag(), self.end, self.new(1), p))
        self.size, self.folds = (size + 2 * pad - kernel) // stride + 1, passes
        groups = self.size * self.size // m
        folds = kernel * kernel // taps, passes
        self.add(matvec(self.tag(), self.end, self.new(1), groups, *folds, False))
        if m > 1:
            beats = groups * passes, groups * m * passes
            self.add(converter(self.tag(), self.end, self.new(1), *beats))
        return True

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

    def shared(self, fold_r: int, kernel: int, pad: int) -> None:
        """A convolution and, beside it, the sum that its outputs share, as AdaBin's."""
        main, side = self.new(8), self.new(8)
        self.add(pixelwise(self.tag(), [self.end], [main, side], self.beats()))
        size, before = self.size, self.folds
        self.end = main
        self.conv(fold_r, kernel, 1, pad, replay=False)
        main, self.end, self.size, self.folds = self.end, side, size, before
        self.add(matvec(self.tag(), self.end, self.new(6), size * size, before, 1))
        self.folds = 1
        self.conv(1, kernel, 1, pad, replay=False)
        inputs, self.folds = [main, self.end], fold_r
        self.add(shared(self.tag(), inputs, [self.new(1)], self.beats(), fold_r, 5))

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


def random_shared_net(seed: int) -> Graph:
    """Sums that channels share, with and without padding, between others."""
    rng = random.Random(seed)
    net = Maker(rng.choice((6, 8, 9)), rng.choice((1, 2, 3)), 8)
    for _ in range(rng.randint(1, 3)):
        kernel = rng.choice((1, 2, 3) if net.size > 3 else (1,))
        net.shared(rng.choice((1, 2, 4)), kernel, rng.randint(0, kernel // 2))
        if rng.random() < 0.3 and net.size >= 4:
            net.pool(2)
        elif rng.random() < 0.3 and net.size >= 3:
            net.residual(net.folds, 1)
    return net.graph()


def random_wide_net(seed: int) -> Graph:
    """Windows with several taps per clk, and several windows per clk, between others."""
    rng = random.Random(seed)
    while True:
        net = Maker(rng.choice((4, 6, 8, 9, 12)), rng.choice((1, 2)), 8)
        wide = 0
        for _ in range(rng.randint(1, 4)):
            kernel = rng.choice((1, 2, 3, 3, 5))
            if rng.random() < 0.6 and kernel <= net.size:
                taps = rng.choice([t for t in range(1, kernel**2 + 1) if kernel**2 % t == 0])
                m = rng.choice((1, 1, 2, 4)) if taps == kernel**2 else 1
                how = kernel, rng.choice((1, 1, 2)), rng.randint(0, kernel // 2), taps, m
                wide += net.wide(*how, passes=1 if m > 1 else rng.choice((1, 2, 3)))
            elif net.size >= 3:
                net.residual(net.folds, 1)
        if wide:
            return net.graph()
