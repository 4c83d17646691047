# SPDX-License-Identifier: Apache-2.0
"""Are two stages equal, and if not, where do they part first?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper

from flows.errors import CheckFailed
from flows.execute import Outputs
from flows.packed import packed_input


@dataclass(frozen=True)
class Comparison:
    """Images (of N) whose labels, scores and whole result are equal in two stages."""

    images: int
    labels_equal: int
    scores_equal: int
    images_equal: int


def dense_ranks(scores: NDArray[Any]) -> NDArray[np.int64]:
    """Rank of each score within its row, ties sharing a rank: the order of the classes.

    Args:
        scores: shape (N, C).

    Returns:
        Shape (N, C), 0 for the smallest.
    """
    order = np.argsort(scores, axis=1, kind="stable")
    ordered = np.take_along_axis(scores, order, axis=1)
    steps = np.concatenate(
        [
            np.zeros((len(scores), 1), np.int64),
            (ordered[:, 1:] != ordered[:, :-1]).astype(np.int64),
        ],
        axis=1,
    )
    ranks = np.empty_like(steps)
    np.put_along_axis(ranks, order, np.cumsum(steps, axis=1), axis=1)
    return ranks


def compare(
    reference: Outputs,
    other: Outputs,
    first: int = 0,
    shapes: dict[str, tuple[int, ...]] | None = None,
) -> Comparison:
    """Compare two stages on the same images; integers by value, float scores by their order.

    Args:
        reference: a stage.
        other: the stage behind it.
        first: number of the first image, for messages.
        shapes: (rows, columns, channels) of layers that are maps, by name.

    Raises:
        CheckFailed: stages-differ, naming the first layer, image and channel that differ, with
            both values. Layers count before scores, scores before labels.
    """
    for (name, bits), (other_name, other_bits) in zip(reference.layers, other.layers, strict=True):
        if not np.array_equal(bits, other_bits):
            where = name if name == other_name else f"{name} / {other_name}"
            shape = (shapes or {}).get(name)
            raise _differ(reference, other, where, bits, other_bits, first, shape)
    ours, theirs = reference.scores, other.scores
    if np.issubdtype(ours.dtype, np.floating):
        ours, theirs = dense_ranks(ours), dense_ranks(theirs)
    if not np.array_equal(ours, theirs):
        raise _differ(reference, other, "scores", ours, theirs, first)
    if not np.array_equal(reference.labels, other.labels):
        a, b = reference.labels[:, None], other.labels[:, None]
        raise _differ(reference, other, "labels", a, b, first)
    n = len(reference.labels)
    return Comparison(n, n, n, n)


def count_equal(reference: Outputs, other: Outputs) -> Comparison:
    """How many images agree, for the report of a comparison that failed."""
    labels = reference.labels == other.labels
    scores = (reference.scores == other.scores).all(axis=1)
    return Comparison(
        len(labels), int(labels.sum()), int(scores.sum()), int((labels & scores).sum())
    )


def first_difference(a: NDArray[Any], b: NDArray[Any]) -> tuple[int, int]:
    """Image and channel of the first unequal element, image by image."""
    image, channel = np.argwhere(a != b)[0]
    return int(image), int(channel)


def shapes_of(model: ModelWrapper) -> dict[str, tuple[int, ...]]:
    """Shape of every layer that is a map: (rows, columns, channels), by the name of its node."""
    shapes = {node.name: model.get_tensor_shape(node.output[0]) for node in model.graph.node}
    packed = packed_input(model)
    if packed is not None:
        shapes[packed.node] = model.get_tensor_shape(model.graph.input[0].name)
    return {name: tuple(shape[1:]) for name, shape in shapes.items() if len(shape) == 4}


def _differ(
    reference: Outputs,
    other: Outputs,
    layer: str,
    a: NDArray[Any],
    b: NDArray[Any],
    first: int,
    shape: tuple[int, ...] | None = None,
) -> CheckFailed:
    image, channel = first_difference(a, b)
    values = f"{a[image, channel]} against {b[image, channel]}"
    place = f"channel {channel}"
    if shape is not None:
        row, column, channel = (int(i) for i in np.unravel_index(channel, shape))
        place = f"channel {channel}, row {row}, column {column}"
    images = int((a != b).any(axis=1).sum())
    return CheckFailed(
        "stages-differ",
        f"stage {other.stage} differs from {reference.stage} first in layer {layer}, "
        f"{place}, image {first + image}: {values} "
        f"({images} of {len(a)} images differ there)",
        f"stages {reference.stage} and {other.stage}",
        "this is a bug of bnnflow (or of a file edited by hand): please report it with the model "
        "and flow.json",
        'flows/README.md, "The proof"',
    )
