import numpy as np
import pytest

from pipelines.table_columns import MISSING_CATEGORY
from pipelines.table_preparation import prepare_table

N = 60


def rows(numbers=None, dates=None, categories=None):
    fields = {"numbers": numbers, "dates": dates, "categories": categories}
    fields = {name: np.asarray(v) for name, v in fields.items() if v is not None}
    n = len(next(iter(fields.values())))
    X = np.empty(n, [(name, v.dtype, v.shape[1:]) for name, v in fields.items()])
    for name, values in fields.items():
        X[name] = values
    return X


def prepared(X, others=None):
    return prepare_table(X, np.zeros(len(X)), {})(X if others is None else others)


def test_numbers_are_filled_scaled_and_marked():
    values = np.random.default_rng(0).normal(50, 3, size=(N, 2))
    values[:6, 1] = np.nan
    Z = prepared(rows(values))
    assert (Z.dtype, Z.shape) == (np.float32, (N, 3))
    assert np.allclose(Z[:, :2].mean(axis=0), 0, atol=1e-5)  # float32
    assert np.allclose(Z[:, :2].std(axis=0), 1, atol=1e-5)
    assert Z[:, 2].tolist() == [1] * 6 + [0] * (N - 6)
    median = np.median(values[6:, 1])
    alike = prepared(rows(values), rows([[50.0, median], [50.0, np.nan]]))
    assert alike[0, 1] == alike[1, 1]


def test_numbers_may_be_scaled_to_0_and_1():
    X = rows(np.arange(10.0, 20)[:, None])
    Z = prepare_table(X, np.zeros(10), {"input_norm": "minmax"})(X)
    assert (Z.min(), Z.max()) == (0, 1)


def test_rows_to_come_may_miss_what_training_rows_never_missed():
    Z = prepared(rows(np.arange(N, dtype=float)[:, None]), rows([[np.nan]]))
    assert Z.tolist() == [[0.0]]
    # a fold in which a column holds nothing
    assert np.isfinite(prepared(rows(np.full((N, 1), np.nan)), rows([[1.0]]))).all()


def test_dates_keep_their_day_and_their_place_in_the_cycles():
    days = np.arange("2020-01-01", "2022-01-01", dtype="M8[D]").astype("M8[s]")
    X = rows(dates=days[:, None])
    Z = prepared(X)
    assert Z.shape == (len(days), 7)
    assert (np.diff(Z[:, 0]) > 0).all()
    assert np.allclose(Z[0, 3:5], Z[7, 3:5], atol=1e-4)  # a week later
    assert np.allclose(Z[0, 1:3], Z[365, 1:3], atol=0.02)  # a year later, 1/4 day off
    missing = prepared(rows(dates=[["2020-01-01"], ["NaT"]] * 5).astype(X.dtype))
    assert np.isfinite(missing).all()
    assert missing[:, -1].tolist() == [0, 1] * 5


def test_categories_are_columns_of_zero_and_one():
    numbers = [0] * 30 + [1] * 25 + [MISSING_CATEGORY] * 5
    X = rows(categories=np.array(numbers, np.int32)[:, None])
    Z = prepared(X)
    assert Z.shape == (N, 3)
    assert (Z.sum(axis=1) == 1).all()
    unknown = prepared(X, rows(categories=np.array([[9]], np.int32)))
    assert unknown.tolist() == [[0, 0, 0]]


def test_rare_categories_share_a_column_and_unknown_ones_join_them():
    numbers = np.array([*[0] * 30, *[1] * 28, 2, 3], np.int32)[:, None]
    Z = prepared(rows(categories=numbers))
    assert Z.shape == (N, 3)
    assert Z[-2].tolist() == Z[-1].tolist()
    unknown = prepared(rows(categories=numbers), rows(categories=numbers[-1:] + 5))
    assert unknown.tolist() == Z[-1:].tolist()


def test_at_most_fifty_categories_have_a_column():
    numbers = np.repeat(np.arange(80, dtype=np.int32), np.arange(80) + 5)[:, None]
    assert prepared(rows(categories=numbers)).shape[1] == 51


@pytest.mark.parametrize("position", [0, 5])
def test_each_row_is_prepared_by_itself_from_training_rows(position):
    rng = np.random.default_rng(0)
    X = rows(rng.normal(size=(N, 3)), categories=rng.integers(0, 4, (N, 2), np.int32))
    transform = prepare_table(X, np.zeros(N), {})
    before = transform(X[position : position + 1])
    transform(rows(np.full((9, 3), 1e6), categories=np.full((9, 2), 7, np.int32)))
    assert np.array_equal(before, transform(X)[position : position + 1])
