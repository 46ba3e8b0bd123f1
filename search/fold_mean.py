"""Score many predictions of the same rows quickly, as choosing an ensemble does.

scikit-learn checks its arguments for longer than it counts: 2.5 ms for the accuracy of
12,000 rows, five times in each of the thousands of ensembles that are tried. What looks
at labels alone is computed here from a table of counts, made for all folds at once.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.metrics import Metric

Counts = NDArray[np.int64]
"""Rows by class and predicted class, (n_classes, n_classes)."""


class FoldMean:
    """The mean over folds of a metric, as in a leaderboard.

    Args:
        metric: Any one of `search.metrics`.
        y: Targets, (n,).
        fold: The fold of each row, (n,).
    """

    def __init__(
        self, metric: Metric, y: NDArray[Any], fold: NDArray[np.int64]
    ) -> None:
        self._metric = metric
        self._y = y
        numbers, self._place = np.unique(fold, return_inverse=True)
        self._folds = [np.flatnonzero(fold == number) for number in numbers]
        self._of_counts = _OF_COUNTS.get(metric.name)

    def __call__(self, predictions: NDArray[np.float32]) -> float:
        """Return the mean, turned so that higher is better.

        Args:
            predictions: Probabilities (n, n_classes), or values (n,).
        """
        return self._metric.sign(float(np.mean(self.by_fold(predictions))))

    def by_fold(self, predictions: NDArray[np.float32]) -> tuple[float, ...]:
        """Return the metric's value in each fold, in the order of their numbers."""
        if self._of_counts is None:
            score = self._metric.function
            return tuple(score(self._y[f], predictions[f]) for f in self._folds)
        n_folds, n = len(self._folds), predictions.shape[1]
        cells = (self._place * n + self._y) * n + predictions.argmax(axis=1)
        counts = np.bincount(cells, minlength=n_folds * n * n).reshape(n_folds, n, n)
        return tuple(self._of_counts(each) for each in counts)


def _accuracy(counts: Counts) -> float:
    return float(np.trace(counts) / counts.sum())


def _balanced_accuracy(counts: Counts) -> float:
    of_class = counts.sum(axis=1)
    there = of_class > 0
    return float(np.mean(np.diag(counts)[there] / of_class[there]))


def _f1_macro(counts: Counts) -> float:
    both = counts.sum(axis=0) + counts.sum(axis=1)
    there = both > 0  # a class that is neither in the rows nor predicted has no F1
    return float(np.mean(2 * np.diag(counts)[there] / both[there]))


_OF_COUNTS: dict[str, Callable[[Counts], float]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "f1_macro": _f1_macro,
}
"""By the metric's name; the others are taken as they are."""
