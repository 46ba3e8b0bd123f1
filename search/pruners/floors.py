"""Floors: per epoch, what the first fold of a trial has to reach.

Of the first fold alone: floors in every fold lose the best trial far more often, and
later folds are raced.
"""

from collections.abc import Callable, Sequence

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
    floors = _quantile(curves, 0.5)
    floors[: int(np.ceil(WARM_UP * curves.shape[1]))] = -np.inf
    return floors


def halving_floor(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what the best third had at the rungs: a ninth and a third of the epochs.

    Args:
        curves: As for `median_floor`.

    Source: Li et al. 2020, A System for Massively Parallel Hyperparameter Tuning,
    MLSys, algorithm 2 (ASHA), in its form that stops.
    """
    n_epochs = curves.shape[1]
    floors = np.full(n_epochs, -np.inf)
    at_rung = _quantile(curves, 1 - 1 / FACTOR)
    for power in (1, 2):
        rung = int(np.ceil(n_epochs / FACTOR**power))
        if rung < n_epochs:
            floors[rung - 1] = at_rung[rung - 1]
    return floors


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
        self._curves: dict[int, NDArray[np.float64]] = {}

    def floor(
        self, fold: int, epochs: int, known: Sequence[Trial]
    ) -> tuple[float, ...] | None:
        """Return per epoch the value below which the fold ends; None for never."""
        if fold != 0:
            return None
        curves = self._first_folds(epochs, known)
        if len(curves) < FROM_RESULTS:
            return None
        return tuple(self._rule(curves).tolist())

    def _first_folds(self, epochs: int, known: Sequence[Trial]) -> NDArray[np.float64]:
        """Return the best so far at each epoch of each first fold that has ended."""
        table = self._curves.get(epochs, np.empty((0, epochs)))
        unread = known[len(table) :]
        new = np.full((len(unread), epochs), np.nan)
        for row, trial in zip(new, unread, strict=True):
            curve = self._curve(trial, epochs)
            row[: len(curve)] = np.maximum.accumulate(curve) if curve else curve
        if len(new):
            table = self._curves[epochs] = np.concatenate([table, new])
        table = table[: len(known)]
        return table[~np.isnan(table[:, 0])]

    def _curve(self, trial: Trial, epochs: int) -> list[float]:
        if trial.epochs != epochs or trial.copy_of is not None:
            return []
        first = next((fold for fold in trial.folds if fold.fold == 0), None)
        if first is None:
            return []
        curve = [
            self._metric.sign(v) for v in first.curves[f"val_{self._metric.curve}"]
        ]
        return curve if np.isfinite(curve).all() else []


def _quantile(curves: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Return a quantile at each epoch, -inf where there are too few results."""
    floors = np.full(curves.shape[1], -np.inf)
    enough = (~np.isnan(curves)).sum(axis=0) >= FROM_RESULTS
    floors[enough] = np.nanquantile(curves[:, enough], share, axis=0)
    return floors
