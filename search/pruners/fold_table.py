"""Fold scores of complete trials as one table that grows as trials end."""

from collections.abc import Sequence

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

    def of(self, known: Sequence[Trial]) -> NDArray[np.float64]:
        """Return the scores of these trials, at each one's common epoch.

        Args:
            known: Ended trials by number, from 0.

        Returns:
            Float64 (trials, folds), higher is better; NaN for a trial that is not
            complete or of another number of epochs.
        """
        for trial in known[self._n :]:
            if self._n == len(self._rows):
                empty = np.full_like(self._rows, np.nan)
                self._rows = np.concatenate([self._rows, empty])
            if trial.epoch is not None and trial.epochs == self._epochs:
                self._rows[self._n] = signed_scores(self._metric, trial, trial.epoch)
            self._n += 1
        return self._rows[: len(known)]


def signed_scores(metric: Metric, trial: Trial, epoch: int) -> NDArray[np.float64]:
    """Return a trial's fold scores at an epoch, higher is better, float64 (folds,)."""
    scores = fold_scores(metric, [fold.curves for fold in trial.folds], epoch)
    return np.array([metric.sign(float(score)) for score in scores])
