"""Prepared data sets: fetched once, checked each time, usable without a network.

`tunefold data fetch NAME --to FOLDER` writes `FOLDER/NAME/train.npz`, `test.npz` and
`digest.json`; with `TUNEFOLD_DATA=FOLDER` every loader looks there first.
"""

import difflib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.atomic_file import replacing
from pipelines.part import PARTS, Part, PartName, digest
from spaces.errors import DataError, UnknownNameError

VARIABLE = "TUNEFOLD_DATA"
LIST = "digest.json"
FIELDS = ("X", "y", "groups")


@dataclass(frozen=True)
class FetchedFile:
    """One part of a data set, as written by `fetch`."""

    name: str
    """The data set."""
    part: PartName
    path: Path
    n_rows: int
    n_bytes: int
    """Size of the file on disk."""
    digest: str
    source: str


def data_folder() -> Path | None:
    """Return the folder that TUNEFOLD_DATA names, or None where it is not set.

    Raises:
        DataError: The variable names something that is not a folder.
    """
    value = os.environ.get(VARIABLE)
    if not value:
        return None
    try:
        folder = Path(value).expanduser()
    except RuntimeError:  # "~" without a known home: report it like a missing folder
        folder = Path(value)
    if not (is_there(folder) and folder.is_dir()):
        raise DataError(
            f"{VARIABLE}: must name a folder, got {value!r}; create it with"
            " `tunefold data fetch --to FOLDER`, or unset the variable"
        )
    return folder


def is_there(path: Path) -> bool:
    """Say whether a path exists.

    Raises:
        DataError: A folder on the way may not be entered.
    """
    try:
        return path.exists()
    except OSError as error:
        raise DataError(
            f"{path}: must be readable, got: {error.strerror}; change the permissions"
        ) from error


def in_data_folder(source: str) -> str:
    """Say in words that data of this source was read from the TUNEFOLD_DATA folder."""
    return f"{VARIABLE} ({source})"


def load_prepared(name: str, part: PartName) -> Part | None:
    """Load a part from the TUNEFOLD_DATA folder; only the file of this part is opened.

    Args:
        name: The data set, which is the name of its folder.
        part: Which half.

    Returns:
        The part, with the source `TUNEFOLD_DATA (<original source>)`; None where the
        variable is not set or its folder has no such prepared part.

    Raises:
        DataError: The variable names no folder, or the prepared part is incomplete,
            cut short or altered.
    """
    root = data_folder()
    if root is None:
        return None
    folder = root / name
    path, listing = folder / f"{part}.npz", folder / LIST
    if not is_there(path) and not is_there(listing):
        return None
    cure = f"delete {folder} and fetch it again: tunefold data fetch {name} --to {root}"
    entry = _entry(listing, part, cure)
    if entry is None and not is_there(path):
        return None
    if entry is None:
        raise DataError(f"{listing}: must list {part!r}, got no such entry; {cure}")
    try:
        # Opened here: NumPy leaves the file open when the archive is damaged.
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            arrays = {field: file[field] for field in FIELDS if field in file.files}
        found = Part(**arrays, source=in_data_folder(entry["source"]))
    except Exception as error:  # a damaged zip archive raises eight kinds, measured
        raise DataError(
            f"{path}: must be a complete npz file with X and y, got one that cannot be"
            f" read ({_line(error)}); {cure}"
        ) from error
    if (actual := digest(found)) != entry["digest"]:
        raise DataError(
            f"{path}: must have the digest {entry['digest']} of {LIST}, got {actual}:"
            f" the data was altered; {cure}"
        )
    return found


def fetch(
    names: Iterable[str],
    to: Path,
    loaders: Mapping[str, Callable[[PartName], Part]],
) -> list[FetchedFile]:
    """Write prepared data sets, each part with its digest.

    A set that is there already is loaded anew and replaced. Each file appears
    complete or not at all; `digest.json` comes last.

    Args:
        names: Data sets; none means all that have a loader.
        to: The folder that TUNEFOLD_DATA shall name; created if missing.
        loaders: Load function by name of the data set.

    Returns:
        One record per file written, in the order of `names`, train before test.

    Raises:
        UnknownNameError: There is no such data set; nothing is written then.
        DataError: A part cannot be loaded, or the folder cannot be written.
    """
    chosen = list(dict.fromkeys(names)) or list(loaders)
    for name in chosen:
        if name not in loaders:
            near = difflib.get_close_matches(name, loaders, n=1)
            known = ", ".join(sorted(loaders))
            raise UnknownNameError(
                f"data fetch: must name a known data set, got {name!r}; "
                + (
                    f"did you mean {near[0]!r}? ({known})"
                    if near
                    else f"known: {known}"
                )
            )
    files: list[FetchedFile] = []
    for name in chosen:
        written = [_write(name, part, to / name, loaders[name](part)) for part in PARTS]
        listing = {
            file.part: {
                "digest": file.digest,
                "source": file.source,
                "rows": file.n_rows,
            }
            for file in written
        }
        try:
            with replacing(to / name / LIST) as file:
                file.write(json.dumps(listing, indent=2).encode() + b"\n")
        except OSError as error:
            raise _unwritable(to / name / LIST, error) from error
        files += written
    return files


def _write(name: str, part: PartName, folder: Path, loaded: Part) -> FetchedFile:
    """Write one part as npz."""
    path = folder / f"{part}.npz"
    arrays: dict[str, Any] = loaded.arrays()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        n_bytes = path.stat().st_size
    except OSError as error:
        raise _unwritable(path, error) from error
    source = loaded.source
    if source.startswith(f"{VARIABLE} ("):  # fetched from a fetched copy
        source = source.removeprefix(f"{VARIABLE} (").removesuffix(")")
    return FetchedFile(
        name=name,
        part=part,
        path=path,
        n_rows=len(loaded.y),
        n_bytes=n_bytes,
        digest=digest(loaded),
        source=source,
    )


def _entry(listing: Path, part: PartName, cure: str) -> dict[str, str] | None:
    """Read what `digest.json` says of a part; None where it does not list it."""
    try:
        entry = json.loads(listing.read_text("utf-8")).get(part)
        if entry is None:
            return None
        return {"digest": str(entry["digest"]), "source": str(entry["source"])}
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise DataError(
            f"{listing}: must hold the digests of the prepared data, got a file that"
            f" cannot be read ({_line(error)}); {cure}"
        ) from error


def _unwritable(path: Path, error: OSError) -> DataError:
    """Build the error for a target that cannot be written."""
    return DataError(
        f"data fetch: must be able to write {path}, got: {error.strerror or error};"
        " choose another folder with --to or make room"
    )


def _line(error: Exception) -> str:
    """Put an exception's text on one line."""
    return " ".join(str(error).split()) or type(error).__name__
