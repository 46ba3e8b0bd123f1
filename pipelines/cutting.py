"""Cut rows into k parts, each of which is left out once: shuffled, by class and group.

The folds of a search and the outer folds of a nested one are cut here alike.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Parts = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Row numbers to learn from, and those that are left out."""

# scikit-learn's stratified group k-fold places group by group in a Python loop: 10 s
# for 60,000 groups. A multiple of the usual numbers of folds, so that bundles fall
# evenly into them.
_BUNDLES = 240


def k_parts(
    y: NDArray[Any],
    groups: NDArray[Any] | None,
    *,
    k: int,
    stratified: bool,
    generator: np.random.RandomState,
) -> Iterator[Parts]:
    """Yield k times what stays and what is left out.

    Args:
        y: Targets, (n,).
        groups: Group of each row, (n,): rows of one group stay together; or None.
        k: At least 2.
        stratified: Keep class shares, as evenly as the groups allow.
        generator: Shuffles the rows; moved on.

    Raises:
        ValueError: There are fewer rows, or groups, than parts.
    """
    from sklearn import model_selection as ms

    if groups is None:
        cut = ms.StratifiedKFold if stratified else ms.KFold
    else:
        cut = ms.StratifiedGroupKFold if stratified else ms.GroupKFold
        if stratified:
            groups = _bundle(y, groups, generator)
    yield from cut(n_splits=k, shuffle=True, random_state=generator).split(
        np.zeros(len(y)), y, groups
    )


def _bundle(
    y: NDArray[Any], groups: NDArray[Any], generator: np.random.RandomState
) -> NDArray[Any]:
    """Join rows that are alone in their group, at most `_BUNDLES` groups a class.

    What was together stays together; data of a few thousand rows stay as they are.
    """
    _, numbers, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    alone = np.flatnonzero(sizes[numbers] == 1)
    for each in np.unique(y[alone]):
        rows = alone[y[alone] == each]
        if len(rows) > _BUNDLES:
            for bundle in np.array_split(generator.permutation(rows), _BUNDLES):
                numbers[bundle] = numbers[bundle[0]]
    return numbers
