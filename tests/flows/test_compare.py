# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from flows.compare import compare, count_equal, dense_ranks, first_difference
from flows.errors import CheckFailed
from flows.execute import Outputs


def outputs(stage: str = "a") -> Outputs:
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 50, (6, 4))
    layers = [(f"{stage}_layer{i}", rng.integers(0, 2, (6, 9), dtype=np.uint8)) for i in range(2)]
    return Outputs(stage, layers, scores, scores.argmax(axis=1))


def test_equal_stages_count_every_image() -> None:
    assert compare(outputs("a"), outputs("b")).images_equal == 6


def test_first_layer_image_and_channel_are_named() -> None:
    other = outputs("b")
    other.layers[1][1][3, 7] ^= 1
    other.scores[0, 0] += 1
    with pytest.raises(CheckFailed) as caught:
        compare(outputs("a"), other)
    assert "a_layer1 / b_layer1, channel 7, image 3" in caught.value.what


def test_scores_and_labels_are_compared_too() -> None:
    other = outputs("b")
    other.scores[2, 1] += 1
    with pytest.raises(CheckFailed, match="layer scores, channel 1, image 2"):
        compare(outputs("a"), other)
    assert count_equal(outputs("a"), other).scores_equal == 5
    other = outputs("b")
    other.labels[5] ^= 1
    with pytest.raises(CheckFailed, match="layer labels, channel 0, image 5"):
        compare(outputs("a"), other)


def test_float_scores_compare_by_order_ties_included() -> None:
    floats = Outputs("q", [], np.array([[0.5, -1.25, 0.5]], np.float32), np.array([0]))
    assert compare(floats, Outputs("i", [], np.array([[9, 2, 9]]), np.array([0]))).images == 1
    with pytest.raises(CheckFailed):
        compare(floats, Outputs("i", [], np.array([[9, 2, 8]]), np.array([0])))


def test_dense_ranks() -> None:
    assert dense_ranks(np.array([[5, 1, 5, 3]])).tolist() == [[2, 0, 2, 1]]
    assert first_difference(np.eye(3), np.zeros((3, 3))) == (0, 0)
