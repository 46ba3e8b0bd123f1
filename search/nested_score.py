"""What nested cross-validation found, as it is said and as a study's run keeps it."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from search.intervals import fold_interval
from search.metrics import METRICS
from search.numbers import write_score

VALID_OVER_TRAIN = "nested_valid_over_train"
"""Metric of a study's run, see `Nested`."""


@dataclass(frozen=True, kw_only=True)
class Nested:
    """What nested cross-validation found.

    Attributes:
        metric: The searched one.
        scores: Of each outer fold, its winner's score on the rows kept from it.
        valid_over_train: Rows kept from a fold over its training rows, the mean over
            folds.
    """

    metric: str
    scores: tuple[float, ...]
    valid_over_train: float

    @property
    def mean(self) -> float:
        """Mean over outer folds."""
        return float(np.mean(self.scores))

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the mean."""
        found = fold_interval(self.scores, [self.valid_over_train])
        assert found is not None  # there are two outer folds at least
        return METRICS[self.metric].clip(found)

    def describe(self) -> str:
        """Say it in one line."""
        n = len(self.scores)
        error = float(np.std(self.scores, ddof=1)) / math.sqrt(n)
        low, high = (write_score(end, like=self.mean) for end in self.interval)
        return (
            f"nested cross-validation: {self.metric} {write_score(self.mean)} "
            f"±{write_score(error, like=self.mean)} (standard error over {n} outer "
            f"folds), 95 % interval {low} to {high}: what such a search reaches on "
            "rows it never saw"
        )


def recorded_nested(study: Any) -> Nested | None:
    """Read what a nested search wrote to a study's run; None where there was none."""
    n_outer = int(study.data.metrics.get("nested_folds", 0))
    values = [study.data.metrics.get(f"nested/fold_{k}") for k in range(n_outer)]
    scores = tuple(value for value in values if value is not None)
    if n_outer < 2 or len(scores) < n_outer:
        return None
    # Earlier versions did not say: k parts of one size, of which one was left out.
    ratio = study.data.metrics.get(VALID_OVER_TRAIN, 1 / (n_outer - 1))
    return Nested(
        metric=study.data.tags["metric"], scores=scores, valid_over_train=ratio
    )
