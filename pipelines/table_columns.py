"""The columns of a table as arrays that can be mapped and hashed.

What a column is and whether it is of use is decided by the training rows alone. The
values stay as they are, missing ones included: `pipelines/table_preparation.py` fills
and scales them inside the fold.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.table_dates import read_compact_dates, read_dates
from spaces.errors import DataError

KINDS = NUMBERS, DATES, CATEGORIES = ("numbers", "dates", "categories")
_LEFT_OUT = "left out"
MISSING_CATEGORY = -1

MANY = 50
"""More categories than these are joined when they are rare."""

_MOSTLY = 0.95  # of the values: the rest counts as missing
_UNIQUE = 0.95  # different texts per row that make a name or a number of it
_REPEATED = 0.5  # categories repeat
_LONG = 40  # characters on average: sentences, no names
_SHOWN = 20  # columns in a line
_FEW_ROWS = 20  # below, all different says nothing

_THOUSANDS = r"\s*-?\d{1,3}(?:,\d{3})+(?:\.\d+)?\s*"
_ID = re.compile(r"(?i:^(?:id|key|uuid|guid)$|[_ -]id$)|[a-z]I[dD]$")


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """Columns of all rows, by kind.

    Attributes:
        X: Structured array (n,) with those of the fields that there are columns of:
            `numbers` float64 (n, a), NaN where missing; `dates` datetime64[s]
            (n, b), NaT where missing; `categories` int32 (n, c), the numbers of
            the training rows' categories first, -1 where missing.
        notes: Which column was taken how and which was left out, a line per kind.
        names: Of the columns taken, by kind.
    """

    X: NDArray[Any]
    notes: tuple[str, ...]
    names: dict[str, list[str]]


@dataclass(eq=False)
class _Taken:
    arrays: dict[str, list[NDArray[Any]]] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, name: str, remark: str, values: NDArray[Any]) -> None:
        self.arrays.setdefault(kind, []).append(values)
        self.names.setdefault(kind, []).append(name)
        self.leave(kind, name, remark)

    def leave(self, kind: str, name: str, remark: str) -> None:
        self.words.setdefault(kind, []).append(f"{name} ({remark})" if remark else name)


def take_columns(
    frame: pd.DataFrame,
    train: NDArray[np.int64],
    *,
    keep: Sequence[str] = (),
    row_numbers: NDArray[np.int64],
) -> Columns:
    """Sort columns by kind and leave out what cannot be learned from.

    Args:
        frame: Inputs of all rows.
        train: Training rows, positions in the frame.
        keep: Columns that are never taken for a row number or an id.
        row_numbers: Where each row stood in its file, (n,).

    Raises:
        DataError: No column is left.
    """
    taken = _Taken()
    for name in frame:
        series = frame[name]
        kind, values, remark = _read_values(series, train)
        reason = _useless(values[train], kind)
        if reason is None and name not in keep:
            reason = _identifies(str(name), values[train], kind, row_numbers[train])
        if reason is not None:
            taken.leave(_LEFT_OUT, str(name), reason)
            continue
        if kind == CATEGORIES:
            values, more = _codes(values, train)
            remark = ", ".join(filter(None, [more, remark]))
        taken.add(kind, str(name), remark, values)
    notes = tuple(
        f"{kind}: {_listed(taken.words[kind])}"
        for kind in (*KINDS, _LEFT_OUT)
        if kind in taken.words
    )
    if not taken.arrays:
        raise DataError(f"table: has no column to learn from; {'; '.join(notes)}")
    return Columns(X=_structured(taken.arrays), notes=notes, names=taken.names)


def _listed(words: list[str]) -> str:
    more = len(words) - _SHOWN
    return ", ".join([*words[:_SHOWN], *([f"and {more:,} more"] if more > 0 else [])])


def _read_values(
    series: pd.Series, train: NDArray[np.int64]
) -> tuple[str, NDArray[Any], str]:
    """Return kind, values of all rows (categories as text) and a remark."""
    types = pd.api.types
    if types.is_datetime64_any_dtype(series):
        if series.dt.tz is not None:
            series = series.dt.tz_convert("UTC").dt.tz_localize(None)
        return _as_dates(series, train, "")
    if types.is_timedelta64_dtype(series):
        return _as_numbers(series.dt.total_seconds(), train, "in seconds")
    if types.is_numeric_dtype(series):
        days = read_compact_dates(series, series.iloc[train].dropna())
        if days is None:
            return _as_numbers(series, train, "")
        return _as_dates(days, train, "read as yearmonthday")
    return _read_text(series.astype("str").str.strip(), train)  # missing stays so


def _read_text(
    text: pd.Series, train: NDArray[np.int64]
) -> tuple[str, NDArray[Any], str]:
    """Read numbers and dates that were written as text; the rest are categories."""
    known = text.iloc[train].dropna()
    distinct = pd.Series(text.dropna().unique(), dtype="str")  # each is read once
    thousands = distinct.str.fullmatch(_THOUSANDS)
    plain = distinct.where(~thousands, distinct.str.replace(",", ""))
    numbers = pd.to_numeric(plain, errors="coerce").set_axis(distinct)
    found = known.map(numbers)
    if 0 < _MOSTLY * len(known) <= found.notna().sum():
        said = []
        if known.isin(distinct[thousands]).any():
            said.append("comma read as thousands")
        if n_others := int(found.isna().sum()):
            odd = known[found.isna()].iloc[0]
            said.append(f"{n_others} like {odd!r} count as missing")
        return _as_numbers(text.map(numbers), train, ", ".join(said))
    if (read := read_dates(distinct, known.drop_duplicates())) is not None:
        dates, words = read
        values = text.map(dates.set_axis(distinct))
        return _as_dates(values, train, f"read as {words}")
    return CATEGORIES, text.fillna("").to_numpy(object), ""


def _as_numbers(
    series: pd.Series, train: NDArray[np.int64], remark: str
) -> tuple[str, NDArray[Any], str]:
    values = series.to_numpy(np.float64, na_value=np.nan).copy()
    infinite = np.isinf(values)
    said = [*_missing(np.isnan(values[train])), *([remark] if remark else [])]
    if n_infinite := int(infinite[train].sum()):
        said.append(f"{n_infinite} infinite count as missing")
    values[infinite] = np.nan
    return NUMBERS, values, ", ".join(said)


def _as_dates(
    series: pd.Series, train: NDArray[np.int64], remark: str
) -> tuple[str, NDArray[Any], str]:
    values = series.to_numpy("datetime64[s]")
    said = [remark] if remark else []
    return DATES, values, ", ".join([*_missing(np.isnat(values[train])), *said])


def _missing(which: NDArray[np.bool_]) -> list[str]:
    return [f"{which.sum():,} missing"] if which.any() else []


def _useless(values: NDArray[Any], kind: str) -> str | None:
    missing = values == "" if kind == CATEGORIES else np.isnan(values)
    if missing.all():
        return "nothing but missing values"
    if not missing.any() and (values == values[0]).all():
        return "the same in every row"
    return None


def _identifies(
    name: str, values: NDArray[Any], kind: str, row_numbers: NDArray[np.int64]
) -> str | None:
    """Say why a column names its row, which is nothing to learn from."""
    if len(values) < _FEW_ROWS:
        return None
    if kind == NUMBERS:
        ahead = values - row_numbers
        if ahead[0] in (0, 1) and (ahead == ahead[0]).all():
            return "the number of the row"
        if _ID.search(name) and len(np.unique(values)) == len(values):
            return "an id, another one in each row"
    if kind == CATEGORIES:
        known = values[values != ""]
        distinct = len(set(known)) / len(known)
        if distinct > _REPEATED and np.mean([len(value) for value in known]) > _LONG:
            return "free text; learn from it with text:"
        if distinct >= _UNIQUE:
            return "another text in each row"
    return None


def _codes(
    values: NDArray[Any], train: NDArray[np.int64]
) -> tuple[NDArray[np.int32], str]:
    """Number the categories, those of the training rows first."""
    seen = sorted({*values[train]} - {""})
    later = sorted({*values} - {*seen} - {""})
    number = {text: i for i, text in enumerate([*seen, *later])}
    codes = np.array(
        [number.get(text, MISSING_CATEGORY) for text in values], dtype=np.int32
    )
    said = _missing(codes[train] == MISSING_CATEGORY)
    if len(seen) > MANY:
        said.append(f"{len(seen):,} different, rare ones joined")
    return codes, ", ".join(said)


def _structured(arrays: dict[str, list[NDArray[Any]]]) -> NDArray[Any]:
    columns = {kind: np.stack(arrays[kind], axis=1) for kind in KINDS if kind in arrays}
    X = np.empty(
        len(next(iter(columns.values()))),
        dtype=[(kind, a.dtype, (a.shape[1],)) for kind, a in columns.items()],
    )
    for kind, values in columns.items():
        X[kind] = values
    return X
