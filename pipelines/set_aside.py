"""The test part of data that came without one: cut once, before anything is looked at.

Share and seed belong to the data's definition: no option of a study changes them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spaces.errors import DataError

SHARE = 0.2
SEED = 0
_FIFTHS = round(1 / SHARE)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cut:
    """Rows of the two halves.

    Attributes:
        train: Row numbers, int64.
        test: Row numbers, int64.
        words: How they were told apart.
    """

    train: NDArray[np.int64]
    test: NDArray[np.int64]
    words: str


def set_aside(
    y: NDArray[Any], *, stratified: bool, groups: NDArray[Any] | None = None
) -> Cut:
    """Draw a fifth of the rows, class by class or whole groups.

    Args:
        y: Targets, (n,).
        stratified: Keep class shares; for classes only.
        groups: Group of each row, (n,); a group falls to one side as a whole.

    Returns:
        Ascending row numbers.

    Raises:
        DataError: There are fewer than five rows, one group only, or a class has a
            single row.
    """
    from sklearn import model_selection as ms

    if len(y) < _FIFTHS:
        raise DataError(
            f"data: must have at least {_FIFTHS} rows to set a test part aside, got "
            f"{len(y)}; bring more, or a test file with --test"
        )
    rows = np.arange(len(y))
    if groups is not None:
        n_groups = len(np.unique(groups))
        if n_groups < 2:
            raise DataError(
                "--groups: needs at least 2 groups to set one aside, got "
                f"{n_groups}; use another column, or a test file with --test"
            )
        kind = ms.StratifiedGroupKFold if stratified else ms.GroupKFold
        k = min(_FIFTHS, n_groups)
        cutter = kind(n_splits=k, shuffle=True, random_state=SEED)
        train, test = next(cutter.split(rows, y, groups))
        words = f"whole groups, {len(np.unique(groups[test]))} of {n_groups}"
    else:
        train, test = ms.train_test_split(
            rows,
            # a row of each class at least, which scikit-learn asks for
            test_size=max(len(np.unique(y)) if stratified else 1, len(y) // _FIFTHS),
            random_state=SEED,
            stratify=y if stratified else None,
        )
        words = "drawn class by class" if stratified else "drawn"
    return Cut(train=np.sort(train), test=np.sort(test), words=words)


def set_latest_aside(times: NDArray[Any], column: str) -> Cut:
    """Take about the latest fifth, cut between two different times.

    Args:
        times: Time of each row, (n,), ascending.
        column: Its name, for words.

    Raises:
        DataError: All rows are of one time.
    """
    changes = np.flatnonzero(times[1:] != times[:-1]) + 1
    if len(changes) == 0:
        raise DataError(f"--time {column}: must differ between rows, got one time only")
    aim = (1 - SHARE) * len(times)
    cut = int(changes[np.abs(changes - aim).argmin()])
    return Cut(
        train=np.arange(cut),
        test=np.arange(cut, len(times)),
        words=f"the latest by {column}",
    )
