import numpy as np
import pytest

from pipelines.vectors import scale_columns

rng = np.random.default_rng(0)
ROWS = rng.normal(loc=[0, 1e6, -3], scale=[1, 100, 1e-4], size=(500, 3))


def fit(X):
    return scale_columns(X, np.zeros(len(X)), {})


def test_each_column_has_mean_0_and_spread_1():
    scaled = fit(ROWS)(ROWS)
    assert (scaled.shape, scaled.dtype) == (ROWS.shape, np.float32)
    # rounded to float32 at the end only: a mean of 10^6 costs no digits
    assert scaled.mean(axis=0, dtype=np.float64) == pytest.approx(np.zeros(3), abs=1e-6)
    assert scaled.std(axis=0, dtype=np.float64) == pytest.approx(np.ones(3), rel=1e-6)


def test_other_rows_are_scaled_by_what_was_learned():
    transform = fit(ROWS)
    expected = (ROWS[:2] * 3 - ROWS.mean(axis=0)) / ROWS.std(axis=0)
    assert transform(ROWS[:2] * 3) == pytest.approx(expected, rel=1e-6)
    before = transform(ROWS)
    transform(np.full((3, 3), np.nan))
    assert np.array_equal(transform(ROWS), before)


def test_a_constant_column_is_only_shifted():
    rows = ROWS.copy()
    rows[:, 1] = 7
    transform = fit(rows)
    assert not transform(rows)[:, 1].any()
    rows[0, 1] = 9
    assert transform(rows)[0, 1] == 2


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.uint8])
def test_any_numbers_do_and_the_rows_given_are_not_changed(dtype):
    rows = rng.integers(0, 250, size=(50, 2)).astype(dtype)
    kept = rows.copy()
    rows.flags.writeable = False
    scaled = fit(rows)(rows)
    assert scaled.dtype == np.float32
    assert np.array_equal(rows, kept)


def test_the_scale_can_be_another_one():
    other = np.zeros(len(ROWS))
    scaled = scale_columns(ROWS, other, {"input_norm": "minmax"})(ROWS)
    assert scaled.min(axis=0) == pytest.approx(np.zeros(3))
    assert scaled.max(axis=0) == pytest.approx(np.ones(3))
    same = scale_columns(ROWS, other, {"input_norm": "raw"})(ROWS)
    assert np.array_equal(same, ROWS.astype(np.float32))
