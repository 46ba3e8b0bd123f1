"""Floors: per epoch, what the first fold of a trial has to reach.

Of the first fold alone: floors in every fold lose the best trial far more often, and
later folds are raced.
"""

import threading
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from search.metrics import Metric
from search.types import Trial

FROM_RESULTS = 5
"""Results at an epoch from which on there is a floor."""

WARM_UP = 0.25
"""Share of the epochs without a floor: a low learning rate begins slowly."""

FACTOR = 3
"""Successive halving: one of so many trials goes on at each rung."""


def median_floor(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of what earlier trials had at each epoch, none at first.

    Args:
        curves: Float64 (trials, epochs), higher is better, NaN where a trial was
            stopped before.

    Source: `optuna.pruners.MedianPruner`; Golovin et al. 2017, Google Vizier, KDD,
    section 3.5.1.
    """
    n_epochs = curves.shape[1]
    return _quantile(curves, 0.5, range(int(np.ceil(WARM_UP * n_epochs)), n_epochs))


def halving_floor(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what the best third had at the rungs: a ninth and a third of the epochs.

    Args:
        curves: As for `median_floor`.

    Source: Li et al. 2020, A System for Massively Parallel Hyperparameter Tuning,
    MLSys, algorithm 2 (ASHA), in its form that stops.
    """
    n_epochs = curves.shape[1]
    rungs = [int(np.ceil(n_epochs / FACTOR**power)) for power in (1, 2)]
    return _quantile(
        curves, 1 - 1 / FACTOR, [rung - 1 for rung in rungs if rung < n_epochs]
    )


FLOORS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "median": median_floor,
    "asha": halving_floor,
}


class Floors:
    """Gives the first fold of a trial a floor made of the first folds before it.

    Args:
        metric: The searched metric.
        rule: A name in `FLOORS`.
    """

    def __init__(self, metric: Metric, *, rule: str) -> None:
        self._metric = metric
        self._rule = FLOORS[rule]
        self._tables: dict[int, _Curves] = {}

    def floor(
        self, fold: int, epochs: int, known: Sequence[Trial]
    ) -> tuple[float, ...] | None:
        """Return per epoch the value below which the fold ends; None for never."""
        if fold != 0:
            return None
        table = self._tables.setdefault(epochs, _Curves(self._metric, epochs))
        curves = table.of(known)
        if len(curves) < FROM_RESULTS:
            return None
        return tuple(self._rule(curves).tolist())


class _Curves:
    """First folds of trials of as many epochs: the best so far at each epoch.

    Each trial is read once, as in `search.pruners.fold_table`.
    """

    def __init__(self, metric: Metric, epochs: int) -> None:
        self._metric = metric
        self._epochs = epochs
        self._reading = threading.Lock()
        self._n_read = 0
        self._n_rows = [0]  # of the first 0, 1, 2, ... trials
        self._rows = np.empty((64, epochs))

    def of(self, known: Sequence[Trial]) -> NDArray[np.float64]:
        """Return a row for each trial that has one; NaN from where it was stopped."""
        with self._reading:
            for trial in known[self._n_read :]:
                self._take_in(self._curve(trial))
            return self._rows[: self._n_rows[len(known)]]

    def _take_in(self, curve: list[float]) -> None:
        n = self._n_rows[-1]
        if curve:
            if n == len(self._rows):
                self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
            self._rows[n] = np.nan
            self._rows[n, : len(curve)] = np.maximum.accumulate(curve)
        self._n_rows.append(n + bool(curve))
        self._n_read += 1

    def _curve(self, trial: Trial) -> list[float]:
        if trial.epochs != self._epochs or trial.copy_of is not None:
            return []
        first = next((fold for fold in trial.folds if fold.fold == 0), None)
        if first is None:
            return []
        curve = [
            self._metric.sign(v) for v in first.curves[f"val_{self._metric.curve}"]
        ]
        return curve if np.isfinite(curve).all() else []


def _quantile(
    curves: NDArray[np.float64], share: float, epochs: Iterable[int]
) -> NDArray[np.float64]:
    """Return a quantile at some epochs, -inf at others and where results are few."""
    floors = np.full(curves.shape[1], -np.inf)
    for epoch in epochs:
        reached = curves[~np.isnan(curves[:, epoch]), epoch]
        if len(reached) >= FROM_RESULTS:
            floors[epoch] = np.quantile(reached, share, overwrite_input=True)
    return floors
