# SPDX-License-Identifier: Apache-2.0
"""Functions of integers that no multiply-add equals: thresholds or tables, code by code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.util.basic import qonnx_make_model

from flows.datatypes import int_type
from flows.errors import FlowError
from flows.integer.border import Border
from flows.integer.joins import requantise
from flows.integer.lower import Lowering
from flows.integer.table import Function, codes, quantized
from flows.integer.value import Value
from sim.lib.convnets import ConvMake, write_convnet
from sim.lib.stages import prove_maps

C, SIDE = 6, 4
QUANT = NodeProto(name="Quant_0", op_type="Quant")
Steps = list[tuple[str, list[NDArray[np.float32]]]]


def graph(steps: Steps) -> ModelWrapper:
    """A chain of nodes with constants, from x to t<n>, over maps of C channels."""
    nodes, constants, tensor = [], [], "x"
    for i, (op, arrays) in enumerate(steps):
        names = [f"c{i}_{j}" for j in range(len(arrays))]
        constants += [
            numpy_helper.from_array(np.asarray(a, np.float32), n)
            for a, n in zip(arrays, names, strict=True)
        ]
        nodes.append(helper.make_node(op, [tensor, *names], [f"t{i}"], name=f"{op}_{i}"))
        tensor = f"t{i}"
    shape = [1, C, SIDE, SIDE]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in ("x", tensor)]
    inner = [
        helper.make_tensor_value_info(n.output[0], TensorProto.FLOAT, shape) for n in nodes[:-1]
    ]
    made = helper.make_graph(nodes, "g", ends[:1], ends[1:], constants, value_info=inner)
    return ModelWrapper(qonnx_make_model(made))


def chain(steps: Steps, low: int, high: int, offset: NDArray[np.int64]) -> tuple[Lowering, Value]:
    """A walk that has come to the end of the chain, whose input is a stream of low .. high."""
    ctx = Lowering(graph(steps), "pixel/255")
    stream = ctx.hw.input((SIDE, SIDE, C), int_type(low, high))
    border = Border((0, 1, 1, 2), (0, 1, 1, 1)) if len(offset) > 1 else None
    nodes = tuple(ctx.model.graph.node)
    return ctx, Value(
        stream, (C, SIDE, SIDE), low, high, 0.0625, 1, offset, border, nodes, start="x"
    )


def computed(ctx: Lowering, made: Value, x: NDArray[np.int64]) -> NDArray[np.int64]:
    """What the last node of the hardware gives for maps x, shape (n, SIDE, SIDE, C)."""
    model = ctx.hw.model(made.stream)
    (node,) = model.graph.node
    op = getCustomOp(node)
    constants = [model.get_initializer(name) for name in node.input[1:]]
    (y,) = op.compute([x], constants)
    parameters = op.kernel_parameters(constants)
    assert parameters["IN_W"] == model.get_tensor_datatype(node.input[0]).bitwidth()
    assert {*op.literals(constants), *op.memory_files(constants)} - {"FALLING", "ROW_CLASS"}
    assert made.low <= y.min() and y.max() <= made.high
    return np.asarray(y)


def check(ctx: Lowering, value: Value, bits: int, scale: float, op: str) -> None:
    """Every code, or every edge of a wide function and its neighbours, in every class of pixels."""
    function_of = quantized(ctx.model, value, scale, bits, True, False, "ROUND")
    made = requantise(ctx, value, function_of, QUANT)
    assert [n.op_type for n in ctx.hw.nodes] == [op]
    classes = np.zeros((SIDE, SIDE), int) if value.border is None else value.border.of_pixels()
    for k in range(len(value.offset)):
        x = _telling(function_of(k), value)
        row, column = np.argwhere(classes == k)[0]
        maps = np.broadcast_to(x[:, None, None, :], (len(x), SIDE, SIDE, C))
        got = computed(ctx, made, np.ascontiguousarray(maps))[:, row, column]
        assert np.array_equal(got, function_of(k)(x)), f"class {k}"


def _telling(function: Function, value: Value) -> NDArray[np.int64]:
    """Codes of every channel, shape (n, C): all of them, or those around every change."""
    every = np.repeat(codes(value)[:, None], C, axis=1)
    if len(every) < 5000:
        return every
    changes = np.argwhere(np.diff(function(every), axis=0) != 0)
    near = (changes[:, :1] + np.arange(-2, 4)).ravel()
    spread = np.linspace(0, len(every) - 1, 500).astype(int)
    at = np.unique(np.clip(np.concatenate([near, spread, [0, len(every) - 1]]), 0, len(every) - 1))
    return every[at]


def norm(rng: np.random.Generator, width: float, codes_: int) -> Steps:
    """Batch norm as float32 factor and summand: both signs, constants, results over all codes."""
    gain = rng.choice([-1, 1], C) * rng.uniform(0.4, 1.5, C) * codes_ / width / 0.0625
    gain[0] = 0
    shape = (1, C, 1, 1)
    return [
        ("Mul", [gain.reshape(shape)]),
        ("Add", [rng.normal(0, codes_ / 6, C).reshape(shape)]),
    ]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("border", [False, True])
def test_wide_sums(seed: int, border: bool) -> None:
    """Sums of 8-bit products and batch norm: float32 rounds them, so that no multiply-add fits."""
    rng = np.random.default_rng(seed)
    offset = rng.integers(-9000, 9000, (6, C)) if border else np.zeros((1, 1), np.int64)
    ctx, value = chain(norm(rng, 8e5, 128), -400_000, 400_000, offset)
    check(ctx, value, 7, 1.0, "BnnLevels")


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("low", [-200_000, 0])
def test_limits_that_are_powers_of_two(
    seed: int, low: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """129 codes take 7 stages, not 8."""
    monkeypatch.setattr("flows.integer.joins.fit", lambda *_: None)  # a multiply-add serves, too
    rng = np.random.default_rng(seed)
    clip = [np.float32(-64), np.float32(64)]
    steps = [*norm(rng, 1.5e5, 400), ("Clip", clip)]
    ctx, value = chain(steps, low, 200_000, np.zeros((1, 1), np.int64))
    check(ctx, value, 8, 1.0, "BnnLevels")
    model = ctx.hw.model(ctx.hw.nodes[0].output[0])
    op = getCustomOp(model.graph.node[0])
    constants = [model.get_initializer(name) for name in model.graph.node[0].input[1:]]
    p = op.kernel_parameters(constants)
    assert (p["K"], p["TOP"], p["LO"], p["OUT_W"]) == (7, 1, -64, 8)


@pytest.mark.parametrize("op", ["PRelu", "Relu"])
@pytest.mark.parametrize("low", [-3000, -30, 0])
@pytest.mark.parametrize("bits", [3, 8])
def test_bent_functions(op: str, low: int, bits: int) -> None:
    """Two slopes: table or thresholds, whichever is smaller."""
    rng = np.random.default_rng(bits - low)
    bend: Steps = [(op, [rng.uniform(0.05, 0.6, (C, 1, 1))] if op == "PRelu" else [])]
    width, n_codes = (6000, 1 << bits) if low < -100 else (80, 1 << bits)
    steps = [*norm(rng, width, n_codes), *bend, ("Add", [rng.normal(0, 2, (1, C, 1, 1))])]
    ctx, value = chain(steps, low, low + width, np.zeros((1, 1), np.int64))
    function_of = quantized(ctx.model, value, 1.0, bits, True, False, "ROUND")
    made = requantise(ctx, value, function_of, QUANT)
    x = _telling(function_of(0), value)
    maps = np.ascontiguousarray(np.broadcast_to(x[:, None, None, :], (len(x), SIDE, SIDE, C)))
    assert np.array_equal(computed(ctx, made, maps)[:, 0, 0], function_of(0)(x))


def test_rising_and_falling_is_a_table_where_it_is_small() -> None:
    slope = np.full((C, 1, 1), -0.5)
    steps: Steps = [("Mul", [np.full((1, C, 1, 1), 2.0)]), ("PRelu", [slope])]
    none = np.zeros((1, 1), np.int64)
    check(*chain(steps, -100, 90, none), 4, 1.0, "BnnLookup")
    ctx, value = chain(steps, -9000, 9000, none)
    function_of = quantized(ctx.model, value, 64.0, 4, True, False, "ROUND")
    with pytest.raises(FlowError, match="no-affine"):
        requantise(ctx, value, function_of, QUANT)


@pytest.mark.parametrize(("network", "method"), [("resnet20", "irnet"), ("resnet18", "reactnet")])
def test_residual_networks_with_8_bit_ends(network: str, method: str, tmp_path: Path) -> None:
    make = ConvMake(network, shape=(3, 16, 16), width=4, method=method)
    proved = prove_maps(write_convnet(tmp_path / "n.onnx", make, seed=1), n_images=6)
    assert ("BnnLevels" in proved.ops) == (method == "reactnet")  # slopes of two kinds
