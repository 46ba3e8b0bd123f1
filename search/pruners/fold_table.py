"""Fold scores of complete trials as one table that grows as trials end.

Nothing that is asked of it takes longer than one pass over an array, with 20,000
trials a few microseconds.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.metrics import Metric, fold_scores
from search.types import Trial


class FoldTable:
    """Scores by trial and fold, those of one number of epochs.

    What a decision may know is always a beginning of one list of ended trials; each
    trial is read once, however often it is asked for.

    Args:
        metric: The searched metric.
        n_folds: Folds of a complete trial.
        epochs: Epochs of the trials that are compared; others have an empty row.
    """

    def __init__(self, metric: Metric, *, n_folds: int, epochs: int) -> None:
        self._metric = metric
        self._epochs = epochs
        self._n = 0
        self._rows = np.full((64, n_folds), np.nan)
        self._means = np.full(64, -np.inf)
        self._sizes = np.zeros(64)
        # Of the first 0, 1, 2, ... trials: how many are complete, sums of their scores.
        self._counts = np.zeros(65, np.int64)
        self._sums = np.zeros((65, n_folds))

    def read(self, known: Sequence[Trial]) -> None:
        """Take in the trials not read yet.

        Args:
            known: Ended trials by number, from 0.
        """
        for trial in known[self._n :]:
            n = self._n
            if n == len(self._rows):
                for name in ("_rows", "_means", "_sizes", "_counts", "_sums"):
                    setattr(self, name, _longer(getattr(self, name)))
            self._rows[n], self._means[n] = np.nan, -np.inf
            self._sizes[n] = trial.n_parameters or 0
            self._counts[n + 1], self._sums[n + 1] = self._counts[n], self._sums[n]
            if trial.epoch is not None and trial.epochs == self._epochs:
                self._rows[n] = signed_scores(self._metric, trial, trial.epoch)
                self._means[n] = self._rows[n].mean()
                self._counts[n + 1] += 1
                self._sums[n + 1] += self._rows[n]
            self._n = n + 1

    def best(self, n: int, *, max_size: float = np.inf) -> int | None:
        """Return the best complete one of the first `n` trials, None without any.

        Args:
            n: At most as many as were read.
            max_size: Weights it may have.
        """
        means = np.where(self._sizes[:n] <= max_size, self._means[:n], -np.inf)
        best = int(means.argmax()) if n else 0
        return best if n and means[best] > -np.inf else None

    def scores(self, number: int) -> NDArray[np.float64]:
        """Return a complete trial's fold scores, float64 (folds,), higher is better."""
        row: NDArray[np.float64] = self._rows[number]
        return row

    def n_complete(self, n: int) -> int:
        """Return how many of the first `n` trials are complete."""
        return int(self._counts[n])

    def mean_scores(self, n: int) -> NDArray[np.float64]:
        """Return by fold the mean of the complete ones of the first `n` trials."""
        mean: NDArray[np.float64] = self._sums[n] / self._counts[n]
        return mean


def _longer(array: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([array, np.empty_like(array)])


def signed_scores(metric: Metric, trial: Trial, epoch: int) -> NDArray[np.float64]:
    """Return a trial's fold scores at an epoch, higher is better, float64 (folds,)."""
    scores = fold_scores(metric, [fold.curves for fold in trial.folds], epoch)
    return np.array([metric.sign(float(score)) for score in scores])
