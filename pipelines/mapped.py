"""One raw copy of the data for all worker processes, mapped instead of loaded.

The first process that needs a part writes it to the cache folder; the others map the
same file, so that the machine holds it once. The folder is named by the digest: what
lies in it can only be the data that was asked for.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from pipelines.atomic_file import replacing
from pipelines.part import Part, PartName, digest
from spaces.errors import DataError

LIST = "part.json"


def open_mapped(
    part_loader: Callable[[PartName], Part],
    *,
    name: str,
    part: PartName,
    expected_digest: str,
    cache: Path | None = None,
) -> Part:
    """Map a part from the cache, which is filled through the loader when needed.

    Safe when several processes do it at once: each file is written under a temporary
    name and renamed, and whoever writes it writes the same content. A cached file
    that is cut short is written again.

    Args:
        part_loader: Called only when the cache does not hold the data.
        name: The data set, for the error's text.
        part: Which half.
        expected_digest: What `digest` must give for the data.
        cache: Folder of the mapped copies; None is the user's cache folder.

    Returns:
        The part with read-only memory-mapped arrays; with the loaded arrays where
        the cache cannot be written.

    Raises:
        DataError: The loader brings other data than expected, or none.
    """
    cache = cache or user_cache_folder()
    folder = cache / expected_digest if cache else None
    if folder is not None and (mapped := _map(folder)) is not None:
        return mapped
    loaded = part_loader(part)
    if (actual := digest(loaded)) != expected_digest:
        raise DataError(
            f"{name}: the {part} data must have the digest {expected_digest}, got"
            f" {actual} from {loaded.source}; refuses to train on other data: provide"
            " the original, for example with TUNEFOLD_DATA, or start a new study"
        )
    if folder is None:
        return loaded
    try:
        _store(loaded, folder)
    except OSError:  # read-only, full, or in use elsewhere: slower, not wrong
        return _map(folder) or loaded
    return _map(folder) or loaded


def user_cache_folder() -> Path | None:
    """Return tunefold's cache folder of this user; None for a user without a home."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        named, default = os.environ.get("LOCALAPPDATA"), home / "AppData" / "Local"
    elif sys.platform == "darwin":
        named, default = None, home / "Library" / "Caches"
    else:
        named, default = os.environ.get("XDG_CACHE_HOME"), home / ".cache"
    return (Path(named) if named else default) / "tunefold"


def _store(loaded: Part, folder: Path) -> None:
    """Write the arrays, then the list that says which there are."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = loaded.arrays()
    for field, array in arrays.items():
        with replacing(folder / f"{field}.npy") as file:
            np.save(file, array, allow_pickle=False)
    with replacing(folder / LIST) as file:
        listing = {"source": loaded.source, "arrays": list(arrays)}
        file.write(json.dumps(listing).encode())


def _map(folder: Path) -> Part | None:
    """Map what `_store` wrote; None where it is missing or cut short."""
    try:
        listing = json.loads((folder / LIST).read_text("utf-8"))
        arrays: dict[str, Any] = {
            field: np.load(folder / f"{field}.npy", mmap_mode="r", allow_pickle=False)
            for field in listing["arrays"]
        }
        return Part(**arrays, source=str(listing["source"]))
    except (OSError, EOFError, ValueError, KeyError, TypeError, DataError, TokenError):
        return None  # TokenError: NumPy parsing a damaged header
