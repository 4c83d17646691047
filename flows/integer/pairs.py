# SPDX-License-Identifier: Apache-2.0
"""Functions of two integers: a channel's sum P and a sum Q that all channels of a pixel share.

AdaBin's layers are y = A * P + B * Q + C (Tu et al., ECCV 2022), in QONNX two layers that read the
same tensor and an Add. Hardware does one multiply-add more per channel, in integers: what the float
nodes decide is found by running them over every pair that can come, and the multiply-add with the
narrowest factors that decides every one of them alike is taken. Equality is exact by construction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from flows.datatypes import int_type
from flows.errors import FlowError
from flows.integer.fit import FAR, NONE, smallest_shift
from flows.integer.lower import MORE, Lowering
from flows.integer.monotone import is_one_way
from flows.integer.sums import Pairs, pairs
from flows.integer.table import Function, NotMonotone, evaluate, of_codes, of_share
from flows.integer.value import Ints, Value

#: pairs of all channels together up to which scores are compared one by one
MANY_PAIRS = 1 << 25


def joined(ctx: Lowering, node: NodeProto) -> Value | None:
    """The sum of a tensor and of one with a single number per pixel; None where neither is that.

    Raises:
        FlowError: unsupported-node (the two do not belong together).
    """
    a, b = (ctx.values[name] for name in node.input)
    if a.channels == 1:
        a, b = b, a
    if b.channels != 1 or a.channels == 1:
        return None
    waiting = any(v.pool is not None or v.pad is not None or v.share is not None for v in (a, b))
    apart = None not in (a.border, b.border) and a.border != b.border
    if waiting or apart or a.size[1:] != b.size[1:]:
        raise ctx.refused(
            node,
            "adds one number per pixel to maps that it does not belong to",
            "two layers of one input and geometry, without pools or padding between",
        )
    nodes = (*a.nodes, *(n for n in b.nodes if n not in a.nodes), node)
    return replace(a, nodes=nodes, share=replace(b, nodes=()), border=a.border or b.border)


def classes_of(value: Value) -> int:
    """How many classes of pixels there are, of either sum."""
    assert value.share is not None
    return max(len(value.offset), len(value.share.offset))


def compare(
    ctx: Lowering, value: Value, function_of: Callable[[int], Function]
) -> tuple[str, NDArray[np.bool_]]:
    """Hardware for a sign of both integers.

    Args:
        ctx: the walk.
        value: with a share.
        function_of: for a class, the bits of codes, shape (n, channels), and shares, (n, 1).

    Returns:
        The stream of bits, and the channels in which a waiting max-pool is an AND of them.

    Raises:
        NotMonotone: a channel's bits rise and fall with its own sum.
        FlowError: share-fit.
    """
    assert value.share is not None
    if not is_one_way(ctx.model, value):
        raise NotMonotone("a node in front of it rises and falls")
    found = pairs(value, value.share, ctx.sums)
    functions = [function_of(k) for k in range(classes_of(value))]
    rises = rising(value, found, functions)
    edges = [_edges(function, found, rises) for function in functions]
    way = np.where(rises, 1, -1)
    least, below = (
        np.stack([np.where(e[there], -way * e[at], NONE) for e in edges]).transpose(2, 0, 1)
        for at, there in (("one", "any_one"), ("zero", "any_zero"))
    )
    x = np.broadcast_to(found.q, least.shape)
    reach, widest = value.high - value.low + 2, max(1, int(np.abs(found.q).max()))
    fit = smallest_shift(x, least, below, lambda shift: min(reach << shift, FAR // widest))
    if fit is None:
        raise no_fit(value)
    b, c, shift = fit
    offsets = c.T + 1  # the hardware's bit says that its sum is 1 or more
    if (offsets == offsets[:1]).all():
        offsets = offsets[:1]
    stream = ctx.hw.add(
        "BnnAffine",
        [value.stream, value.share.stream],
        ctx.hw.shapes[value.stream][1:],
        int_type(0, 1),
        {"a": way << shift, "b": b, "c": offsets},
        input1DataType=ctx.hw.types[value.share.stream],
        low=0,
        high=1,
        **value.classes(len(offsets)),
    )
    if value.pool is None:
        return stream, np.zeros(value.channels, bool)
    return stream, falls(ctx, value, functions, found)


def no_fit(value: Value) -> FlowError:
    """The error for a function of two sums that no integers decide alike."""
    names = ", ".join(f"{n.name} ({n.op_type})" for n in value.nodes)
    return FlowError(
        "share-fit",
        f"no integers A, B, C decide A * P + B * Q + C >= 0 as {names} do for every P and Q",
        f"the QONNX graph, node {value.nodes[-1].name}",
        "round the constants of these nodes to fewer bits, so that no two sums nearly tie",
        MORE,
    )


def rising(value: Value, found: Pairs, functions: list[Function]) -> NDArray[np.bool_]:
    """(channels,) whether bits rise with p; where they never change with it, True."""
    q = found.q[:, None]
    low, high = (np.full(found.first.shape, end) for end in (value.low, value.high))
    fall = [(f(low, q) > f(high, q)).any(axis=0) for f in functions]
    return np.asarray(~np.stack(fall).any(axis=0))


def _edges(function: Function, found: Pairs, rises: NDArray[np.bool_]) -> dict[str, Ints]:
    """For each q and channel the p of the last 0 and the first 1, and whether there are any."""
    q = found.q[:, None]
    way = np.where(rises, found.step, -found.step)
    origin = np.where(rises, found.first, found.first + found.step * (found.count - 1))
    zero, one = np.full(found.first.shape, -1), found.count.copy()
    while (one - zero > 1).any():
        middle = (zero + one) // 2
        hit = function(origin + way * np.clip(middle, 0, found.count - 1), q) > 0
        searching = one - zero > 1
        one, zero = np.where(searching & hit, middle, one), np.where(searching & ~hit, middle, zero)
    return {
        "one": origin + way * one,
        "any_one": one < found.count,
        "zero": origin + way * zero,
        "any_zero": zero >= 0,
    }


def falls(
    ctx: Lowering, value: Value, functions: list[Function], found: Pairs
) -> NDArray[np.bool_]:
    """Channels whose results fall with what a waiting max-pool compares.

    What it compares is, for every q, largest and smallest at an end of the p.

    Raises:
        NotMonotone: the nodes behind the pool rise and fall.
    """
    assert value.pool is not None
    n = value.pool.n_nodes
    start = value.nodes[n - 1].output[0] if n else value.start
    if not is_one_way(ctx.model, replace(value, nodes=value.nodes[n:], start=start)):
        raise NotMonotone("a node behind a max-pool rises and falls")
    p = np.concatenate([found.first, found.first + found.step * (found.count - 1)])
    q = np.tile(found.q, 2)[:, None]
    compared, made = [], []
    for k, function in enumerate(functions):
        d, e = of_codes(value, p, k), of_share(value, q, k)
        compared.append(evaluate(ctx.model, value, d, n, e, k))
        made.append(function(p, q))
    y, results = np.concatenate(compared), np.concatenate(made)
    channel = np.arange(value.channels)
    most, least = (results[at, channel] for at in (y.argmax(axis=0), y.argmin(axis=0)))
    return np.asarray(most < least)


def scores(ctx: Lowering, value: Value) -> str:
    """Integer scores in the order of the float ones, where these are exact integers of a grid.

    Raises:
        FlowError: scores-order.
    """
    assert value.share is not None
    found = pairs(value, value.share, ctx.sums)
    n = int(found.count.max())
    if classes_of(value) == 1 and n * found.first.size < MANY_PAIRS:
        p = found.first + found.step * np.minimum(np.arange(n)[:, None, None], found.count - 1)
        q = np.broadcast_to(found.q[:, None], (n, len(found.q), 1))
        fit = _linear(ctx, value, p, q, found)
        if fit is not None:
            a, b, c, y = fit
            return ctx.hw.add(
                "BnnAffine",
                [value.stream, value.share.stream],
                ctx.hw.shapes[value.stream][1:],
                int_type(int(y.min()), int(y.max())),
                {"a": a, "b": b, "c": c[None, :]},
                input1DataType=ctx.hw.types[value.share.stream],
                low=int(y.min()),
                high=int(y.max()),
                clamp=0,
            )
    raise FlowError(
        "scores-order",
        "the scores are float functions of two integers, whose order integers cannot keep",
        "the QONNX graph, behind its last layer",
        "round the last layer's factors to a grid of 2^-k on which every score is exact, as "
        "training/adalayers.py does",
        MORE,
    )


def _linear(
    ctx: Lowering, value: Value, p: Ints, q: Ints, found: Pairs
) -> tuple[Ints, Ints, Ints, Ints] | None:
    """Integers with a * p + b * q + c in the order of the scores, at every pair; None if not.

    Args:
        ctx: the walk.
        value: the scores.
        p: (n, shares, channels) codes.
        q: (n, shares, 1) codes.
        found: what they were made of.
    """
    flat, share = p.reshape(-1, value.channels), q.reshape(-1, 1)
    d, e = of_codes(value, flat, 0), of_share(value, share, 0)
    y = evaluate(ctx.model, value, d, None, e).astype(np.float64)
    sizes = np.abs(y[y != 0])
    if not sizes.size or not np.isfinite(sizes).all():
        return None
    mantissa, exponent = np.frexp(sizes)
    whole = np.rint(mantissa * (1 << 24)).astype(np.int64)
    grid = float(2.0 ** int((exponent - 24 + np.log2(whole & -whole)).min()))
    if np.abs(y).max() / grid >= 1 << 24:
        return None
    z = np.rint(y / grid).astype(np.int64).reshape(p.shape) * found.step
    channel, at = np.arange(value.channels), found.count.argmax(axis=0)
    a = np.zeros(value.channels, np.int64)
    if len(p) > 1:
        a = (z[1, at, channel] - z[0, at, channel]) // found.step
    rest = z[0] - a * p[0]  # (shares, channels): b * q + c
    b = rest[1] - rest[0] if len(rest) > 1 else np.zeros(value.channels, np.int64)
    c = rest[0] - b * found.q[0]
    if not np.array_equal(a * p + b * q + c, z):
        return None
    common = max(1, int(np.gcd.reduce(np.concatenate([a, b, c]))))
    return a // common, b // common, c // common, z // common
