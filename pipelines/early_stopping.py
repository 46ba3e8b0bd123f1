"""Early stopping as a technique: fewer epochs, chosen on rows of its own.

The rows that stop the training are a part of the fold's training rows. The fold's
validation rows never stop what they score, or the score would be chosen by them.

Source: Prechelt 1998, Early Stopping - But When?, in Neural Networks: Tricks of the
Trade; patience as in `keras.callbacks.EarlyStopping` with `restore_best_weights`.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.shipping import Networks

INNER_SHARE = 0.1
"""Share of the training rows that is set apart: few are lost to training, and the
log-loss of 1,000 rows still has a standard error of a few percent."""

INNER_SEED = 0  # part of the technique's definition: never a study's seed


def n_inner_rows(n_rows: int) -> int:
    """Return how many of so many training rows are set apart, at least 1."""
    return max(1, round(INNER_SHARE * n_rows))


def inner_rows(y: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cut training rows into those to learn from and those that stop the training.

    Args:
        y: Training targets, (n,) with n of at least 2; class numbers are stratified
            where each class has two rows.

    Returns:
        Positions in `y`, int64, ascending: about nine tenths and one tenth.
    """
    from sklearn.model_selection import train_test_split

    n_inner = n_inner_rows(len(y))
    stratify = None
    if y.dtype.kind in "iu":
        _, counts = np.unique(y, return_counts=True)
        if counts.min() >= 2 and n_inner >= len(counts):
            stratify = y
    learn, stop = train_test_split(
        np.arange(len(y)), test_size=n_inner, random_state=INNER_SEED, stratify=stratify
    )
    return np.sort(learn), np.sort(stop)


class BestSoFar:
    """Keeps the networks with the lowest loss on the inner rows.

    Args:
        predict: Predicts prepared rows.
        X: The inner rows, prepared.
        y: Their targets: class numbers (log-loss) or values (mean squared error).
        patience: Epochs without improvement after which nothing more is trained.
    """

    def __init__(self, predict: Any, X: Any, y: NDArray[Any], *, patience: int) -> None:
        self._predict = predict
        self._X, self._y = X, y
        self._patience = patience
        self._best = math.inf
        self._best_epoch = 0
        self._kept: Networks | None = None
        self.done = False

    def keep(self, model: Any, epoch: int, networks: Networks) -> Networks:
        """Return the best networks so far; ties keep the earlier ones."""
        loss = self._loss(self._predict(model, self._X))
        if loss < self._best or self._kept is None:
            self._best, self._best_epoch, self._kept = loss, epoch, networks
        self.done = epoch - self._best_epoch >= self._patience
        return self._kept

    def _loss(self, predictions: NDArray[np.float32]) -> float:
        if predictions.ndim == 1:
            return float(np.mean((predictions - self._y) ** 2))
        chosen = predictions[np.arange(len(self._y)), self._y]
        return float(-np.log(np.clip(chosen, 1e-15, None, dtype=np.float64)).mean())
