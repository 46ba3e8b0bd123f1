"""Which trial is taken from a study: the best, or the smallest that is as good."""

from collections.abc import Sequence

from search.errors import SettingsError
from search.metrics import METRICS
from search.scoring import rank, score_std
from search.types import Settings, Trial

RULES = ("best", "one-se")
MIN_SCORES = 5
"""Scores from which on a standard error is worth acting upon: of two or three it is
hardly more than chance."""


def select(settings: Settings, trials: Sequence[Trial], rule: str) -> Trial | None:
    """Return the trial that a rule takes; None where no trial is complete.

    `one-se` takes the one with the fewest weights among those that are no more than
    one standard error worse than the best, the better one on ties. The error is the
    best trial's over folds, as if they were independent; as their training rows
    overlap, the true one is larger, so the rule is a convention and no test.

    Args:
        settings: The study's.
        trials: Some or all of the study, the best among them.
        rule: One of `RULES`.

    Raises:
        SettingsError: `one-se` has too few scores for a standard error.

    Source: Breiman, Friedman, Olshen, Stone 1984, Classification and Regression
    Trees, section 3.4.3.
    """
    metric = METRICS[settings.metrics[0]]
    ranked = rank(metric, trials)
    if not ranked or rule == "best":
        return ranked[0] if ranked else None
    best = ranked[0]
    assert best.score is not None  # it is complete
    assert best.epoch is not None
    n = len(best.folds)
    if n < MIN_SCORES:
        raise SettingsError(
            f"--select one-se: needs at least {MIN_SCORES} scores of folds, study "
            f"'{settings.name}' has {n} ({settings.cv}); take the best, or search with "
            "--cv kfold:5"
        )
    error = score_std(metric, best.folds, best.epoch) / n**0.5
    least = metric.sign(best.score) - error
    near = [trial for trial in ranked if metric.sign(trial.score or 0.0) >= least]
    return min(near, key=lambda trial: trial.folds[0].n_parameters)
