"""From fold curves to one score per trial, and to what an engine is told."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search.known import RunningBest
from search.metrics import Metric, fold_scores
from search.types import Curves, FoldResult, Trial, TrialState


def mean_curve(folds: Sequence[FoldResult], name: str) -> NDArray[np.float64]:
    """Return the mean over folds of one curve, float64 (epochs,).

    Raises:
        ValueError: The curves differ in length.
    """
    values: NDArray[np.float64] = np.mean([fold.curves[name] for fold in folds], axis=0)
    return values


def mean_curves(folds: Sequence[FoldResult]) -> Curves:
    """Return the mean over folds of every curve."""
    return {name: mean_curve(folds, name).tolist() for name in folds[0].curves}


def common_epoch(metric: Metric, folds: Sequence[FoldResult], rule: str) -> int:
    """Return the epoch, from 1, at which all folds of a trial are scored.

    One epoch for all folds: the best of the mean curve, the earliest on ties, or
    the last. The best epoch of each fold by itself would be chosen on the rows it
    is scored on, once per fold, and read too well.

    Args:
        metric: The searched metric.
        folds: Complete folds of one trial, curves of equal length.
        rule: `best` or `last`.
    """
    curve = mean_curve(folds, f"val_{metric.curve}")
    if rule == "last":
        return len(curve)
    return int(np.argmax([metric.sign(value) for value in curve])) + 1


def mean_score(metric: Metric, folds: Sequence[FoldResult], epoch: int) -> float:
    """Return the mean over folds of the metric at an epoch, counted from 1."""
    return float(np.mean(fold_scores(metric, [f.curves for f in folds], epoch)))


def score_std(metric: Metric, folds: Sequence[FoldResult], epoch: int) -> float:
    """Return the standard deviation over folds (n - 1), NaN for a single fold."""
    values = fold_scores(metric, [f.curves for f in folds], epoch)
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan


def mean_and_error(scores: Sequence[float]) -> tuple[float, float | None]:
    """Return mean and its standard error over folds, None for a single fold."""
    n = len(scores)
    error = float(np.std(scores, ddof=1)) / math.sqrt(n) if n > 1 else None
    return float(np.mean(scores)), error


def generalization_gap(
    metric: Metric, folds: Sequence[FoldResult], epoch: int
) -> float:
    """Return how much worse validation is than training at an epoch.

    Positive when validation is worse, whatever the metric's direction.
    """
    train = mean_curve(folds, metric.curve)[epoch - 1]
    valid = mean_curve(folds, f"val_{metric.curve}")[epoch - 1]
    return float(metric.sign(train) - metric.sign(valid))


def failure_reason(folds: Sequence[FoldResult]) -> str | None:
    """Say where a value was not finite, or None when all are."""
    for fold in folds:
        wrong = not_finite(fold.curves)
        if wrong is not None:
            return f"fold {fold.fold}: {wrong}"
    return None


def not_finite(curves: Curves) -> str | None:
    """Name the first curve with a value that is not finite, and its epoch."""
    for name, curve in curves.items():
        for epoch, value in enumerate(curve, start=1):
            if not math.isfinite(value):
                return f"{name} is not finite in epoch {epoch}"
    return None


class Teller:
    """Finds what engines are told; see `told_value`.

    What a value may depend on is always a beginning of one list of ended trials; each
    trial is read once, however often it is asked for.

    Args:
        metric: The searched metric.
        dummy: Score of the predictor that ignores its inputs.
    """

    def __init__(self, metric: Metric, *, dummy: float) -> None:
        self._metric = metric
        self._dummy = metric.sign(dummy)
        self._n = 0
        self._worst: RunningBest[float] = RunningBest()
        self._incumbents: dict[int, RunningBest[Trial]] = {}

    def value(self, trial: Trial, known: Sequence[Trial]) -> float:
        """Return the one finite value the engine is told of an ended trial.

        Args:
            trial: The ended trial; `score` is set when it is complete.
            known: Ended trials by number, from 0.
        """
        metric = self._metric
        if trial.score is not None:
            return metric.sign(trial.score)
        self._read(known)
        worst = self._worst.before(len(known))
        peers = self._incumbents.get(trial.epochs)
        incumbent = None if peers is None else peers.before(len(known))
        if trial.state is TrialState.FAILED or incumbent is None or not trial.folds:
            return self._dummy if worst is None else worst
        assert incumbent.epoch is not None
        assert incumbent.score is not None
        theirs = {fold.fold: fold for fold in incumbent.folds}
        epoch = min(incumbent.epoch, *(len(f.curves["loss"]) for f in trial.folds))
        differences = [
            metric.sign(mean_score(metric, [fold], epoch))
            - metric.sign(mean_score(metric, [theirs[fold.fold]], epoch))
            for fold in trial.folds
        ]
        return metric.sign(incumbent.score) + float(np.mean(differences))

    def _read(self, known: Sequence[Trial]) -> None:
        for place, trial in enumerate(known[self._n :], start=self._n):
            if trial.told is not None:
                self._worst.offer(place, -trial.told, trial.told)
            if trial.score is not None:
                of_epochs = self._incumbents.setdefault(trial.epochs, RunningBest())
                of_epochs.offer(place, self._metric.sign(trial.score), trial)
        self._n = max(self._n, len(known))


def told_value(
    metric: Metric, trial: Trial, known: Sequence[Trial], *, dummy: float
) -> float:
    """Return the one finite value the engine is told, higher is better.

    Most engines ignore pruned and failed trials and fall back to random search
    when many are; so every trial gets a value:

    - complete: its score;
    - stopped: the incumbent's score plus the mean difference to it over the same
      folds at the same epoch; the incumbent is the best of as many epochs;
    - failed: the worst value told so far, or that of a predictor which ignores its
      inputs while nothing has been told.

    Args:
        metric: The searched metric.
        trial: The ended trial; `score` is set when it is complete.
        known: Ended trials the value may depend on.
        dummy: Score of the predictor that ignores its inputs.
    """
    return Teller(metric, dummy=dummy).value(trial, known)


def best_trial(metric: Metric, trials: Sequence[Trial]) -> Trial | None:
    """Return the best complete trial, the earliest on ties; None without any."""
    ranked = rank(metric, trials)
    return ranked[0] if ranked else None


def rank(metric: Metric, trials: Sequence[Trial]) -> list[Trial]:
    """Return the complete trials, best first, the earlier one first on ties.

    Those at fewer epochs than the study's are left out: their scores say something
    else.
    """
    complete = [t for t in trials if t.score is not None and not t.rung]
    return sorted(complete, key=lambda t: (-metric.sign(t.score or 0.0), t.number))
