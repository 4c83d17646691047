# SPDX-License-Identifier: Apache-2.0
"""QONNX networks with maps for tests, put together by hand: each method adds nodes.

    g = MapGraph((2, 6, 6), seed=1)
    bits = g.sign(g.norm(g.conv(g.sign(g.source), 4, pads=(1, 1, 1, 1))))
    path = g.write(folder / "n.onnx", g.linear(bits, 3))

Shapes and the usual size of every tensor's values are followed, so that batch norms centre what
they get and few channels are constant. sim/lib/random_maps.py draws networks of this kind.
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

GENERAL = "qonnx.custom_op.general"
Pair = tuple[int, int]
Pads = tuple[int, int, int, int]  # top, left, bottom, right


class MapGraph:
    """A growing graph. Tensors are names; `shapes` has theirs without the batch.

    Attributes:
        source: what the first layer reads: the pixels, between 0 and 1, as maps.
        spread: usual distance of a tensor's values from 0.
    """

    def __init__(self, shape: tuple[int, ...], seed: int, flat: bool = False) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.shapes: dict[str, tuple[int, ...]] = {"x": shape}
        self.spread: dict[str, float] = {"x": 1.0}
        self.input_shape = (prod(shape),) if flat else shape
        self.source = "x"
        if flat:
            self.shapes["x"] = self.input_shape
            self.source = self.node("Reshape", ["x", self.integers([1, *shape])], shape)

    def const(self, value: Any) -> str:
        """A float constant."""
        return self._keep(np.asarray(value, np.float32))

    def integers(self, value: Any) -> str:
        """A constant of whole numbers: shapes, axes."""
        return self._keep(np.asarray(value, np.int64))

    def _keep(self, array: NDArray[Any]) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def node(
        self,
        op: str,
        inputs: list[str],
        shape: tuple[int, ...] | None = None,
        spread: float | None = None,
        domain: str = "",
        **attributes: Any,
    ) -> str:
        """Any node; shape and spread are those of its first input where not given."""
        out = f"t{len(self.nodes)}"
        name = f"{op}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(op, inputs, [out], name=name, domain=domain, **attributes)
        )
        self.shapes[out] = self.shapes.get(inputs[0], ()) if shape is None else shape
        self.spread[out] = self.spread.get(inputs[0], 1.0) if spread is None else spread
        return out

    def sign(self, x: str, scale: float = 1.0) -> str:
        """BipolarQuant."""
        return self.node("BipolarQuant", [x, self.const(scale)], spread=scale, domain=GENERAL)

    def quant(
        self,
        x: str,
        bits: int,
        scale: float | NDArray[Any],
        signed: bool = True,
        narrow: bool = False,
        rounding: str = "ROUND",
    ) -> str:
        """Quant without a zero point."""
        inputs = [x, self.const(scale), self.const(0), self.const(bits)]
        most = float(np.max(scale)) * (1 << bits)
        return self.node(
            "Quant",
            inputs,
            spread=min(most / 4, self.spread.get(x, most)),
            domain=GENERAL,
            signed=int(signed),
            narrow=int(narrow),
            rounding_mode=rounding,
        )

    def weights(self, shape: tuple[int, ...], bits: int, scale: Any) -> str:
        """Random weights: signs where bits is 1, otherwise integers of so many bits times scale."""
        if bits == 1:
            name = self.const(self.rng.standard_normal(shape))
            scaled = self.const(scale)
            return self.node("BipolarQuant", [name, scaled], shape, domain=GENERAL)
        most = (1 << bits - 1) - 1
        array = self.rng.integers(-most, most + 1, shape) * np.asarray(scale)
        return self.quant(self.const(array), bits, np.asarray(scale, np.float32), True, True)

    def conv(
        self,
        x: str,
        outputs: int,
        kernel: Pair = (3, 3),
        strides: Pair = (1, 1),
        dilations: Pair = (1, 1),
        pads: Pads = (0, 0, 0, 0),
        group: int = 1,
        bits: int = 1,
        scale: Any = 1.0,
        bias: Any = None,
    ) -> str:
        """A convolution; scale is that of the weights, of size 1 or (outputs, 1, 1, 1)."""
        c, rows, columns = self.shapes[x]
        w = self.weights((outputs, c // group, *kernel), bits, scale)
        sizes = (rows + pads[0] + pads[2], columns + pads[1] + pads[3])
        out = tuple(
            (n - (k - 1) * d - 1) // s + 1
            for n, k, d, s in zip(sizes, kernel, dilations, strides, strict=True)
        )
        return self.node(
            "Conv",
            [x, w, *([] if bias is None else [self.const(bias)])],
            (outputs, *out),
            self._sum_spread(x, c // group * prod(kernel), bits, scale),
            kernel_shape=list(kernel),
            strides=list(strides),
            dilations=list(dilations),
            pads=list(pads),
            group=group,
        )

    def _sum_spread(self, x: str, n: int, bits: int, scale: Any) -> float:
        size = float(np.mean(scale)) * (1 if bits == 1 else 2.0 ** (bits - 2))
        return self.spread[x] * size * float(np.sqrt(n))

    def linear(
        self, x: str, outputs: int, bits: int = 1, scale: Any = 1.0, bias: Any = None
    ) -> str:
        """Flatten and MatMul, or Gemm where there is a bias."""
        if len(self.shapes[x]) != 1:
            x = self.flatten(x)
        n = self.shapes[x][0]
        spread = self._sum_spread(x, n, bits, scale)
        if bias is None:
            w = self.weights((n, outputs), bits, scale)
            return self.node("MatMul", [x, w], (outputs,), spread)
        w = self.weights((outputs, n), bits, scale)
        inputs = [x, w, self.const(bias)]
        return self.node("Gemm", inputs, (outputs,), spread, transB=1)

    def flatten(self, x: str) -> str:
        """A map as a row vector."""
        return self.node("Flatten", [x], (prod(self.shapes[x]),))

    def pad(self, x: str, pads: Pads, value: float) -> str:
        """A Pad node around the map."""
        top, left, bottom, right = pads
        c, rows, columns = self.shapes[x]
        amounts = self.integers([0, 0, top, left, 0, 0, bottom, right])
        shape = (c, rows + top + bottom, columns + left + right)
        return self.node("Pad", [x, amounts, self.const(value)], shape)

    def pad_channels(self, x: str, before: int, after: int) -> str:
        """Channels of 0 around those there are."""
        c, *size = self.shapes[x]
        amounts = self.integers([0, before, 0, 0, 0, after, 0, 0])
        return self.node("Pad", [x, amounts, self.const(0)], (before + c + after, *size))

    def every_second(self, x: str) -> str:
        """Slice: every second row and column."""
        c, rows, columns = self.shapes[x]
        limits = [[0, 0], [rows, columns], [2, 3], [2, 2]]
        shape = (c, -(-rows // 2), -(-columns // 2))
        return self.node("Slice", [x, *map(self.integers, limits)], shape)

    def norm(self, x: str, as_mul_add: bool = False, gammas: str = "mixed") -> str:
        """Batch norm.

        gammas: "mixed" (both signs, every fourth 0), "positive", "negative" or "zero".
        """
        n, spread = self.shapes[x][0], self.spread[x]
        gamma = self.rng.uniform(0.3, 1, n)
        if gammas == "mixed":
            gamma *= self.rng.choice([-1, 1], n)
            gamma[3::4] = 0
        gamma *= {"negative": -1, "zero": 0}.get(gammas, 1)
        beta = self.rng.uniform(-0.3, 0.3, n)
        mean = self.rng.standard_normal(n) * spread * 0.3
        var = self.rng.uniform(0.5, 2, n) * spread**2
        if as_mul_add:
            factor = gamma / np.sqrt(var)
            shape = (1, n, *[1] * (len(self.shapes[x]) - 1))
            x = self.node("Mul", [x, self.const(factor.reshape(shape))], spread=1.0)
            return self.node("Add", [x, self.const((beta - mean * factor).reshape(shape))])
        constants = [self.const(v) for v in (gamma, beta, mean, var)]
        return self.node("BatchNormalization", [x, *constants], spread=1.0, epsilon=1e-5)

    def clip(self, x: str, low: float, high: float) -> str:
        """Clip."""
        return self.node("Clip", [x, self.const(low), self.const(high)])

    def prelu(self, x: str) -> str:
        """PRelu with a slope per channel between 0 and 1."""
        n = self.shapes[x][0]
        slope = self.rng.uniform(0, 1, (n, *[1] * (len(self.shapes[x]) - 1)))
        return self.node("PRelu", [x, self.const(slope)])

    def max_pool(self, x: str, kernel: Pair) -> str:
        """A maximum over windows side by side."""
        return self._pool("MaxPool", x, kernel)

    def average_pool(self, x: str, kernel: Pair) -> str:
        """A mean over windows side by side."""
        return self._pool("AveragePool", x, kernel)

    def _pool(self, op: str, x: str, kernel: Pair) -> str:
        c, rows, columns = self.shapes[x]
        shape = (c, rows // kernel[0], columns // kernel[1])
        return self.node(op, [x], shape, kernel_shape=list(kernel), strides=list(kernel))

    def mean(self, x: str, reduce: bool = False) -> str:
        """The mean over the map: GlobalAveragePool, or ReduceMean to a vector."""
        c = self.shapes[x][0]
        if reduce:
            return self.node("ReduceMean", [x], (c,), axes=[2, 3], keepdims=0)
        return self.node("GlobalAveragePool", [x], (c, 1, 1))

    def add(self, a: str, b: str) -> str:
        """The sum of two branches."""
        assert self.shapes[a] == self.shapes[b]
        return self.node("Add", [a, b], spread=self.spread[a] + self.spread[b])

    def model(self, output: str) -> onnx.ModelProto:
        """The graph that ends in `output`."""
        outputs = self.shapes[output]
        graph = helper.make_graph(
            self.nodes,
            "maps",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, *self.input_shape])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, *outputs])],
            initializer=self.constants,
        )
        opsets = [helper.make_opsetid("", 13), helper.make_opsetid(GENERAL, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)

    def write(self, path: Path, output: str) -> Path:
        """Write the file."""
        onnx.save(self.model(output), str(path))
        return path
