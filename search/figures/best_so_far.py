"""The best score that a search has found by each moment."""

from collections.abc import Callable, Sequence
from itertools import accumulate

from search.metrics import Metric
from search.types import Trial

PAUSE = 600.0
"""Seconds without any fold in training after which a study counts as interrupted; what
an engine takes to think is less."""


def best_so_far(metric: Metric, scores: Sequence[float]) -> list[float]:
    """Return the best of all scores up to each."""
    return list(accumulate(scores, max if metric.greater_is_better else min))


def study_minutes(trials: Sequence[Trial]) -> Callable[[float], float]:
    """Return the function from a time stamp to the minutes that a study had run.

    Counted from the beginning of the first fold. A pause of more than `PAUSE` is left
    out: a study that was resumed the next day did not take a day.

    Args:
        trials: Of one study, at least one with a fold; copies trained nothing.
    """
    folds = sorted(
        (fold.ended - fold.seconds, fold.ended)
        for trial in trials
        if trial.copy_of is None
        for fold in trial.folds
    )
    first, latest = folds[0]
    pauses = []
    for began, ended in folds:
        if began - latest > PAUSE:
            pauses.append((began, began - latest))
        latest = max(latest, ended)

    def minutes(stamp: float) -> float:
        lost = sum(length for end, length in pauses if end <= stamp)
        return (stamp - first - lost) / 60

    return minutes
