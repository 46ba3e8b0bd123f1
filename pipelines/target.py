"""The column to predict: classes or numbers, as asked for or guessed."""

from dataclasses import dataclass
from typing import Any, cast, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.pipeline import Task
from spaces.errors import DataError
from spaces.space import unknown

_FEW = 10
"""So many different whole numbers at most, none of them alone, are guessed to be
classes."""

_MAX_CLASSES = 1000


@dataclass(frozen=True, kw_only=True, eq=False)
class Target:
    """A target as a network takes it.

    Attributes:
        task: As asked for, or guessed.
        y: Class numbers int64 (n,), or values float64 (n,).
        classes: Names in the order of their numbers; empty for a regression.
        words: What it is and, where it was guessed, why.
    """

    task: Task
    y: NDArray[Any]
    classes: tuple[str, ...]
    words: str


def read_target(column: pd.Series, *, task: str | None) -> Target:
    """Turn a column without missing values into a target.

    Text, truth values and at most ten different whole numbers, each in two rows or
    more, are guessed to be classes, other numbers to be values.

    Args:
        column: Its name stands in messages.
        task: `classification`, `regression`, or None to guess.

    Returns:
        Class names are sorted: numbers as numbers, everything else as text.

    Raises:
        DataError: There is nothing to learn, a regression's target is no finite
            number, or a class has one row only.
    """
    name, where = column.name, f"--target {column.name}"
    if task not in (None, *get_args(Task)):
        raise DataError(f"--task: {unknown('task', str(task), list(get_args(Task)))}")
    distinct = column.nunique()
    if distinct < 2:
        raise DataError(
            f"{where}: must have at least 2 different values, got only "
            f"'{column.iloc[0]}'; choose another column"
        )
    guess, reason = _guess(column, distinct)
    chosen = cast(Task, task) if task else guess
    said = "" if task else f" (guessed: {reason}; --task says otherwise)"
    if chosen == "regression":
        return Target(
            task=chosen,
            y=_values(column, where),
            classes=(),
            words=f"regression of {name}{said}",
        )
    if distinct > _MAX_CLASSES:
        raise DataError(
            f"{where}: must have at most {_MAX_CLASSES:,} classes, got {distinct:,} "
            "different values; use --task regression, or another column"
        )
    y, classes = _class_numbers(column)
    counts = np.bincount(y)
    if counts.min() < 2:
        alone = [classes[i] for i in np.flatnonzero(counts < 2)[:5]]
        advice = (
            "use --task regression" if guess == "regression" else "leave such rows out"
        )
        raise DataError(
            f"{where}: each class needs at least 2 rows, one for training and one for "
            f"the test, got 1 of {', '.join(map(repr, alone))}; {advice}, join "
            "classes, or bring more rows"
        )
    return Target(
        task=chosen,
        y=y,
        classes=classes,
        words=f"classification of {name}, {len(classes)} classes{said}",
    )


def _guess(column: pd.Series, distinct: int) -> tuple[Task, str]:
    if pd.api.types.is_bool_dtype(column):
        return "classification", "yes or no"
    if not pd.api.types.is_numeric_dtype(column):
        return "classification", "text"
    whole = bool((column == column.round()).all())
    if whole and distinct <= _FEW and column.value_counts().min() >= 2:
        return "classification", f"{distinct} different whole numbers"
    return "regression", f"{distinct:,} different numbers"


def _values(column: pd.Series, where: str) -> NDArray[np.float64]:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if len(wrong):
        raise DataError(
            f"{where}: a regression needs finite numbers, got "
            f"'{column.iloc[wrong[0]]}' or the like in {len(wrong):,} of "
            f"{len(column):,} rows; mend or leave out these rows, or use --task "
            "classification"
        )
    return numbers


def _class_numbers(column: pd.Series) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values, y = np.unique(column.to_numpy(np.float64), return_inverse=True)
        return y.astype(np.int64), tuple(f"{value:g}" for value in values)
    names, y = np.unique(column.astype(str).to_numpy(object), return_inverse=True)
    return y.astype(np.int64), tuple(map(str, names))
