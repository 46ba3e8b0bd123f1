"""What is logged of folds and trials: the names of metrics and their values.

A value is a name, a number and a step; curves have the epoch, from 1, as their step.
docs/reference.md says what each name means.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from search.diagnosis import diagnose, overconfidence
from search.metrics import METRICS
from search.scoring import (
    generalization_gap,
    mean_curves,
    mean_score,
    score_std,
)
from search.types import FoldResult, Settings, Trial, TrialState

Value = tuple[str, float, int]


def fold_values(result: FoldResult) -> list[Value]:
    """Return a fold's curves as `val_loss/fold_0`, and its time."""
    values: list[Value] = []
    for name, curve in result.curves.items():
        values += _steps(f"{name}/fold_{result.fold}", curve)
    values.append((f"seconds/fold_{result.fold}", result.seconds, 0))
    return values


def trial_values(settings: Settings, trial: Trial) -> list[Value]:
    """Return what is known of a trial beside its folds; no value is NaN.

    Args:
        settings: The study's.
        trial: In any state; of one that is open only what will not change.
    """
    metric = METRICS[settings.metrics[0]]
    values: list[Value] = []
    if trial.told is not None:
        values.append(("told", metric.sign(trial.told), 0))
    if trial.n_parameters is not None:
        values.append(("n_parameters", trial.n_parameters, 0))
    if not trial.folds or trial.state is TrialState.RUNNING:
        return values  # sums of an open trial would change: a second value
    values += [
        ("seconds", sum(fold.seconds for fold in trial.folds), 0),
        ("peak_memory_mb", max(fold.peak_memory_mb for fold in trial.folds), 0),
    ]
    if trial.score is None or trial.epoch is None:
        return values
    last = len(trial.folds[0].curves["loss"])
    values += [
        # Under another name where fewer epochs make it another thing: who sorts
        # by `score` compares like with like.
        ("rung_score" if trial.rung else "score", trial.score, 0),
        ("score_std", score_std(metric, trial.folds, trial.epoch), 0),
        ("gap", generalization_gap(metric, trial.folds, trial.epoch), 0),
        ("gap_last", generalization_gap(metric, trial.folds, last), 0),
        ("epochs", trial.epoch, 0),
    ]
    since = diagnose(trial.folds).since
    if since is not None:
        values.append(("overfit_since", since, 0))
    for name in settings.metrics:
        value = mean_score(METRICS[name], trial.folds, trial.epoch)
        values.append((f"score/{name}", value, 0))
    for name, curve in mean_curves(trial.folds).items():
        values += _steps(name, curve)
    return [value for value in values if not math.isnan(value[1])]


def calibration(settings: Settings, predictions: Path) -> list[Value]:
    """Return how overconfident a trial's out-of-fold probabilities are.

    Args:
        settings: The study's; a regression has no such value.
        predictions: The trial's file of predictions.
    """
    if METRICS[settings.metrics[0]].task != "classification":
        return []
    with np.load(predictions) as stored:
        value = overconfidence(stored["y"], stored["predictions"])
    return [("overconfidence", value, 0)]


def _steps(name: str, curve: Sequence[float]) -> Iterator[Value]:
    # MLflow would turn an infinite value into a huge finite one.
    return (
        (name, value if math.isfinite(value) else math.nan, epoch)
        for epoch, value in enumerate(curve, start=1)
    )
