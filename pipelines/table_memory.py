"""Whether a table fits into the memory, told before it is read."""

import csv
import io
from pathlib import Path

import pandas as pd
import psutil

from pipelines.table_opening import PACKED, is_parquet, parquet_file
from spaces.errors import DataError

_UNPACKED = 5  # times as large, roughly: plain text in gzip
_SAMPLE = 1 << 16  # bytes that show how large the rows become
_COPIES = 3  # what is read, what it becomes, and the parts cut from it
_SAID = 200 << 20  # bytes: a file from this size on is worth a word beforehand


def memory_line(path: Path) -> str | None:
    """Say what a large file will need, before it is read; None for a small one.

    Example:
        big.csv: 2.1 GB; reading it needs about 6.2 GB of memory, 14.0 GB are free
    """
    if not path.is_file() or path.stat().st_size < _SAID:
        return None
    needed, free = _needed_bytes(path), psutil.virtual_memory().available
    return (
        f"{path.name}: {_gb(path.stat().st_size)}; reading it needs about "
        f"{_gb(needed)} of memory, {_gb(free)} are free"
    )


def refuse_too_large(path: Path) -> None:
    """Refuse a file that needs more memory than is free.

    Raises:
        DataError: Says how much.
    """
    needed, free = _needed_bytes(path), psutil.virtual_memory().available
    if needed > free:
        raise DataError(
            f"{path}: needs about {_gb(needed)} of memory to be read, {_gb(free)} are "
            "free; take fewer rows or columns, or a machine with more"
        )


def _needed_bytes(path: Path) -> float:
    """Estimate the memory for reading; of a CSV by what its first rows need."""
    size = path.stat().st_size
    if is_parquet(path):
        meta = parquet_file(path).metadata
        groups = [meta.row_group(i) for i in range(meta.num_row_groups)]
        return float(_COPIES * 2 * sum(group.total_byte_size for group in groups))
    if path.suffix.lower() in PACKED:
        size *= _UNPACKED
    if size < _SAID:  # not worth a look
        return float(_COPIES * 4 * size)
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    whole = sample[: sample.rfind(b"\n") + 1]
    try:
        text = io.StringIO(whole.decode(errors="replace"))
        frame = pd.read_csv(text, sep=None, engine="python")
        ratio = float(frame.memory_usage(deep=True).sum()) / len(whole)
    except (ValueError, csv.Error, ZeroDivisionError):  # refused later, in its words
        ratio = 1.0
    return _COPIES * size * max(ratio, 1.0)


def _gb(n_bytes: float) -> str:
    return f"{n_bytes / 2**30:,.1f} GB"
