"""A pipeline over the training rows of one outer fold, for nested cross-validation.

Its training part is what the whole pipeline's training part keeps when one of k folds
is taken away; that fold is its test part. So a search on it, and a rerun of its winner,
are an ordinary search and an ordinary rerun, and no row that scores the winner was seen
by the search. The whole pipeline's own test part is never touched.
"""

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.cutting import k_parts
from pipelines.groups import row_groups
from pipelines.part import Part, PartName, digest
from pipelines.pipeline import Pipeline
from spaces.errors import DataError

TIME, ROWS = "time", "rows"
"""What an outer fold is cut by, beside the kinds of groups in `pipelines.groups`."""

_FORM = re.compile(r"outer:(\d+)/(\d+):(\d+)(?:,(\w+))?:(.+)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Outer:
    """Which outer fold of which pipeline, as `outer:FOLD/OF:SEED,BY:PIPELINE`.

    Attributes:
        fold: Number of the fold that is taken away, from 0.
        of: Outer folds in all.
        seed: Of their shuffling.
        word: Names the whole pipeline.
        by: What is kept together: `TIME` for the order of the rows, `ROWS` for
            nothing, or a kind of groups. None, as in words of earlier versions: what
            the pipeline and its data say by themselves.

    Example:
        >>> read_outer("outer:0/3:7,duplicates:digits")
        Outer(fold=0, of=3, seed=7, word='digits', by='duplicates')
    """

    fold: int
    of: int
    seed: int
    word: str
    by: str | None = None

    def __str__(self) -> str:
        """Write the word that names this pipeline."""
        by = "" if self.by is None else f",{self.by}"
        return f"outer:{self.fold}/{self.of}:{self.seed}{by}:{self.word}"


def read_outer(word: str) -> Outer | None:
    """Take a word apart; None for any other pipeline.

    Raises:
        DataError: There is no such fold.
    """
    found = _FORM.fullmatch(word)
    if found is None:
        return None
    fold, of, seed = (int(number) for number in found.groups()[:3])
    if of < 2 or fold >= of:
        raise DataError(
            f"{word}: outer folds are at least 2 and counted from 0, got {fold} of {of}"
        )
    return Outer(fold=fold, of=of, seed=seed, word=found[5], by=found[4])


def outer_pipeline(outer: Outer, whole: Pipeline) -> Pipeline:
    """Return the pipeline whose test part is the outer fold."""

    def load(part: PartName) -> Part:
        data = whole.load("train")
        train, test = _cut(outer, whole, data)
        rows = train if part == "train" else test
        return Part(
            np.asarray(data.X)[rows],
            np.asarray(data.y)[rows],
            source=f"{data.source}; outer fold {outer.fold + 1} of {outer.of}",
            groups=None if data.groups is None else np.asarray(data.groups)[rows],
        )

    return replace(whole, load=load)


def _cut(
    outer: Outer, whole: Pipeline, data: Part
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    from sklearn.model_selection import TimeSeriesSplit
    from sklearn.utils import check_random_state

    by = outer.by or _by_data(whole, data)
    if by == TIME:
        cuts = TimeSeriesSplit(outer.of).split(np.zeros(len(data.y)))
    else:
        kind = None if by == ROWS else by
        cuts = k_parts(
            data.y,
            row_groups(kind, data, digest=digest(data) if kind else ""),
            k=outer.of,
            stratified=whole.task == "classification",
            generator=check_random_state(outer.seed),
        )
    try:
        train, test = list(cuts)[outer.fold]
    except ValueError as error:
        raise DataError(f"--nested {outer.of}: {error}") from None
    return np.sort(train), np.sort(test)


def _by_data(whole: Pipeline, data: Part) -> str:
    if whole.in_order:
        return TIME
    return ROWS if data.groups is None else "pipeline"
