import pandas as pd
import pytest

from pipelines.table_dates import read_compact_dates, read_dates

DAYS = pd.Series(pd.to_datetime(["2024-02-13", "2023-12-31", "2024-02-03"]))


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%d.%m.%Y",
        "%m/%d/%Y",
        "%d-%b-%y",
        "%B %d, %Y",
        "%d-%m-%Y",
    ],
)
def test_usual_forms_are_read(form):
    text = DAYS.dt.strftime(form)
    dates, words = read_dates(text, text)
    assert dates.tolist() == DAYS.tolist()
    assert "month" in words


def test_month_comes_first_unless_a_day_shows_otherwise():
    american = pd.Series(["02/03/2024", "02/04/2024"])
    assert read_dates(american, american)[0].dt.month.tolist() == [2, 2]
    european = pd.Series(["02/03/2024", "13/03/2024"])
    dates, words = read_dates(european, european)
    assert dates.dt.month.tolist() == [3, 3]
    assert words == "day/month/year"


def test_time_zones_become_utc():
    text = pd.Series(["2024-01-01T00:30:00+01:00", "2024-06-01T00:00:00Z"])
    dates, _ = read_dates(text, text)
    assert dates.tolist() == [
        pd.Timestamp("2023-12-31 23:30"),
        pd.Timestamp("2024-06-01"),
    ]


def test_the_known_values_decide_and_others_become_missing():
    text = pd.Series(["2024-01-01", "soon", "2024-01-02"])
    dates, _ = read_dates(text, text[[0, 2]])
    assert dates.isna().tolist() == [False, True, False]
    assert read_dates(text, text) is None


@pytest.mark.parametrize(
    "values", [["a", "b"], ["1", "2"], ["1.5", "2.5"], ["a-1-2"], []]
)
def test_what_is_no_date_stays_what_it_is(values):
    text = pd.Series(values, dtype="str")
    assert read_dates(text, text) is None


def test_numbers_that_are_days():
    days = pd.Series([19580329.0, float("nan"), 20240229.0])
    dates = read_compact_dates(days, days.dropna())
    assert dates.isna().tolist() == [False, True, False]
    assert dates.dropna().tolist() == [
        pd.Timestamp("1958-03-29"),
        pd.Timestamp("2024-02-29"),
    ]
    for others in ([20230229], [20240101.5], [101], [2024]):
        numbers = pd.Series(others)
        assert read_compact_dates(numbers, numbers) is None
