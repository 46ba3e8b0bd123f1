"""The winner's score, corrected for its having been chosen as the best of many.

Two things were chosen by the scores: the trial, and its epoch. The trial's part is
estimated by a bootstrap over the rows or groups (from stored predictions), the epoch's
from the curves of the folds; both make the score worse by what choosing made it better.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from search.errors import TrackingError
from search.metrics import METRICS, Metric
from search.numbers import with_unit, write_score
from search.out_of_fold import OutOfFold
from search.scoring import rank
from search.selection_bias import RESAMPLES, bootstrap, epoch_bias, tibshirani_bias
from search.splitters import make_splitter
from search.types import Settings, Trial
from search.weighted_scores import row_values

LEVEL = 0.95
ARTIFACT = "winner.json"


@dataclass(frozen=True, kw_only=True)
class Winner:
    """The best complete trial and what its score is worth.

    Attributes:
        trial: Its number.
        n_trials: Complete trials it was chosen from; equal ones count once.
        score: Its score, the mean over folds at the common epoch.
        corrected: The same, corrected for the choice of trial and epoch; None where
            neither predictions nor a second fold tell anything.
        low: Lower end of the corrected score's 95 % interval over rows or groups, which
            does not know of other training rows; None without predictions.
        high: Upper end.
        epoch_part: Of the correction, what the choice of the epoch makes up.
        tibshirani: Corrected by the scores of folds alone; None for a single fold.
        resamples: Of the bootstrap; 0 where there are no predictions.
        grouped: Whether the bootstrap drew whole groups.
    """

    trial: int
    n_trials: int
    score: float
    corrected: float | None
    low: float | None
    high: float | None
    epoch_part: float
    tibshirani: float | None
    resamples: int
    grouped: bool = False  # as it was before groups were drawn

    def describe(self, settings: Settings) -> str:
        """Say it in two or three lines."""
        name = with_unit(settings.metrics[0], settings.unit)
        lines = [
            f"winner: trial {self.trial}, {name} {write_score(self.score)}, "
            f"the best of {_counted(self.n_trials)}"
        ]
        drawn, missing = "rows", "its predictions"
        if settings.groups is not None:
            drawn, missing = "groups", "its predictions, or its rows' groups,"
        if self.corrected is None:
            lines.append(
                f"not corrected for having been chosen: {missing} are not stored, "
                "and a single fold tells nothing by itself"
            )
            return "\n".join(lines)
        chosen = "trial and epoch" if settings.epoch == "best" else "trial"
        corrected = write_score(self.corrected, like=self.score)
        if self.low is None or self.high is None:
            lines.append(
                f"corrected for the choice of {chosen}: {corrected} (from the scores "
                f"of folds; {missing} are not stored)"
            )
            return "\n".join(lines)
        low, high = (write_score(end, like=self.score) for end in (self.low, self.high))
        lines.append(
            f"corrected for the choice of {chosen}: {corrected}, 95 % interval {low} "
            f"to {high} ({self.resamples:,} bootstraps of the {drawn})"
        )
        if self.tibshirani is not None:
            by_folds = write_score(self.tibshirani, like=self.score)
            lines.append(
                f"by the scores of folds alone {by_folds}, which corrects too much "
                "where folds are small"
            )
        return "\n".join(lines)


def find_winner(
    settings: Settings,
    trials: Sequence[Trial],
    predictions: Callable[[Trial], OutOfFold],
    *,
    resamples: int = RESAMPLES,
) -> Winner | None:
    """Find the best complete trial and correct its score.

    Trials that pruning cut short were never candidates, and copies of another trial
    add nothing to choose from: both are left out.

    Args:
        settings: The study's.
        trials: All of the study.
        predictions: Reads a trial's out-of-fold predictions; raises `TrackingError`
            where there are none.
        resamples: Of the bootstrap.

    Returns:
        None where no trial is complete.

    Source: Tsamardinos et al. 2018 (the trial's part, and the interval by percentiles
    of the same bootstrap); Tibshirani and Tibshirani 2009, for comparison.
    """
    metric = METRICS[settings.metrics[0]]
    ranked = [trial for trial in rank(metric, trials) if trial.copy_of is None]
    if not ranked:
        return None
    best = ranked[0]
    assert best.score is not None  # it is complete
    candidates = sorted(ranked, key=lambda trial: trial.number)
    curves = [_curve(metric, settings, trial) for trial in candidates]
    by_folds = None
    if len(best.folds) > 1:
        by_folds = best.score - metric.sign(tibshirani_bias(metric, curves))
    winner = Winner(
        trial=best.number,
        n_trials=len(candidates),
        score=best.score,
        corrected=by_folds,
        low=None,
        high=None,
        epoch_part=0.0,
        tibshirani=by_folds,
        resamples=0,
    )
    try:
        return _bootstrapped(
            winner, metric, settings, candidates, curves, predictions, resamples
        )
    except TrackingError:  # of an earlier version, damaged, or of other rows
        return winner


def _bootstrapped(
    winner: Winner,
    metric: Metric,
    settings: Settings,
    candidates: Sequence[Trial],
    curves: Sequence[Any],
    predictions: Callable[[Trial], OutOfFold],
    resamples: int,
) -> Winner:
    # One trial's predictions at a time: of them only a value a row is kept.
    first = predictions(candidates[0])
    if settings.groups is not None and first.group is None:
        raise TrackingError(
            f"trial {candidates[0].number}: its predictions must be stored with their "
            "rows' groups; single rows would tell of their left-out twins"
        )
    values = [row_values(metric, first.y, first.predictions)]
    for trial in candidates[1:]:
        found = predictions(trial)
        if not found.is_like(first):
            raise TrackingError(
                f"trial {trial.number}: its predictions must be of the same rows and "
                f"folds as trial {candidates[0].number}'s"
            )
        values.append(row_values(metric, found.y, found.predictions))
    drawn = bootstrap(
        metric,
        units=first.units,
        y=first.y,
        values=np.stack(values),
        resamples=resamples,
    )
    repeats = _repeats(settings)
    epoch_parts = np.array([epoch_bias(metric, curve, repeats) for curve in curves])
    epoch_part = float(epoch_parts[drawn.chosen].mean())
    # The score is a mean over folds, the bootstrap pools their rows: what a choice
    # gains is found in the one and taken from the other.
    best = metric.sign(float((metric.sign(1.0) * drawn.plain).max()))
    shift = winner.score - best - metric.sign(epoch_part)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn.left_out, [tail, 1 - tail])
    return replace(
        winner,
        corrected=float(drawn.left_out.mean()) + shift,
        low=float(low) + shift,
        high=float(high) + shift,
        epoch_part=epoch_part,
        resamples=len(drawn.left_out),
        grouped=first.group is not None,
    )


def winner_from_json(plain: Mapping[str, Any]) -> Winner:
    """Read a winner's fields from plain data.

    Raises:
        TrackingError: It is something else.
    """
    try:
        return Winner(**plain)
    except TypeError as error:
        raise TrackingError(
            f"{ARTIFACT}: must hold a winner's fields ({error}); was it written by "
            "another version?"
        ) from None


def winner_metrics(winner: Winner) -> dict[str, float]:
    """Return what is logged to the study's run; values that are known only."""
    named = {
        "best_score": winner.score,
        "best_score_corrected": winner.corrected,
        "best_score_low": winner.low,
        "best_score_high": winner.high,
    }
    return {
        name: value
        for name, value in named.items()
        if value is not None and math.isfinite(value)
    }


def _curve(metric: Metric, settings: Settings, trial: Trial) -> Any:
    """Return the scores among which an epoch was chosen, float64 (folds, epochs)."""
    curve = np.array(
        [fold.curves[f"val_{metric.curve}"] for fold in trial.folds], np.float64
    )
    return curve if settings.epoch == "best" else curve[:, -1:]


def _repeats(settings: Settings) -> list[int]:
    splitter = make_splitter(settings.cv, seed=0, stratified=False)
    # Drawn shares are no repetitions of one another: each is left out by itself.
    k = splitter.n_folds if splitter.share is not None else splitter.k
    return [number // k for number in range(splitter.n_folds)]


def _counted(n: int) -> str:
    return "one complete trial" if n == 1 else f"{n} complete trials"
