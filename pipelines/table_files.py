"""Tables as they lie on disk, CSV or Parquet, read as they are or refused in one line.

pandas reads leniently: a short row is filled up, a doubled name numbered. What would
change the data without a word is looked for before.
"""

import csv
import lzma
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pandas as pd

from pipelines.table_memory import refuse_too_large
from pipelines.table_opening import (
    ENCODING,
    check_file,
    is_parquet,
    open_text,
    parquet_file,
)
from spaces.errors import DataError

SEPARATORS = ",;\t|"
_SAMPLE = 1 << 16  # characters that show separator and names
MISSING = ["?", "-", "."]  # beside pandas' own, such as an empty field, NA and NaN


@dataclass(frozen=True, kw_only=True, eq=False)
class RawTable:
    """What a file holds, and how it was read.

    Attributes:
        frame: One column per name, numbers, text and dates as pandas tells them.
        notes: What had to be decided to read it, one line each.
        separator: Between the columns of a CSV.
        decimal: Decimal point of a CSV.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...] = ()
    separator: str = ","
    decimal: str = "."


def read_table(path: Path, *, encoding: str | None = None) -> RawTable:
    """Read a table.

    Args:
        path: CSV (separated by comma, semicolon, tab or bar; may be packed as gz,
            bz2, xz) or Parquet (.parquet, .pq).
        encoding: Of a CSV; None is UTF-8.

    Raises:
        DataError: The file is missing, empty, larger than the memory, not text in
            that encoding, or its rows do not fit its header.
    """
    check_file(path)
    refuse_too_large(path)
    if is_parquet(path):
        return RawTable(frame=_checked(path, _read_parquet(path)))
    try:
        with open_text(path, encoding) as file:
            separator = _separator(file.read(_SAMPLE))
        with open_text(path, encoding) as file:
            _check_rows(path, file, separator)
        notes = [] if separator == "," else [f"columns are separated by {separator!r}"]
        decimal = "."
        frame = _read_csv(path, encoding, separator, decimal=decimal)
        if separator == ";" and (commas := _with_decimal_comma(frame)):
            decimal = ","
            frame = _read_csv(path, encoding, separator, decimal=decimal)
            notes.append(f"decimal comma in {', '.join(commas)}")
    except UnicodeError as error:
        raise _wrong_encoding(path, encoding, error) from None
    except (OSError, EOFError, lzma.LZMAError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from None
    return RawTable(
        frame=_checked(path, frame),
        notes=tuple(notes),
        separator=separator,
        decimal=decimal,
    )


def column_names(path: Path, *, encoding: str | None = None) -> list[str]:
    """Return the names in a table's header.

    Raises:
        DataError: The file is missing, empty, not text in that encoding, or has no
            header.
    """
    check_file(path)
    if is_parquet(path):
        return [str(name) for name in parquet_file(path).schema_arrow.names]
    try:
        with open_text(path, encoding) as file:
            sample = file.read(_SAMPLE)
        lines = sample.splitlines(keepends=True)
        names = next(csv.reader(lines, delimiter=_separator(sample)), [])
    except UnicodeError as error:
        raise _wrong_encoding(path, encoding, error) from None
    except csv.Error as error:
        raise DataError(f"{path}: must be a CSV, got what is none: {error}") from None
    if "\0" in sample:
        raise DataError(
            f"{path}: must be text, got bytes of zero; export it as CSV, or name its "
            "encoding, for example --encoding utf-16"
        )
    if not any(names):
        raise DataError(
            f"{path}: the first line must hold the columns' names, got a blank line"
        )
    return names


def _separator(sample: str) -> str:
    """Return the character that cuts the first lines into most equal pieces."""
    lines = sample.splitlines(keepends=True)
    lines = (lines[:-1] or lines)[:50] or [""]  # the last one may be cut short

    def n_columns(separator: str) -> int:
        widths = [len(row) for row in csv.reader(lines, delimiter=separator)]
        # most rows have as many as the header, though some may be ragged
        return widths[0] if 2 * widths.count(widths[0]) > len(widths) else 1

    return max(SEPARATORS, key=n_columns)  # the first of equals: a comma


def _check_rows(path: Path, file: TextIO, separator: str) -> None:
    """Refuse a header that is no header and rows of another length."""
    reader = csv.reader(file, delimiter=separator)
    try:
        header = next(reader, [])
        if doubled := [name for name, n in Counter(header).items() if n > 1]:
            raise DataError(
                f"{path}: column names must differ, got {_quoted(doubled)} more than "
                "once; rename one of them"
            )
        for row in reader:
            if row and len(row) != len(header):
                raise DataError(
                    f"{path}, line {reader.line_num}: must have {len(header)} fields "
                    f"like the header, got {len(row)}; mend the row, or put quotes "
                    f"around fields that hold {separator!r}"
                )
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}") from None


def _read_csv(
    path: Path, encoding: str | None, separator: str, *, decimal: str
) -> pd.DataFrame:
    try:
        return pd.read_csv(
            path,
            sep=separator,
            decimal=decimal,
            encoding=encoding or ENCODING,
            index_col=False,
            low_memory=False,
            na_values=MISSING,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise DataError(
            f"{path}: cannot be read: {reason}; look at its quotes"
        ) from None


def _with_decimal_comma(frame: pd.DataFrame) -> list[str]:
    text = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    return [
        str(name)
        for name in text
        if frame[name].notna().any()
        and frame[name].dropna().astype(str).str.fullmatch(r"\s*-?\d+,\d+\s*").all()
    ]


def _read_parquet(path: Path) -> pd.DataFrame:
    frame: pd.DataFrame = parquet_file(path).read().to_pandas()
    if frame.index.name is not None:  # a named index is a column like the others
        frame = frame.reset_index()
    return frame.rename(columns=str)


def _checked(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    if len(frame) == 0:
        raise DataError(
            f"{path}: must hold rows, got only a header ({len(frame.columns)} columns)"
        )
    return frame


def _wrong_encoding(path: Path, encoding: str | None, error: UnicodeError) -> DataError:
    where = f" at byte {error.start:,}" if isinstance(error, UnicodeDecodeError) else ""
    with path.open("rb") as file:
        marked = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
    guess = "utf-16" if marked else "latin-1"
    return DataError(
        f"{path}: must be text in {encoding or 'UTF-8'}, got something else{where}; "
        f"name its encoding, for example --encoding {guess}"
    )


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
