"""Files that hold tables: which there are, and how each is opened."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO, cast

from spaces.errors import DataError
from spaces.space import unknown

ENCODING = "utf-8-sig"
"""UTF-8, with or without a mark at its beginning."""

PACKED: dict[str, Callable[..., Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
"""What opens a packed file, by the end of its name."""

_PARQUET = (".parquet", ".pq")


def check_file(path: Path) -> None:
    """Refuse what is no file or has no content.

    Raises:
        DataError: Names the nearest file of that folder.
    """
    if path.is_file():
        if path.stat().st_size == 0:
            raise DataError(f"{path}: must hold a table, got an empty file")
        return
    if path.is_dir():
        raise DataError(f"{path}: must be a file, got a folder")
    if not path.parent.is_dir():
        raise DataError(f"{path}: there is no folder {path.parent}")
    suffixes = {path.suffix, ".csv", ".parquet"}
    there = [p.name for p in path.parent.iterdir() if p.suffix in suffixes]
    raise DataError(f"{path.parent}: {unknown('file', path.name, there[:20])}")


def is_parquet(path: Path) -> bool:
    """Say whether a file's name is that of a Parquet file."""
    return path.suffix.lower() in _PARQUET


def open_text(path: Path, encoding: str | None) -> TextIO:
    """Open a text file, packed or not.

    Raises:
        DataError: There is no encoding of that name.
    """
    opener = PACKED.get(path.suffix.lower(), open)
    try:
        file = opener(path, "rt", encoding=encoding or ENCODING, newline="")
    except LookupError:
        raise DataError(
            f"--encoding: there is no encoding {encoding!r}; try latin-1 or utf-16"
        ) from None
    return cast(TextIO, file)


def parquet_file(path: Path) -> Any:
    """Open a Parquet file.

    Raises:
        DataError: It is none.
    """
    import pyarrow  # type: ignore[import-untyped]
    from pyarrow.parquet import ParquetFile  # type: ignore[import-untyped]

    try:
        return ParquetFile(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: is no Parquet file: {error}") from None
