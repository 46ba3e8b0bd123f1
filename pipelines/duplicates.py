"""Near-duplicate rows of a data set, found once."""

from pathlib import Path
from tokenize import TokenError

import numpy as np
from numpy.typing import NDArray

from pipelines import mapped
from pipelines.atomic_file import replacing
from pipelines.near_rows import near_duplicate_groups
from pipelines.part import Part

# Change it with what `near_rows` counts as near: older files are not read then.
_CACHE_FILE = "near-duplicates-1.npy"


def duplicate_groups(
    part: Part, *, digest: str, cache: Path | None = None
) -> NDArray[np.int64] | None:
    """Find the near-duplicates of a data set, or read what was found before.

    Safe when several processes do it at once: the file is written under a temporary
    name and renamed, and whoever writes it writes the same content. A file that is
    damaged is written again.

    Args:
        part: The data; only its inputs are looked at.
        digest: Names its content, see `pipelines.part.digest`.
        cache: Folder of what was found before; None is the user's cache folder.

    Returns:
        See `near_duplicate_groups`; None where the inputs are no numbers.
    """
    cache = cache or mapped.user_cache_folder()
    file = cache / digest / _CACHE_FILE if cache else None
    if file is not None and (known := _read(file, len(part.X))) is not None:
        return known
    try:
        groups = near_duplicate_groups(part.X)
    except TypeError:
        return None
    if file is not None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with replacing(file) as opened:
                np.save(opened, groups, allow_pickle=False)
        except OSError:  # read-only or full: slower, not wrong
            pass
    return groups


def _read(file: Path, n: int) -> NDArray[np.int64] | None:
    """Read what `duplicate_groups` wrote; None where it is missing or damaged."""
    try:
        groups = np.load(file, allow_pickle=False)
    except (OSError, EOFError, ValueError, TokenError):
        return None  # TokenError: NumPy parsing a damaged header
    # each group is named by its first row
    sound = groups.dtype == np.int64 and groups.shape == (n,)
    if not sound or (groups < 0).any() or (groups > np.arange(n)).any():
        return None
    return groups if np.array_equal(groups[groups], groups) else None
