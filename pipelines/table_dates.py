"""Dates written as text, in one of the usual forms."""

import pandas as pd

FORMS = {
    "ISO8601": "year-month-day",
    "%Y/%m/%d": "year/month/day",
    "%d.%m.%Y": "day.month.year",
    "%m/%d/%Y": "month/day/year",
    "%d/%m/%Y": "day/month/year",
    "%d-%m-%Y": "day-month-year",
    "%d-%b-%Y": "day-month-year",
    "%d-%b-%y": "day-month-year",
    "%d %b %Y": "day month year",
    "%b %d, %Y": "month day, year",
    "%B %d, %Y": "month day, year",
    "%m/%d/%Y %H:%M": "month/day/year and time",
    "%d.%m.%Y %H:%M": "day.month.year and time",
}
"""In the order in which they are tried: 02/03/2024 is a day of February."""

# two separators, whatever stands between; a lone number is no date
_LIKE_A_DATE = r"\w{1,9}[-./ ]\w{1,4}[-./ ,]+\d.*|\d{4}-\d\d"


def read_dates(text: pd.Series, known: pd.Series) -> tuple[pd.Series, str] | None:
    """Read a column as dates if all of its known values are dates of one form.

    Args:
        text: The column; what cannot be read becomes missing.
        known: Those of its values that decide.

    Returns:
        Dates without a time zone (those that had one in UTC), and the form in words;
        None where no form fits.
    """
    if len(known) == 0 or not known.str.fullmatch(_LIKE_A_DATE).all():
        return None
    for form, words in FORMS.items():
        try:
            pd.to_datetime(known, format=form, utc=True)
        except ValueError:
            continue
        dates = pd.to_datetime(text, format=form, errors="coerce", utc=True)
        return dates.dt.tz_localize(None), words
    return None


def read_compact_dates(numbers: pd.Series, known: pd.Series) -> pd.Series | None:
    """Read whole numbers such as 19580329 as dates if all known ones are.

    Returns:
        Dates; None where a number is no day of the years 1800 to 2199.
    """
    if len(known) == 0 or not known.between(18_000_101, 21_991_231).all():
        return None
    if not (known == known.round()).all():
        return None
    text = numbers.round().astype("Int64").astype("str")
    dates = pd.to_datetime(text, format="%Y%m%d", errors="coerce")
    return None if dates.loc[known.index].isna().any() else dates
