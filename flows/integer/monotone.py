# SPDX-License-Identifier: Apache-2.0
"""Which way a tensor's per-channel nodes go, joins of branches included.

Rounding keeps order, so that a node that rises as a real function rises in float32, too. Where two
branches are added that rise both, the sum does: AdaBin's Maxout is such a sum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper

from flows.integer.value import Value

#: (channels,): +1 where a tensor rises with the value's integer, -1 where it falls, 0: constant
Ways = NDArray[np.int64]
RISING = frozenset("Relu Identity Tanh Sigmoid Round Floor Ceil".split())


def is_one_way(model: ModelWrapper, value: Value) -> bool:
    """Whether the nodes surely never rise and fall within one channel.

    A share, and what is made of it alone, counts as a constant.

    Args:
        model: the QONNX graph, which holds the nodes' constants.
        value: the tensor.
    """
    ways: dict[str, Ways] = {value.start: np.ones(value.channels, np.int64)}
    below_0: dict[str, str] = {}  # Relu's output: its input
    for node in value.nodes:
        if not any(name in ways for name in node.input):
            continue
        way = _way(model, node, ways, below_0)
        if way is None:
            return False
        ways[node.output[0]] = way
        if node.op_type == "Relu":
            below_0[node.output[0]] = node.input[0]
    return True


def _way(
    model: ModelWrapper, node: NodeProto, ways: dict[str, Ways], relus: dict[str, str]
) -> Ways | None:
    """The way of a node's result; None where it may rise and fall."""
    x, *others = node.input
    op = node.op_type
    if op in ("Add", "Sub"):
        a, b = (ways.get(name) for name in node.input)
        if op == "Sub" and relus.get(others[0]) == x:
            return a  # x - max(x, 0) is min(x, 0)
        return _sum(a, b if op == "Add" or b is None else -b)
    if op == "Mul" and x not in ways:
        x, others = others[0], [x]
    if x not in ways or any(name in ways for name in others):
        return None
    if op in RISING or op == "Clip":
        return ways[x]
    if op == "Neg":
        return -ways[x]
    if op in ("Mul", "Div", "BatchNormalization"):
        sign = _sign(model, others[0], len(ways[x]))
        return None if sign is None else ways[x] * sign
    return None


def _sum(a: Ways | None, b: Ways | None) -> Ways | None:
    if a is None or b is None:
        return a if b is None else b
    return None if (a * b < 0).any() else np.sign(a + b)


def _sign(model: ModelWrapper, name: str, channels: int) -> Ways | None:
    """Signs of a constant, one for each channel; None where a channel has both."""
    array = model.get_initializer(name)
    if array is None:
        return None
    if array.ndim < 2 or array.shape[0] != 1:  # a factor of all, or a batch norm's
        flat = array.reshape(-1, 1)
    else:
        flat = array.reshape(array.shape[1], -1)
    low, high = np.sign(flat.min(axis=1)), np.sign(flat.max(axis=1))
    if flat.shape[0] not in (1, channels) or (low * high < 0).any():
        return None
    return np.broadcast_to(np.sign(low + high).astype(np.int64), (channels,))
