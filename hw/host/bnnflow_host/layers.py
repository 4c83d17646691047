# SPDX-License-Identifier: Apache-2.0
"""The layers of a network in NumPy: whole numbers in, the hardware's whole numbers out.

LAYERS has a function for each kind. It takes the layer's description and its arrays, prepares what
every batch needs, and returns the function that runs a batch: streams in, array out. A stream is an
array (N, channels) or (N, rows, columns, channels). Names are those of flows/deploy_network.py.
"""

from __future__ import annotations

from functools import reduce
from itertools import product
from typing import Any, Callable, Dict, Iterator

import numpy as np

from .products import Product

Run = Callable[..., np.ndarray]
Make = Callable[[Dict[str, Any], Dict[str, np.ndarray]], Run]


def _of_pixels(values: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Constants (classes, ...) as (rows, columns, ...); without classes of pixels the one row."""
    return np.asarray(values[arrays["classes"]] if "classes" in arrays else values[0])


def _binarize(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    """(x >= thr) ^ sense, both (classes, C)."""
    thr = _of_pixels(arrays["thr"].astype(np.int64), arrays)
    sense = _of_pixels(arrays["sense"] != 0, arrays)
    return lambda x: (x >= thr) ^ sense


def _requant(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    """clip((a * x + b) >> shift), a (C,), b (classes, C)."""
    a, b = arrays["a"].astype(np.int64), _of_pixels(arrays["b"].astype(np.int64), arrays)
    shift, low, high = about["shift"], about["low"], about["high"]
    return lambda x: np.clip((x.astype(np.int64) * a + b) >> shift, low, high)


def _affine(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    """clamp((a * x + b * q + c) >> shift), a, b (C,), c (classes, C); q has one channel."""
    a, b = arrays["a"].astype(np.int64), arrays["b"].astype(np.int64)
    c = _of_pixels(arrays["c"].astype(np.int64), arrays)
    shift, low, high = about["shift"], about["low"], about["high"]

    def run(x: np.ndarray, q: np.ndarray) -> np.ndarray:
        shared = q.reshape(*x.shape[:-1], 1).astype(np.int64)
        return np.clip((x.astype(np.int64) * a + shared * b + c) >> shift, low, high)

    return run


def _levels(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    """Low + how many of a channel's thresholds x reaches; thr (classes, levels, C), falling (C,).

    The thresholds of a channel are in order, so their number is found bit by bit.
    """
    sign = np.where(arrays["falling"] != 0, -1, 1)  # x <= t is -x >= -t
    limits = (arrays["thr"] * sign.astype(np.int64)).transpose(0, 2, 1)
    classes, channels, levels = limits.shape
    bits = levels.bit_length()
    width = 1 << bits
    table = np.full((classes, channels, width), np.iinfo(np.int64).max)  # no x reaches the last
    table[:, :, :levels] = limits
    first = np.arange(classes * channels).reshape(classes, channels) * width - 1
    before = _of_pixels(first, arrays)  # where the thresholds of a pixel's channel begin, less 1
    flat = table.reshape(-1)

    def run(x: np.ndarray) -> np.ndarray:
        value, count = x * sign, np.zeros(x.shape, np.int64)
        for bit in reversed(range(bits)):
            more = count + (1 << bit)
            count = np.where(value >= flat[before + more], more, count)
        return count + int(about["low"])

    return run


def _lookup(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    """table[c, x]; a negative x counts from the end, as its bits do."""
    table = arrays["table"]
    channels = np.arange(len(table))
    return lambda x: table[channels, x.astype(np.int64)]


def _window(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    """The pixels each output sees: (N, rows, columns, groups * kernel * C / groups)."""
    (kr, kc), (sr, sc), (dr, dc) = about["kernel"], about["strides"], about["dilations"]
    top, left, bottom, right = about["pads"]
    rows, columns, _ = about["shape"]
    (height, width, channels), groups = about["in_shape"], about["groups"]
    inner = (groups, channels // groups)

    def run(x: np.ndarray) -> np.ndarray:
        tall, wide = height + top + bottom, width + left + right
        padded = np.full((len(x), tall, wide, *inner), about["pad_value"], x.dtype)
        padded[:, top : top + height, left : left + width] = x.reshape(-1, height, width, *inner)
        out = np.empty((len(x), rows, columns, groups, kr, kc, inner[1]), x.dtype)
        for i, j in product(range(kr), range(kc)):
            seen = padded[:, i * dr :: sr, j * dc :: sc]
            out[:, :, :, :, i, j] = seen[:, :rows, :columns]
        return out

    return run


def _weights(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> np.ndarray:
    """(MH, MW): integers, or bits out of packed bytes."""
    if not about["bits"]:
        return arrays["weights"]
    return np.unpackbits(arrays["weights"], axis=1, bitorder="little")[:, : about["columns"]]


def _mvu(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    """Matches of bits with rows of bits: the dot product with +-1, plus the row's zeros.

    With thr and sense (MH,): (matches >= thr) ^ sense.
    """
    weights = _weights(about, arrays)
    dot = Product(weights.astype(np.int8) * 2 - 1, about["groups"])
    zeros = (weights == 0).sum(axis=1).astype(np.float32)
    if "thr" not in arrays:
        return lambda x: dot(x) + zeros
    limit, sense = arrays["thr"].astype(np.float32) - zeros, arrays["sense"] != 0
    return lambda x: (dot(x) >= limit) ^ sense


def _imvu(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    """Integers times integers; times bits, x counts at a 1 and -1 - x at a 0."""
    weights = _weights(about, arrays)
    if not about["bits"]:
        return Product(weights, about["groups"])
    dot = Product(weights.astype(np.int8) * 2 - 1, about["groups"])
    zeros = (weights == 0).sum(axis=1)

    def run(x: np.ndarray) -> np.ndarray:
        sums = dot(x)
        return np.asarray(sums - zeros.astype(sums.dtype))

    return run


def _pool(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    """Maximum or sum over windows side by side; of bits a minimum in channels of the mask."""
    (kr, kc), (rows, columns, _) = about["kernel"], about["shape"]
    mask = arrays.get("mask")

    def taps(x: np.ndarray) -> Iterator[np.ndarray]:
        maps = x.reshape(-1, *about["in_shape"])
        for i, j in product(range(kr), range(kc)):
            yield maps[:, i : rows * kr : kr, j : columns * kc : kc]

    if about["mode"] == "sum":
        return lambda x: reduce(np.add, (tap.astype(np.int64) for tap in taps(x)))
    if mask is None:
        return lambda x: reduce(np.maximum, taps(x))
    return lambda x: reduce(np.maximum, (tap ^ mask for tap in taps(x))) ^ mask


def _add(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    """clip(a + b)."""
    shape, low, high = about["shape"], about["low"], about["high"]

    def run(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        total = a.reshape(-1, *shape).astype(np.int64) + b.reshape(-1, *shape)
        return np.clip(total, low, high)

    return run


def _channel_pad(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> Run:
    """Channels of 0 in front of and behind a pixel's."""
    sides = about["before"], about["after"]
    return lambda x: np.pad(x, [(0, 0)] * (x.ndim - 1) + [sides], "constant")


LAYERS: dict[str, Make] = {
    "binarize": _binarize,
    "affine": _affine,
    "requant": _requant,
    "levels": _levels,
    "lookup": _lookup,
    "window": _window,
    "mvu": _mvu,
    "imvu": _imvu,
    "pool": _pool,
    "add": _add,
    "channel_pad": _channel_pad,
}
