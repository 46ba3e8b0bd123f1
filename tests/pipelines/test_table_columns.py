import numpy as np
import pandas as pd
import pytest

from pipelines.part import Part, digest
from pipelines.table_columns import take_columns
from spaces.errors import DataError

N = 40
TRAIN = np.arange(0, N, 2)  # every other row, so that a number of rows is none here


def take(train=TRAIN, keep=(), **columns):
    frame = pd.DataFrame(columns)
    return take_columns(frame, train, keep=keep, row_numbers=np.arange(len(frame)))


def cells(n=N):
    return np.random.default_rng(0).normal(size=n)


def test_columns_are_sorted_by_kind_and_stay_as_they_are():
    numbers = cells()
    numbers[3] = np.nan
    days = pd.date_range("2020-01-01", periods=N).to_series(index=range(N))
    days[4] = pd.NaT
    names = np.array(["b", "a", "", "c"] * (N // 4))
    taken = take(
        n=numbers,
        d=days,
        c=pd.Series(names).replace("", None),
        yes=[True, True, False, False] * (N // 4),
    )
    X = taken.X
    assert X.dtype.names == ("numbers", "dates", "categories")
    assert np.array_equal(X["numbers"][:, 0], numbers, equal_nan=True)
    assert set(X["numbers"][:, 1]) == {0.0, 1.0}
    assert np.array_equal(X["dates"][:, 0], days.to_numpy("M8[s]"), equal_nan=True)
    # rows 0, 2, 4 ... hold b and missing: they are numbered first
    assert X["categories"][:4, 0].tolist() == [0, 1, -1, 2]
    assert digest(Part(X, np.zeros(N), source=""))  # no Python objects
    assert taken.notes == (
        "numbers: n, yes",
        "dates: d (1 missing)",
        "categories: c (10 missing)",
    )


def test_the_training_rows_alone_decide():
    late = np.arange(N) % 2 == 1  # rows of the test
    plain = take(a=cells(), b=["x", "y"] * (N // 2))
    rows = np.flatnonzero(~late)
    other = take(
        a=np.where(late, np.inf, cells()),
        b=np.where(late, "1999-01-01", "x"),
        c=cells(),
    )
    assert "infinite" not in str(other.notes)
    assert other.notes[-1] == "left out: b (the same in every row)"
    assert np.array_equal(plain.X["numbers"][rows, 0], other.X["numbers"][rows, 0])


def test_infinities_count_as_missing_and_it_says_in_how_many_rows():
    values = cells()
    values[[0, 2]] = np.inf, -np.inf
    taken = take(a=values)
    assert np.isnan(taken.X["numbers"][[0, 2], 0]).all()
    assert taken.notes == ("numbers: a (2 infinite count as missing)",)


@pytest.mark.parametrize(
    ("values", "expected", "said"),
    [
        ([f"{i},000" for i in range(1, 41)], [1e3, 2e3], "comma read as thousands"),
        ([f" {i}.5 " for i in range(40)], [0.5, 1.5], ""),
        (["7", "8"] * 19 + ["none", "8"], [7, 8], "1 like 'none' count as missing"),
    ],
)
def test_numbers_written_as_text(values, expected, said):
    taken = take(a=values)
    assert taken.X["numbers"][:2, 0].tolist() == expected
    assert said in taken.notes[0]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([None] * N, "nothing but missing values"),
        (["x"] * N, "the same in every row"),
        ([f"name {i}" for i in range(N)], "another text in each row"),
        ([f"a text about nothing in particular, {i % 15} times" for i in range(N)],
         "free text; learn from it with text:"),
        (list(range(N)), "the number of the row"),
        (list(range(1, N + 1)), "the number of the row"),
    ],
)  # fmt: skip
def test_what_is_nothing_to_learn_from_is_left_out(values, reason):
    taken = take(a=values, b=cells())
    assert taken.X.dtype["numbers"].shape == (1,)
    assert taken.notes == ("numbers: b", f"left out: a ({reason})")
    with pytest.raises(DataError, match="no column to learn from"):
        take(a=values)


def test_ids_are_left_out_by_their_name_and_years_are_not():
    unique = np.random.default_rng(0).permutation(N) * 7
    taken = take(customer_id=unique, grid=unique, year=np.arange(1900, 1900 + N))
    assert taken.notes[-1] == "left out: customer_id (an id, another one in each row)"
    assert "grid, year" in taken.notes[0]
    # a column that orders the rows stays
    assert "left out" not in str(take(keep=["t"], t=np.arange(N), b=cells()).notes)


def test_many_categories_are_said():
    n = 400
    taken = take(np.arange(n), city=[f"city {i % 70}" for i in range(n)])
    assert taken.notes == ("categories: city (70 different, rare ones joined)",)


def test_long_names_of_few_categories_are_categories():
    taken = take(
        a=[f"a long name of a category that repeats: {i % 4}" for i in range(N)]
    )
    assert taken.notes == ("categories: a",)


def test_of_many_columns_some_are_listed():
    taken = take(**{f"x{i}": cells() + i for i in range(30)})
    assert taken.notes[0].endswith("x19, and 10 more")
