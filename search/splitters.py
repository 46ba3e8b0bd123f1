"""Splitters over scikit-learn, named by short texts such as `kfold:5`.

A seed without shuffling would have no effect, so all of them shuffle, and all are
stratified for a classification: except for time, where the order of the rows is kept.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.cutting import Parts, k_parts
from search.errors import SettingsError
from search.types import Fold
from spaces.space import unknown

FORMS = {
    "holdout": "holdout:SHARE, for example holdout:0.2",
    "kfold": "kfold:K, for example kfold:5",
    "repeated": "repeated:TIMES:K, for example repeated:2:3",
    "monte-carlo": "monte-carlo:TIMES:SHARE, for example monte-carlo:8:0.25",
    "group": "group:K, for example group:5, with --groups",
    "time-series": "time-series:K, for example time-series:5",
}


@dataclass(frozen=True, kw_only=True)
class SklearnSplitter:
    """A scikit-learn splitter with a fixed seed.

    Attributes:
        text: The splitter as typed.
        name: One of the names in `FORMS`.
        seed: Seed of the shuffling.
        stratified: Whether class shares are kept.
        times: Repetitions.
        k: Folds of each repetition.
        share: Validation share where rows are drawn and not cut into k folds.
        classes: Their names, for messages; empty: their numbers are said.
    """

    text: str
    name: str
    seed: int
    stratified: bool
    times: int = 1
    k: int = 1
    share: float | None = None
    classes: Sequence[str] = ()

    @property
    def n_folds(self) -> int:
        """Folds it will yield."""
        return self.times * self.k

    @property
    def in_order(self) -> bool:
        """Whether the rows' order is time: kept, and nothing else looked at."""
        return self.name == "time-series"

    def split(
        self, y: NDArray[Any], groups: NDArray[Any] | None = None
    ) -> Iterator[Fold]:
        """Yield the folds; see `search.protocols.Splitter`.

        With groups, shares are shares of the groups, and classes are kept as
        evenly as the groups allow (k folds) or not looked at (drawn shares).

        Raises:
            SettingsError: There are fewer rows or groups than folds, a class has
                fewer rows than each fold needs one of or all in one fold's groups,
                or the splitter needs groups or can use none.
        """
        self._check_rows(y)
        self._check_groups(y, groups)
        try:
            parts = list(self._parts(y, groups))
        except ValueError as error:
            raise SettingsError(f"--cv {self.text}: {error}") from None
        for number, (train, valid) in enumerate(parts):
            if self.stratified and groups is not None:
                self._check_classes(y[train], y[valid], number)
            yield Fold(
                number=number,
                train=np.sort(train).astype(np.int64),
                valid=np.sort(valid).astype(np.int64),
                repeat=number // self.k,
            )

    def _parts(self, y: NDArray[Any], groups: NDArray[Any] | None) -> Iterator[Parts]:
        from sklearn import model_selection as ms
        from sklearn.utils import check_random_state

        rows = np.zeros(len(y))  # scikit-learn only looks at its length
        if self.in_order:
            yield from ms.TimeSeriesSplit(self.k).split(rows)
        elif self.share is not None:
            plain = ms.StratifiedShuffleSplit if self.stratified else ms.ShuffleSplit
            cut = plain if groups is None else ms.GroupShuffleSplit
            yield from cut(
                n_splits=self.times, test_size=self.share, random_state=self.seed
            ).split(rows, y, groups)
        else:
            # one generator for all repetitions, as in scikit-learn's RepeatedKFold
            generator = check_random_state(self.seed)
            for _ in range(self.times):
                yield from k_parts(
                    y,
                    groups,
                    k=self.k,
                    stratified=self.stratified,
                    generator=generator,
                )

    def _check_rows(self, y: NDArray[Any]) -> None:
        least = self.k + 1 if self.in_order else max(2, self.k)
        if len(y) < least:
            raise SettingsError(
                f"--cv {self.text}: needs at least {least} rows, "
                f"got {len(y)}; use fewer folds"
            )
        if not self.stratified:
            return
        classes, counts = np.unique(y, return_counts=True)
        rarest = int(counts.argmin())
        if counts[rarest] < least:
            raise SettingsError(
                f"--cv {self.text}: each class needs at least "
                f"{least} rows, class {self._named(classes[rarest])} has "
                f"{counts[rarest]}; use fewer folds or more rows"
            )

    def _check_groups(self, y: NDArray[Any], groups: NDArray[Any] | None) -> None:
        if groups is None:
            if self.name == "group":
                raise SettingsError(
                    f"--cv {self.text}: the rows have no groups; add --groups "
                    "duplicates, or use a pipeline whose data has groups"
                )
            return
        if self.in_order:
            raise SettingsError(
                f"--cv {self.text}: keeps the rows' order, not groups together, got "
                "groups; leave out --groups, or use group:K"
            )
        if len(groups) != len(y):
            raise SettingsError(
                f"groups: need one number for each of the {len(y)} rows, so never "
                f"more groups than rows, got {len(groups)}; mend the pipeline's data"
            )
        least, n_groups = max(2, self.k), len(np.unique(groups))
        if n_groups < least:
            raise SettingsError(
                f"--cv {self.text}: needs at least {least} groups, got {n_groups}; "
                "use fewer folds or data with more groups"
            )

    def _named(self, number: int) -> str:
        return self.classes[number] if self.classes else str(number)

    def _check_classes(
        self, train: NDArray[Any], valid: NDArray[Any], number: int
    ) -> None:
        lost = np.setdiff1d(valid, train)
        if len(lost):
            name = self._named(lost[0])
            raise SettingsError(
                f"--cv {self.text}: class {name} has no training row in fold "
                f"{number}, for its groups all fell to the other side; use another "
                "--split-seed or data with more groups of that class"
            )


def default_cv(groups: str | None) -> str:
    """Return the splitter of a study that asked for none.

    Args:
        groups: Which rows stay together, a name in `pipelines.groups.KINDS`, or None.
    """
    return "kfold:5" if groups is None else "group:5"


def make_splitter(
    text: str, *, seed: int, stratified: bool, classes: Sequence[str] = ()
) -> SklearnSplitter:
    """Read a splitter from its text.

    Args:
        text: One of the forms in `FORMS`.
        seed: Seed of the shuffling; of no effect on the order of time.
        stratified: Keep class shares; for classes only. Time is never stratified.
        classes: Their names, for messages.

    Raises:
        SettingsError: The form is unknown or a number is out of range.

    Example:
        >>> make_splitter("repeated:2:3", seed=0, stratified=True).n_folds
        6
    """
    name, *numbers = text.split(":")
    if name not in FORMS:
        raise SettingsError(f"--cv: {unknown('splitter', name, FORMS)}")
    if len(numbers) != FORMS[name].split(",")[0].count(":"):
        raise SettingsError(f"--cv: the form is {FORMS[name]}; got '{text}'")
    times = _whole(text, numbers[0], least=1) if len(numbers) == 2 else 1
    draws = name in ("holdout", "monte-carlo")
    return SklearnSplitter(
        text=text,
        name=name,
        seed=seed,
        stratified=stratified and name != "time-series",
        classes=classes,
        times=times,
        k=1 if draws else _whole(text, numbers[-1], least=2),
        share=_share(text, numbers[-1]) if draws else None,
    )


def nominal_ratios(cv: str) -> list[float]:
    """Return each fold's validation rows over its training rows, from the splitter.

    Folds of a number of rows that does not divide evenly are off by a row, those of
    groups by a group; see `search.fold_sizes` where the sizes are known.

    Example:
        >>> nominal_ratios("kfold:5")[:2], nominal_ratios("monte-carlo:2:0.2")
        ([0.25, 0.25], [0.25, 0.25])
    """
    splitter = make_splitter(cv, seed=0, stratified=False)
    if splitter.in_order:  # the training part grows by one validation part a fold
        return [1 / fold for fold in range(1, splitter.k + 1)]
    share = splitter.share or 1 / splitter.k
    return [share / (1 - share)] * splitter.n_folds


def rows_digest(folds: list[Fold]) -> str:
    """Return 16 hex digits that are equal for equal row numbers only."""
    digest = hashlib.sha256()
    for fold in folds:
        for rows in (fold.train, fold.valid):
            digest.update(len(rows).to_bytes(8, "little"))
            digest.update(np.ascontiguousarray(rows, dtype="<i8").tobytes())
    return digest.hexdigest()[:16]


def _whole(text: str, number: str, *, least: int) -> int:
    if not number.isdecimal() or int(number) < least:
        raise SettingsError(
            f"--cv {text}: must be a whole number of at least {least}, got '{number}'"
        )
    return int(number)


def _share(text: str, number: str) -> float:
    try:
        share = float(number)
    except ValueError:
        share = float("nan")
    if not 0 < share < 1:
        raise SettingsError(
            f"--cv {text}: the validation share must lie between 0 and 1, "
            f"got '{number}'"
        )
    return share
