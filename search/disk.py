"""Room on the disk: said before it is used up, explained when it is."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.errors import FatalError

LOW_BYTES = 2**30
"""A fold's predictions take 10 MB with 20 epochs of Fashion-MNIST; with less than this
a search goes on for minutes at most before the disk is full."""


def low_disk(folder: Path, *, low_bytes: int = LOW_BYTES) -> str:
    """Return how little room is left where a folder lies; empty where it is enough.

    Args:
        folder: On the disk in question; there already.
        low_bytes: From where on it is little.
    """
    try:
        free = shutil.disk_usage(folder).free
    except OSError:  # the folder is gone: whoever writes says so
        return ""
    if free >= low_bytes:
        return ""
    return f"disk: {free / 2**20:,.0f} MB left in {folder.resolve().parent}"


@contextmanager
def explained(path: Path, study: str) -> Iterator[None]:
    """Say what to do about an error of the disk.

    Args:
        path: What is written.
        study: Whose it is.

    Raises:
        FatalError: In place of the OSError.
    """
    try:
        yield
    except OSError as error:
        raise FatalError(
            f"{path}: cannot be written ({error.strerror or error}); make room, then "
            f"'tunefold resume {study}'"
        ) from None
