"""Which training rows a study uses and how they fall into folds.

Study and workers call the same function, so that a job needs no row numbers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.groups import row_groups
from pipelines.part import Part
from search.errors import FatalError, SettingsError
from search.splitters import make_splitter, rows_digest
from search.types import Fold, FoldJob

# The folds that this process made last, and of what: half a megabyte.
_last: tuple[tuple[object, ...], list[Fold]] | None = None


def choose_rows(
    y: NDArray[Any],
    n_rows: int | None,
    *,
    seed: int,
    stratified: bool,
    latest: bool = False,
) -> NDArray[np.int64]:
    """Return the row numbers a study uses, ascending; all when `n_rows` is None.

    Args:
        y: All training targets, (n,).
        n_rows: How many.
        seed: Seed of the draw.
        stratified: Keep class shares; for classes only.
        latest: Take the last rows and draw none: the order of the rows is time.

    Raises:
        SettingsError: More rows are asked for than there are, or so few that a
            class would be lost.
    """
    if n_rows is None:
        return np.arange(len(y))
    if not 1 <= n_rows <= len(y):
        raise SettingsError(
            f"--rows: must lie between 1 and the {len(y)} training rows, got {n_rows}"
        )
    if n_rows == len(y) or latest:
        return np.arange(len(y) - n_rows, len(y))
    if stratified and len(y) - n_rows < len(np.unique(y)):
        return _all_but_a_few(y, len(y) - n_rows, seed=seed)
    from sklearn.model_selection import train_test_split

    try:
        chosen, _ = train_test_split(
            np.arange(len(y)),
            train_size=n_rows,
            random_state=seed,
            stratify=y if stratified else None,
        )
    except ValueError as error:
        raise SettingsError(f"--rows {n_rows}: {error}") from None
    return np.sort(chosen)


def _all_but_a_few(y: NDArray[Any], left_out: int, *, seed: int) -> NDArray[np.int64]:
    # scikit-learn refuses to stratify fewer rows than there are classes; here at
    # most one row of a class is left out, of random classes with a row to spare
    shuffled = np.random.default_rng(seed).permutation(len(y))
    _, firsts, counts = np.unique(y[shuffled], return_index=True, return_counts=True)
    spare = shuffled[np.sort(firsts[counts > 1])]
    if len(spare) < left_out:
        raise SettingsError(
            f"--rows {len(y) - left_out}: leaves out {left_out} rows, one of a class "
            f"each, but the classes with two or more are {len(spare)}; use all rows"
        )
    return np.delete(np.arange(len(y)), spare[:left_out])


def make_folds(
    y: NDArray[Any],
    cv: str,
    *,
    split_seed: int,
    n_rows: int | None,
    stratified: bool,
    groups: NDArray[Any] | None = None,
    classes: Sequence[str] = (),
) -> list[Fold]:
    """Return all folds of a study; row numbers count in the whole training part.

    Args:
        y: All training targets, (n,).
        cv: The splitter in words.
        split_seed: Seed of the chosen rows and of the splitter.
        n_rows: Use only that many rows, drawn at random; in the order of time
            the latest ones. None uses all.
        stratified: Keep class shares; for classes only.
        groups: Group of each row, (n,); rows of one group stay together.
        classes: Their names, for messages.

    Raises:
        SettingsError: The splitter or the number of rows does not fit the data.
    """
    splitter = make_splitter(
        cv, seed=split_seed, stratified=stratified, classes=classes
    )
    rows = choose_rows(
        y,
        n_rows,
        seed=split_seed,
        stratified=splitter.stratified,
        latest=splitter.in_order,
    )
    if groups is not None and len(groups) == len(y):  # otherwise the splitter objects
        groups = groups[rows]
    return [
        Fold(
            number=fold.number,
            train=rows[fold.train],
            valid=rows[fold.valid],
            repeat=fold.repeat,
        )
        for fold in splitter.split(y[rows], groups)
    ]


def find_fold(job: FoldJob, part: Part, *, stratified: bool) -> Fold:
    """Return the job's fold, made anew from the data and the job's words.

    Args:
        job: Names data, splitter and groups.
        part: The training data whose digest the job holds.
        stratified: Keep class shares; for classes only.

    Raises:
        FatalError: The rows are not those the study scored its other trials on.
    """
    global _last
    key = (
        *(job.data_digest, job.cv, job.split_seed, job.n_rows, job.groups),
        stratified,
    )
    if _last is None or _last[0] != key:
        folds = make_folds(
            np.asarray(part.y),
            job.cv,
            split_seed=job.split_seed,
            n_rows=job.n_rows,
            stratified=stratified,
            groups=row_groups(job.groups, part, digest=job.data_digest),
        )
        _last = (key, folds)
    fold = _last[1][job.fold]
    digest = rows_digest([fold])
    if digest != job.rows_digest:
        raise FatalError(
            f"fold {job.fold}: the rows must have the digest {job.rows_digest}, "
            f"got {digest}; another version of scikit-learn or NumPy splits "
            "differently: continue with the versions the study began with"
        )
    return fold
