"""Room on the disk, said before it is used up."""

import shutil
from pathlib import Path

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
