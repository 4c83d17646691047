# SPDX-License-Identifier: Apache-2.0
"""Run what lies between a stream and the next quantizer over every code the stream can carry.

Nothing is rewritten algebraically: the float nodes are executed as ONNX defines them (chain.py), so
that rounding in float32 is part of the function. Where a stream has many codes (sums of 8-bit
products) and all nodes are monotone, the places where the result changes are found by bisection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, RuntimeException
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.general.quant import quant

from flows.errors import FlowError
from flows.integer.value import Ints, Value
from flows.transforms.chain import Chain, evaluate_chain

#: codes of a stream up to which every one is evaluated
MANY = 1 << 14
#: ops that never rise and fall in the same channel
MONOTONE = frozenset(
    "Add Sub Mul Div Neg BatchNormalization Clip Relu Identity Tanh Sigmoid HardSigmoid Round "
    "Floor Ceil".split()
)

Floats = NDArray[np.float32]
#: codes, shape (n, channels), and, where a value has a share, its codes, (n, 1), to integers
Function = Callable[..., Ints]


def evaluate(
    model: ModelWrapper,
    value: Value,
    d: Ints,
    nodes: int | None = None,
    share: Ints | None = None,
    k: int = 0,
) -> Floats:
    """The tensor's values for integers d.

    Args:
        model: the QONNX graph, which holds the nodes' constants.
        value: the tensor.
        d: shape (n, channels).
        nodes: apply only so many nodes; all where None.
        share: the integers of value.share, shape (n, 1), where there is one.
        k: class of the pixels, for constants that depend on it.

    Returns:
        Shape (n, channels).

    Raises:
        FlowError: position-dependent (a constant is not one number per channel).
    """
    x = np.float32(value.scale) * d.astype(np.float32)
    chain = value.nodes if nodes is None else value.nodes[:nodes]
    if not chain:
        return x
    chain = tuple(_of_class(model, node, k) for node in chain)
    shape = model.get_tensor_shape(chain[0].output[0]) or [1, 1]
    ones = [1] * (len(shape) - 2)
    others = {}
    if value.share is not None:
        assert share is not None
        q = np.float32(value.share.scale) * share.astype(np.float32)
        others[value.share.start] = q.reshape(*q.shape, *ones)
    path = Chain(value.start, chain[-1].output[0], chain, None)
    try:
        return evaluate_chain(model, path, x.reshape(*x.shape, *ones), others).reshape(x.shape)
    except (ValueError, Fail, InvalidArgument, RuntimeException) as err:
        names = ", ".join(f"{n.name} ({n.op_type})" for n in chain)
        raise FlowError(
            "position-dependent",
            f"{names}: the result is not one value per channel",
            "the QONNX graph, these nodes",
            "use constants of shape (1, channels, 1, 1)",
            'flows/README.md, "What can be compiled"',
        ) from err


def split_constant(model: ModelWrapper, value: Value, name: str) -> bool:
    """Take a constant that is a map, (1, channels, rows, columns), apart by classes of pixels.

    Args:
        model: holds it, and the parts then, as `name`@class.
        value: whose pixels have classes.
        name: of the constant.

    Returns:
        Whether it is one number per class and channel.
    """
    array = model.get_initializer(name)
    if value.border is None or array is None or array.ndim != 4:
        return False
    classes = value.border.of_pixels()
    if array.shape[2:] != classes.shape:
        return False
    for k in range(classes.max() + 1):
        own = array[:, :, classes == k]
        if not (own == own[:, :, :1]).all():
            return False
        model.set_initializer(f"{name}@{k}", own[:, :, :1, None])
    return True


def is_split(model: ModelWrapper, name: str) -> bool:
    """Whether a constant depends on the class of the pixel."""
    return model.get_initializer(f"{name}@0") is not None


def _of_class(model: ModelWrapper, node: NodeProto, k: int) -> NodeProto:
    """The node with the constants of a class of pixels, where it has such."""
    if not any(is_split(model, name) for name in node.input):
        return node
    made = NodeProto()
    made.CopyFrom(node)
    for i, name in enumerate(node.input):
        made.input[i] = f"{name}@{k}" if is_split(model, name) else name
    return made


def codes(value: Value) -> Ints:
    """Every code of the stream, rising."""
    return np.arange(value.low, value.high + 1, dtype=np.int64)


def of_codes(value: Value, x: Ints, k: int) -> Ints:
    """D for codes x, shape (n,) or (n, channels), of pixels of class k; shape (n, channels)."""
    column = x[:, None] if x.ndim == 1 else x
    d: Ints = value.mul * column + value.offsets[min(k, len(value.offset) - 1)][None, :]
    return d


def of_share(value: Value, q: Ints | None, k: int) -> Ints | None:
    """The shared integer for its codes q, shape (n, 1), at pixels of class k."""
    share = value.share
    if share is None or q is None:
        return None
    e: Ints = share.mul * q + share.offset[min(k, len(share.offset) - 1)]
    return e


def is_monotone(value: Value) -> bool:
    """Whether the nodes surely never rise and fall within one channel; joins of branches may.

    A share, and what is made of it alone, counts as a constant.
    """
    computed = {value.start}
    for node in value.nodes:
        read = sum(name in computed for name in node.input)
        if not read:
            continue
        if node.op_type not in MONOTONE or read > 1:
            return False
        if node.op_type == "Div" and node.input[1] in computed:
            return False
        computed.add(node.output[0])
    return True


@dataclass(frozen=True)
class Levels:
    """Where a function of the code passes each of its levels.

    Attributes:
        low, high: smallest and largest result; the levels are low + 1 .. high.
        first: shape (classes, levels, channels): the first code, going in the channel's direction,
            whose result reaches the level; one beyond the last code where none does.
        direction: shape (channels,): +1 where results rise with the code, -1 where they fall.
    """

    low: int
    high: int
    first: Ints
    direction: Ints


class NotMonotone(ValueError):
    """A channel's result both rises and falls."""


def levels(function_of: Callable[[int], Function], value: Value) -> Levels:
    """Find the levels of a function that is monotone in every channel.

    Args:
        function_of: for a class, the function: codes, shape (n, channels), to integers alike.
        value: says the range of codes, the classes, and whether bisection is safe.

    Raises:
        NotMonotone: a channel rises and falls.
    """
    n_classes, c = len(value.offset), value.channels
    ends = np.repeat(np.array([[value.low], [value.high]]), c, axis=1)
    at_ends = np.stack([function_of(k)(ends) for k in range(n_classes)])
    rise = at_ends[:, 1] - at_ends[:, 0]
    if ((rise > 0).any(axis=0) & (rise < 0).any(axis=0)).any():
        raise NotMonotone("a channel rises in one class and falls in another")
    direction = np.where((rise < 0).any(axis=0), -1, 1)
    low, high = int(at_ends.min()), int(at_ends.max())
    wanted = np.arange(low + 1, high + 1, dtype=np.int64)
    origin = np.where(direction > 0, value.low, value.high)
    find = _bisect if is_monotone(value) else _search
    places = [
        find(function_of(k), wanted, origin, direction, value.high - value.low + 1)
        for k in range(n_classes)
    ]
    first = origin + direction * np.stack(places)
    return Levels(low, high, first, direction)


def _bisect(function: Function, wanted: Ints, origin: Ints, direction: Ints, count: int) -> Ints:
    """Places 0 .. count along the direction; the function is known to be monotone."""
    below = np.full((len(wanted), len(origin)), -1)  # the level is not reached here
    reached = np.full_like(below, count)  # and is here, or nowhere
    while (reached - below > 1).any():
        middle = (below + reached) // 2
        hit = function(origin + direction * np.clip(middle, 0, count - 1)) >= wanted[:, None]
        searching = reached - below > 1
        reached = np.where(searching & hit, middle, reached)
        below = np.where(searching & ~hit, middle, below)
    return reached


def _search(function: Function, wanted: Ints, origin: Ints, direction: Ints, count: int) -> Ints:
    """As _bisect, for a function that is monotone only if all its values say so."""
    along = origin + direction * np.arange(count)[:, None]
    results = function(along)
    wrong = (np.diff(results, axis=0) < 0).any(axis=0)
    if wrong.any():
        raise NotMonotone(f"channel {int(np.argmax(wrong))} rises and falls")
    places = [np.searchsorted(results[:, c], wanted) for c in range(results.shape[1])]
    return np.stack(places, axis=1) if places else np.zeros((len(wanted), 0), np.int64)


def results(
    model: ModelWrapper, value: Value, code: Callable[[Floats], Ints]
) -> Callable[[int], Function]:
    """Integers made of a tensor's values: a function of the stream's codes for each class."""

    def of_class(k: int) -> Function:
        return lambda x, q=None: code(
            evaluate(model, value, of_codes(value, x, k), None, of_share(value, q, k), k)
        )

    return of_class


def quantized(
    model: ModelWrapper, value: Value, scale: float, bits: int, signed: bool, narrow: bool, how: str
) -> Callable[[int], Function]:
    """The codes QONNX's Quant gives: a function of the stream's codes for each class."""

    def code(y: Floats) -> Ints:
        q = quant(y, np.float32(scale), np.float32(0), np.float32(bits), signed, narrow, how)
        return np.asarray(np.rint(q.astype(np.float64) / scale), np.int64)

    return results(model, value, code)


def on_grid(model: ModelWrapper, value: Value) -> float | None:
    """The step 2^k of the coarsest grid that all values of a tensor lie on; None where none does.

    Every value has to be a whole multiple, below 2^24 in size, so that sums are exact in float32.
    """
    if value.share is not None or (value.high - value.low >= MANY and value.nodes):
        return None
    parts = []
    for k in range(len(value.offset)):
        ends = codes(value) if value.nodes else np.array([value.low, value.low + 1, value.high])
        parts.append(evaluate(model, value, of_codes(value, ends, k), k=k).ravel())
    values = np.unique(np.concatenate(parts)).astype(np.float64)
    values = values[values != 0]
    if not len(values):
        return 1.0
    if not np.isfinite(values).all():
        return None
    mantissa, exponent = np.frexp(values)
    whole = np.rint(mantissa * (1 << 24)).astype(np.int64)
    trailing = np.log2((whole & -whole).astype(np.float64)).astype(np.int64)
    step = float(2.0 ** int((exponent - 24 + trailing).min()))
    return step if np.abs(values).max() / step < 1 << 24 else None
