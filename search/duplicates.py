"""What near-duplicate rows do to folds."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipelines.duplicates import duplicate_groups
from pipelines.part import Part
from search.types import Fold

_EXAMPLES = 3


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
