"""A pipeline over the training rows of one outer fold, for nested cross-validation.

Its training part is what the whole pipeline's training part keeps when one of k folds
is taken away; that fold is its test part. So a search on it, and a rerun of its winner,
are an ordinary search and an ordinary rerun, and no row that scores the winner was seen
by the search. The whole pipeline's own test part is never touched.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.part import Part, PartName
from pipelines.pipeline import Pipeline
from spaces.errors import DataError

_FORM = re.compile(r"outer:(\d+)/(\d+):(\d+):(.+)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Outer:
    """Which outer fold of which pipeline; written as `outer:FOLD/OF:SEED:PIPELINE`.

    Attributes:
        fold: Number of the fold that is taken away, from 0.
        of: Outer folds in all.
        seed: Of their shuffling.
        word: Names the whole pipeline.

    Example:
        >>> read_outer("outer:0/3:7:digits")
        Outer(fold=0, of=3, seed=7, word='digits')
    """

    fold: int
    of: int
    seed: int
    word: str

    def __str__(self) -> str:
        """Write the word that names this pipeline."""
        return f"outer:{self.fold}/{self.of}:{self.seed}:{self.word}"


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
    return Outer(fold=fold, of=of, seed=seed, word=found[4])


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
    from sklearn import model_selection as ms

    stratified = whole.task == "classification"
    shuffled: dict[str, Any] = {"shuffle": True, "random_state": outer.seed}
    cutter: Any
    if whole.in_order:
        cutter = ms.TimeSeriesSplit(outer.of)
    elif data.groups is not None:
        kind = ms.StratifiedGroupKFold if stratified else ms.GroupKFold
        cutter = kind(outer.of, **shuffled)
    else:
        plain = ms.StratifiedKFold if stratified else ms.KFold
        cutter = plain(outer.of, **shuffled)
    try:
        cuts = list(cutter.split(np.zeros(len(data.y)), data.y, data.groups))
    except ValueError as error:
        raise DataError(f"--nested {outer.of}: {error}") from None
    train, test = cuts[outer.fold]
    return np.sort(train), np.sort(test)
