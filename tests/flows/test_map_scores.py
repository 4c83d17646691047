# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.datatypes import smallest_type
from flows.transforms.map_scores import fit_score_map, same_order


def brute_force_same_order(f: np.ndarray, g: np.ndarray) -> bool:
    a, b = f.ravel(), g.ravel()
    return bool(np.array_equal(np.sign(a[:, None] - a[None]), np.sign(b[:, None] - b[None])))


@given(st.lists(st.integers(0, 4), min_size=6, max_size=6), st.data())
def test_same_order_is_the_pairwise_definition(f: list[int], data: st.DataObject) -> None:
    g = np.array(data.draw(st.lists(st.integers(0, 4), min_size=6, max_size=6))).reshape(3, 2)
    scores = np.array(f, np.float32).reshape(3, 2)
    assert same_order(scores, g) == brute_force_same_order(scores, g)


def affine(slope: np.ndarray, offset: np.ndarray, n: int) -> np.ndarray:
    return (np.arange(n)[:, None] * slope + offset).astype(np.float32)


def test_one_positive_scale_needs_no_map() -> None:
    assert fit_score_map(affine(np.full(4, 0.3), np.full(4, -7.0), 33)).kind == "identity"


def test_one_negative_scale_turns_the_order() -> None:
    fitted = fit_score_map(affine(np.full(4, -0.3), np.zeros(4), 33))
    assert fitted.kind == "affine"
    assert (fitted.slope < 0).all()


@pytest.mark.parametrize("seed", range(8))
def test_any_batch_norm_gets_an_exact_map(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = affine(rng.uniform(-1, 1, 7), rng.uniform(-9, 9, 7), int(rng.integers(2, 90)))
    fitted = fit_score_map(scores)
    assert same_order(scores, fitted.table)


def test_ties_between_classes_stay_ties() -> None:
    scores = affine(np.array([0.5, 0.5, 1.0]), np.array([0.0, 0.0, -2.0]), 17)
    fitted = fit_score_map(scores)
    assert np.array_equal(fitted.table[:, 0], fitted.table[:, 1])
    assert same_order(scores, fitted.table)


def test_what_no_affine_map_can_do_becomes_a_table() -> None:
    scores = np.tanh(affine(np.array([0.5, 0.31]), np.array([-3.0, -2.0]), 20)) ** 3
    fitted = fit_score_map(scores.astype(np.float32))
    assert fitted.kind == "lookup"
    assert same_order(scores.astype(np.float32), fitted.table)


@given(st.lists(st.integers(-70000, 70000), min_size=1, max_size=5))
def test_smallest_type_holds_all_values(values: list[int]) -> None:
    datatype = smallest_type(np.array(values))
    assert all(datatype.allowed(v) for v in values)
    assert datatype.signed() == (min(values) < 0)
