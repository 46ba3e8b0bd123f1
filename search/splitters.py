"""Splitters over scikit-learn, named by short texts such as `kfold:5`.

Every splitter is stratified for a classification. A seed without shuffling would
have no effect, so all of them shuffle.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.errors import SettingsError
from search.types import Fold
from spaces.space import unknown

FORMS = {
    "holdout": "holdout:SHARE, for example holdout:0.2",
    "kfold": "kfold:K, for example kfold:5",
    "repeated": "repeated:TIMES:K, for example repeated:2:3",
    "monte-carlo": "monte-carlo:TIMES:SHARE, for example monte-carlo:8:0.25",
}


@dataclass(frozen=True, kw_only=True)
class SklearnSplitter:
    """A scikit-learn splitter with a fixed seed.

    Attributes:
        n_folds: Folds it will yield.
        folds_per_repeat: After so many folds a new repetition begins.
        stratified: Whether class shares are kept.
        min_per_class: Rows that each class must have.
        text: The splitter as typed.
        make: Returns the scikit-learn splitter.
    """

    n_folds: int
    folds_per_repeat: int
    stratified: bool
    min_per_class: int
    text: str
    make: Callable[[], Any]

    def split(
        self,
        y: NDArray[Any],
        groups: NDArray[Any] | None = None,  # noqa: ARG002  (none of these uses them)
    ) -> Iterator[Fold]:
        """Yield the folds; see `search.protocols.Splitter`.

        Raises:
            SettingsError: There are fewer rows than folds, or a class has fewer
                rows than each fold needs one of.
        """
        self._check(y)
        rows = np.zeros(len(y))  # scikit-learn only looks at its length
        target = y if self.stratified else None
        try:
            pairs = list(self.make().split(rows, target))
        except ValueError as error:
            raise SettingsError(f"--cv {self.text}: {error}") from None
        for number, (train, valid) in enumerate(pairs):
            yield Fold(
                number=number,
                train=np.sort(train).astype(np.int64),
                valid=np.sort(valid).astype(np.int64),
                repeat=number // self.folds_per_repeat,
            )

    def _check(self, y: NDArray[Any]) -> None:
        if len(y) < self.min_per_class:
            raise SettingsError(
                f"--cv {self.text}: needs at least {self.min_per_class} rows, "
                f"got {len(y)}; use fewer folds"
            )
        if not self.stratified:
            return
        classes, counts = np.unique(y, return_counts=True)
        rarest = int(counts.argmin())
        if counts[rarest] < self.min_per_class:
            raise SettingsError(
                f"--cv {self.text}: each class needs at least "
                f"{self.min_per_class} rows, class {classes[rarest]} has "
                f"{counts[rarest]}; use fewer folds or more rows"
            )


def make_splitter(text: str, *, seed: int, stratified: bool) -> SklearnSplitter:
    """Read a splitter from its text.

    Args:
        text: One of the forms in `FORMS`.
        seed: Seed of the shuffling.
        stratified: Keep class shares; for classes only.

    Raises:
        SettingsError: The form is unknown or a number is out of range.

    Example:
        >>> make_splitter("repeated:2:3", seed=0, stratified=True).n_folds
        6
    """
    from sklearn import model_selection as ms

    name, *numbers = text.split(":")
    if name not in FORMS:
        raise SettingsError(f"--cv: {unknown('splitter', name, FORMS)}")
    if len(numbers) != FORMS[name].split(",")[0].count(":"):
        raise SettingsError(f"--cv: the form is {FORMS[name]}; got '{text}'")

    def splitter(
        cls: str, *, n_folds: int, per_repeat: int, min_per_class: int, **options: Any
    ) -> SklearnSplitter:
        name_of_class = f"Stratified{cls}" if stratified else cls
        return SklearnSplitter(
            n_folds=n_folds,
            folds_per_repeat=per_repeat,
            stratified=stratified,
            min_per_class=min_per_class,
            text=text,
            make=lambda: getattr(ms, name_of_class)(**options, random_state=seed),
        )

    if name == "kfold":
        k = _whole(text, numbers[0], least=2)
        return splitter(
            "KFold",
            n_folds=k,
            per_repeat=k,
            min_per_class=k,
            n_splits=k,
            shuffle=True,
        )
    if name == "repeated":
        times = _whole(text, numbers[0], least=1)
        k = _whole(text, numbers[1], least=2)
        cls = "RepeatedStratifiedKFold" if stratified else "RepeatedKFold"
        return SklearnSplitter(
            n_folds=times * k,
            folds_per_repeat=k,
            stratified=stratified,
            min_per_class=k,
            text=text,
            make=lambda: getattr(ms, cls)(
                n_splits=k, n_repeats=times, random_state=seed
            ),
        )
    times = 1 if name == "holdout" else _whole(text, numbers[0], least=1)
    return splitter(
        "ShuffleSplit",
        n_folds=times,
        per_repeat=1,
        min_per_class=2,
        n_splits=times,
        test_size=_share(text, numbers[-1]),
    )


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
