# SPDX-License-Identifier: Apache-2.0
"""Random small networks with maps: every kind of layer, pool, padding and shortcut there is."""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from sim.lib.maps import MapGraph, Pads, Pair

KERNELS = ((1, 1), (2, 2), (3, 3), (3, 3), (5, 5), (7, 7), (1, 3), (4, 2))


@dataclass(frozen=True)
class Drawn:
    """A network's file and how it is fed (flows.config.INPUTS)."""

    path: Path
    kind: str
    pixels: int


def write_random(path: Path, seed: int) -> Drawn:
    """Draw a network of 2 to 4 blocks and write it."""
    drawer = _Drawer(seed)
    output = drawer.network()
    g = drawer.g
    return Drawn(g.write(path, output), drawer.kind, prod(g.input_shape))


class _Drawer:
    """One network; `bits` says what the tensor of each name holds: signs, or a grid's integers."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        shape = (self.rng.randint(1, 4), self.rng.randint(5, 9), self.rng.randint(5, 9))
        self.kind = self.rng.choice(["pixel/255", "pixel", "bipolar"])
        self.g = MapGraph(shape, seed, flat=self.rng.random() < 0.5)

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def network(self) -> str:
        x = self._input()
        for _ in range(self.rng.randint(1, 3)):
            rows, columns = self.g.shapes[x][1:]
            if min(rows, columns) < 2:
                break
            x = self._residual(x) if self.chance(0.4) else self._layer(x)
        return self._classifier(x)

    def _input(self) -> str:
        """Signs, integers of a few bits, or the pixels themselves."""
        g, x = self.g, self.g.source
        if self.kind == "bipolar":
            return x
        if self.kind == "pixel":
            g.spread[x] = 128.0
            return x if self.chance(0.5) else g.sign(g.norm(x))
        if self.chance(0.5):
            x = g.node("Mul", [x, g.const(2)])
            return g.sign(g.node("Sub", [x, g.const(1)]))
        return g.quant(x, 8, 2.0**-8, signed=False)

    def _geometry(self, x: str) -> dict[str, Any]:
        """A kernel, strides and so on, with no window that sees only padding."""
        c, rows, columns = self.g.shapes[x]
        while True:
            kernel = self.rng.choice(
                [(1, 1), (2, 2), (3, 3), (3, 3), (5, 5), (7, 7), (1, 3), (4, 2)]
            )
            strides: Pair = self.rng.choice([(1, 1), (1, 1), (2, 2), (1, 2)])
            dilations: Pair = self.rng.choice([(1, 1), (1, 1), (1, 1), (2, 1), (2, 2)])
            pads = self._pads(kernel)
            if self._fits(rows, kernel, strides, dilations, pads, 0) and self._fits(
                columns, kernel, strides, dilations, pads, 1
            ):
                break
        divisors = [g for g in range(1, c + 1) if c % g == 0]
        group = self.rng.choice(divisors) if self.chance(0.3) else 1
        return {
            "outputs": group * self.rng.randint(1, 6 if group < 3 else 2),
            "kernel": kernel,
            "strides": strides,
            "dilations": dilations,
            "pads": pads,
            "group": group,
        }

    def _pads(self, kernel: Pair) -> Pads:
        if self.chance(0.4):
            return (0, 0, 0, 0)
        low = [self.rng.randint(0, k // 2) for k in (*kernel, *kernel)]
        return (low[0], low[1], low[2], low[3])

    @staticmethod
    def _fits(
        size: int, kernel: Pair, strides: Pair, dilations: Pair, pads: Pads, axis: int
    ) -> bool:
        k, s, d = kernel[axis], strides[axis], dilations[axis]
        n = (size + pads[axis] + pads[axis + 2] - (k - 1) * d - 1) // s + 1
        if n < 1:
            return False
        at = np.arange(n)[:, None] * s + np.arange(k)[None] * d - pads[axis]
        return bool(((at >= 0) & (at < size)).any(axis=1).all())

    def _conv(self, x: str, **given: Any) -> str:
        """A convolution, padded by itself with 0 or by a node in front."""
        g, how = self.g, {**self._geometry(x), **given}
        how["bits"] = self.rng.choice([1, 1, 1, 2, 4])
        scale = 2.0 ** -self.rng.randint(0, 3)
        per_output = self.chance(0.3)
        how["scale"] = np.full((how["outputs"], 1, 1, 1), scale) if per_output else scale
        if how["bits"] == 1 and per_output:
            how["scale"] = scale * 2.0 ** g.rng.integers(0, 2, (how["outputs"], 1, 1, 1))
        if any(how["pads"]) and self._signs(x) and self.chance(0.6):
            x = g.pad(x, how.pop("pads"), self.rng.choice([-1.0, 1.0, 0.0]))
        if self.chance(0.2):
            how["bias"] = g.rng.standard_normal(how["outputs"])
        return g.conv(x, **how)

    def _signs(self, x: str) -> bool:
        """Whether a tensor is -1 and +1."""
        made = next((n for n in self.g.nodes if n.output[0] == x), None)
        if made is None or made.op_type == "Reshape":
            return self.kind == "bipolar"
        return made.op_type == "BipolarQuant"

    def _layer(self, x: str) -> str:
        """Convolution, batch norm, activation, with a pool in any place."""
        g = self.g
        x = self._conv(x)
        kernel = self.rng.choice([(2, 2), (1, 2), (3, 2)])
        rows, columns = g.shapes[x][1:]
        pool = "none"
        if rows >= kernel[0] and columns >= kernel[1]:
            pool = self.rng.choice(["none", "none", "conv", "norm", "sign"])
        if pool == "conv":
            x = g.max_pool(x, kernel)
        if self.chance(0.9):
            x = g.norm(x, self.chance(0.3))
        if self.chance(0.2):
            x = g.clip(x, -1, 1)
        elif self.chance(0.2):
            x = g.prelu(x)
        if pool == "norm":
            x = g.max_pool(x, kernel)
        x = self._activation(x)
        return g.max_pool(x, kernel) if pool == "sign" else x

    def _activation(self, x: str) -> str:
        g = self.g
        if self.chance(0.6):
            return g.sign(x)
        if self.chance(0.5):
            return g.quant(g.node("Relu", [x]), self.rng.choice([1, 2, 4]), 0.25, signed=False)
        rounding = self.rng.choice(["ROUND", "FLOOR", "CEIL"])
        return g.quant(x, self.rng.choice([2, 3, 5]), 0.25, True, self.chance(0.5), rounding)

    def _on_grid(self, x: str) -> str:
        """A few bits with a power-of-two scale, as sums want them."""
        return self.g.quant(x, self.rng.choice([4, 8]), 2.0 ** -self.rng.randint(2, 5))

    def _residual(self, x: str) -> str:
        """A block with a shortcut: the block's input, a convolution, or option A."""
        g, strided = self.g, min(self.g.shapes[x][1:]) > 3 and self.chance(0.5)
        if not self._signs(x) or self.chance(0.5):
            x = self._on_grid(g.norm(self._conv(x, strides=(1, 1), dilations=(1, 1))))
        c = g.shapes[x][0]
        same = {"kernel": (3, 3), "dilations": (1, 1), "pads": (1, 1, 1, 1), "group": 1}
        strides, outputs = ((2, 2), 2 * c) if strided else ((1, 1), c)
        bits = x if self._signs(x) else g.sign(g.norm(x))
        branch = self._on_grid(g.norm(self._conv(bits, strides=strides, outputs=outputs, **same)))
        if strided and self.chance(0.5):
            before = self.rng.randint(0, c)
            short = g.pad_channels(g.every_second(x), before, c - before)
        elif strided:
            plain = {**same, "kernel": (1, 1), "pads": (0, 0, 0, 0)}
            short = self._on_grid(g.norm(self._conv(x, strides=(2, 2), outputs=outputs, **plain)))
        else:
            short = x
        y = g.add(branch, short) if self.chance(0.5) else g.add(short, branch)
        if self.chance(0.4):
            y = g.clip(y, -1, 1) if self.chance(0.5) else g.node("Relu", [y])
        return y

    def _classifier(self, x: str) -> str:
        """Perhaps a mean, then scores."""
        g = self.g
        rows, columns = g.shapes[x][1:]
        how = self.rng.choice(["flatten", "mean", "reduce", "average"])
        if how == "average" and min(rows, columns) >= 2:
            x = g.average_pool(x, self.rng.choice([(2, 2), (2, 1)]))
        elif how in ("mean", "reduce") and rows * columns in (1, 2, 4, 8, 16, 32, 64):
            x = g.mean(x, how == "reduce")
        classes = self.rng.randint(2, 6)
        bias = None
        scale = 2.0 ** -self.rng.randint(0, 4)
        if self.chance(0.4):
            bias = g.rng.integers(-8, 9, classes) * scale / 4 ** self.rng.randint(0, 2)
        x = g.linear(x, classes, self.rng.choice([1, 1, 4, 8]), scale, bias)
        return g.norm(x, self.chance(0.5)) if self.chance(0.4) else x
