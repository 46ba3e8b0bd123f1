"""Scores on test rows."""

import math

import numpy as np
import pytest

from pipelines.part import Part
from search.held_out import repeated_rows, score_on_test

ALL = np.ones(4, np.bool_)


def test_scores_of_several_trainings():
    y = np.array([0, 1, 0, 1])
    right = np.eye(2, dtype=np.float32)[y]
    half = np.eye(2, dtype=np.float32)[[0, 1, 1, 0]]
    found = score_on_test("accuracy", y, [right, half], ALL)
    assert found.mean == 0.75
    assert found.seed_std == pytest.approx(np.sqrt(0.125))  # .5 apart, n - 1
    assert found.interval == "Wilson"
    assert found.low < 0.75 < found.high
    assert found.unseen_mean == 0.75
    # the second is right in the first two rows only
    seen = np.array([False, False, True, True])
    assert score_on_test("accuracy", y, [right, half], ~seen).unseen_mean == 1.0
    assert score_on_test("accuracy", y, [right, half], seen).unseen_mean == 0.5


def test_a_single_training_has_no_spread():
    y = np.array([0, 1, 0, 1])
    found = score_on_test("accuracy", y, [np.eye(2, dtype=np.float32)[y]], ALL)
    assert math.isnan(found.seed_std)


@pytest.mark.parametrize("name", ["accuracy", "log_loss"])
def test_without_an_unseen_row_there_is_no_unseen_score(name):
    y = np.array([0, 1, 0, 1])
    found = score_on_test(name, y, [np.full((4, 2), 0.5, np.float32)], ~ALL)
    assert math.isnan(found.unseen_mean)
    assert not math.isnan(found.mean)


def test_test_rows_that_occur_in_training_are_found():
    train = Part(np.arange(12, dtype=np.uint8).reshape(4, 3), np.arange(4), source="")
    rows = np.uint8([[3, 4, 5], [3, 4, 6], [9, 10, 11], [3, 4, 5]])
    test = Part(rows, np.zeros(4, np.int64), source="")
    assert repeated_rows(train, test).tolist() == [True, False, True, True]
    assert repeated_rows(train, test).dtype == np.bool_


def test_rows_of_more_dimensions_are_compared_whole(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 255, (5, 4, 4), dtype=np.uint8)
    other = X.copy()
    other[2, 3, 3] += 1
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    train = Part(mapped, np.arange(5), source="")
    test = Part(np.asfortranarray(other), np.arange(5), source="")
    assert repeated_rows(train, test).tolist() == [True, True, False, True, True]
