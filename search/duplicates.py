"""Near-duplicate rows of a data set, found once, and what they do to folds."""

from collections.abc import Sequence
from pathlib import Path
from tokenize import TokenError

import numpy as np
from numpy.typing import NDArray

from pipelines import mapped
from pipelines.atomic_file import replacing
from pipelines.part import Part
from search.near_rows import near_duplicate_groups
from search.types import Fold

# Change it with what `search.near_rows` counts as near: older files are not read then.
_CACHE_FILE = "near-duplicates-1.npy"
_EXAMPLES = 3


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


def leak_warning(
    part: Part, folds: Sequence[Fold], *, digest: str, cache: Path | None = None
) -> str | None:
    """Say how many validation rows the model has nearly seen in training, and the cure.

    Args:
        part: The training data; the first call for it takes seconds (five for 60,000
            photos of 784 pixels), later ones read what was found.
        folds: Row numbers count in `part`.
        digest: Names the data's content, see `pipelines.part.digest`.
        cache: Folder of what was found before; None is the user's cache folder.

    Returns:
        One line; None where no such row is, where the inputs are no numbers, and
        where validation follows training in time, for what repeats is then known
        in earnest, too.
    """
    if all(fold.train[-1] < fold.valid[0] for fold in folds):
        return None
    groups = duplicate_groups(part, digest=digest, cache=cache)
    if groups is None:
        return None
    seen = [
        fold.valid[np.isin(groups[fold.valid], groups[fold.train])] for fold in folds
    ]
    n_seen, n_valid = sum(map(len, seen)), sum(len(fold.valid) for fold in folds)
    if n_seen == 0:
        return None
    examples: dict[int, str] = {}  # by group: three different ones
    for fold, rows in zip(folds, seen, strict=True):
        for row in rows[:_EXAMPLES]:
            twin = fold.train[groups[fold.train] == groups[row]][0]
            text = f"{row} and {twin} (y {part.y[row]} and {part.y[twin]})"
            examples.setdefault(int(groups[row]), text)
    return (
        f"near-duplicates: {n_seen:,} of {n_valid:,} validation rows "
        f"({n_seen / n_valid:.2%}) have one in their fold's training part, in "
        f"{sum(map(bool, map(len, seen)))} of {len(folds)} folds, which flatters the "
        f"scores; such as rows {', '.join(list(examples.values())[:_EXAMPLES])}; keep "
        "them together with --groups duplicates"
    )


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
