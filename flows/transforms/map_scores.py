# SPDX-License-Identifier: Apache-2.0
"""Replace what stands between the last match count and argmax by an exact integer map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation

from flows.datatypes import smallest_type
from flows.transforms.chain import Chain, evaluate_chain, find_chain

#: A coefficient of the affine map has to fit the smaller port of a DSP48E1 multiplier (25 x 18).
MAX_COEF_BITS = 18


@dataclass(frozen=True)
class ScoreMap:
    """An integer map per class, score = map[class](matches).

    `kind` is "identity", "affine" (`table` is slope * matches + offset) or "lookup" (`table` is
    the rank of the float score among all reachable ones). `table` has shape (MW + 1, C).
    """

    kind: str
    table: NDArray[np.int64]
    slope: NDArray[np.int64]
    offset: NDArray[np.int64]


def same_order(scores: NDArray[np.float32], table: NDArray[np.int64]) -> bool:
    """Whether two maps order all pairs of (value, class) alike, ties included.

    Args:
        scores: shape (n, C), what the network computes.
        table: shape (n, C), what the hardware computes.
    """
    order = np.argsort(scores, axis=None, kind="stable")
    f, g = scores.ravel()[order], table.ravel()[order]
    return bool(np.array_equal(f[1:] > f[:-1], g[1:] > g[:-1]) and (g[1:] >= g[:-1]).all())


def fit_score_map(scores: NDArray[np.float32]) -> ScoreMap:
    """The cheapest integer map with the order of `scores` over every reachable value.

    Tried in this order: the match count itself; slope * matches + offset with the fewest
    coefficient bits; the rank, which is exact for every function.

    Args:
        scores: shape (MW + 1, C): the float score of every class for every match count.

    Returns:
        A map for which `same_order(scores, map.table)` holds.
    """
    n, n_classes = scores.shape
    counts = np.arange(n, dtype=np.int64)[:, None]
    zero, one = np.zeros(n_classes, np.int64), np.ones(n_classes, np.int64)
    identity = np.repeat(counts, n_classes, axis=1)
    if same_order(scores, identity):
        return ScoreMap("identity", identity, one, zero)
    exact = scores.astype(np.float64)
    slope = (exact[-1] - exact[0]) / (n - 1)
    largest = np.abs(slope).max()
    for bits in range(2, MAX_COEF_BITS + 1):
        if largest == 0 or not np.isfinite(exact).all():
            break
        scale = (2 ** (bits - 1) - 1) / largest
        a = np.rint(slope * scale).astype(np.int64)
        b = np.rint((exact[0] - exact[0].min()) * scale).astype(np.int64)
        if same_order(scores, a * counts + b):
            return ScoreMap("affine", a * counts + b, a, b)
    _, rank = np.unique(scores, return_inverse=True)
    return ScoreMap("lookup", rank.reshape(n, n_classes).astype(np.int64), zero, zero)


class MapScores(Transformation):  # type: ignore[misc]
    """Make the scores in front of argmax integers whose order is that of the float scores.

    Before: XnorPopcountMatMul -> any chain of per-channel nodes -> graph output or TopK.
    After:  XnorPopcountMatMul -> nothing, BnnRequant or BnnLookup -> the same reader. For every
            pair of classes and every pair of match counts the integer scores compare as the
            float scores do, ties included, so argmax is the same for every input.
    Again:  a second call changes nothing.
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        """See the class."""
        last = [n for n in model.graph.node if n.op_type == "XnorPopcountMatMul"][-1]
        chain = find_chain(model, last.output[0])
        if not chain.nodes:
            return model, False
        mw, n_classes = model.get_tensor_shape(last.input[1])
        grid = np.repeat(np.arange(mw + 1, dtype=np.float32)[:, None], n_classes, axis=1)
        fitted = fit_score_map(evaluate_chain(model, chain, grid))
        _replace(model, chain, fitted, mw, n_classes)
        return model, False


def _replace(model: ModelWrapper, chain: Chain, fitted: ScoreMap, mw: int, n_classes: int) -> None:
    index = list(model.graph.node).index(chain.nodes[0])
    for node in chain.nodes:
        model.graph.node.remove(node)
    producer = model.find_producer(chain.start)
    if fitted.kind == "identity":
        producer.output[0] = chain.end
        model.set_tensor_datatype(chain.end, DataType["UINT32"])
        return
    attributes: dict[str, Any]
    if fitted.kind == "affine":
        op, names = "BnnRequant", ["score_slope", "score_offset"]
        arrays = [fitted.slope, fitted.offset[None, :]]
        low, high = int(fitted.table.min()), int(fitted.table.max())
        attributes = {"inShape": [n_classes], "outShape": [n_classes], "low": low, "high": high}
        attributes |= {"clamp": 0, "inputDataType": smallest_type(np.array([mw])).name}
    else:
        op, names, arrays = "BnnLookup", ["score_rank"], [fitted.table.T]
        attributes = {"NumChannels": n_classes, "MaxInput": mw, "numInputVectors": [1]}
    for name, array in zip(names, arrays, strict=True):
        model.set_initializer(name, array.astype(np.float32))
        model.set_tensor_datatype(name, smallest_type(array))
    datatype = smallest_type(fitted.table)
    node = helper.make_node(
        op,
        [chain.start, *names],
        [chain.end],
        domain="flows.ops",
        backend="fpgadataflow",
        outputDataType=datatype.name,
        PE=1,
        **attributes,
    )
    model.graph.node.insert(index, node)
    model.set_tensor_datatype(chain.end, datatype)
    if chain.end not in {o.name for o in model.graph.output}:
        info = helper.make_tensor_value_info(chain.end, TensorProto.FLOAT, [1, n_classes])
        if model.get_tensor_valueinfo(chain.end) is None:
            model.graph.value_info.append(info)
