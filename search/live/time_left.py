"""How long a study still takes, from what its trials cost so far.

A trial that pruning stops costs a fold or two, one that it does not stop costs all. So
what a missing trial will cost is the mean of those that have ended. The latest weigh
most: pruning stops nothing before it has something to compare with, and samplers move
to networks of other sizes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

HALF_LIFE = 10
"""Trials after which one weighs half."""

ENOUGH = 3
"""Ended trials from which on a time is said, or a quarter of the budget's: the cost of
one says little about that of twenty others."""


@dataclass(frozen=True, kw_only=True)
class TimeLeft:
    """The time a study still takes.

    Attributes:
        seconds: About so long.
        at_most: Whether only the budget's minutes are known, so that it may be less.
    """

    seconds: float
    at_most: bool = False


class Costs:
    """What the ended trials of a study have cost, with weights that fade.

    Args:
        n_folds: Folds of a whole trial.
    """

    def __init__(self, n_folds: int) -> None:
        self._n_folds = n_folds
        self._fade = 0.5 ** (1 / HALF_LIFE)
        self._of_folds = [0.0] * (n_folds + 1)  # weight of trials by folds trained
        self._seconds = 0.0
        self.n = 0

    def add(self, *, folds: int, seconds: float) -> None:
        """Take in an ended trial.

        Args:
            folds: Folds trained of it, 0 for the copy of another one.
            seconds: Their time, one after the other.
        """
        self._of_folds = [weight * self._fade for weight in self._of_folds]
        self._of_folds[min(folds, self._n_folds)] += 1.0
        self._seconds = self._seconds * self._fade + seconds
        self.n += 1

    def seconds(self, *, missing: int, running: Iterable[int]) -> float:
        """Return the time in which one slot would train what is left.

        Args:
            missing: Trials that are not begun.
            running: Of each running trial, how many of its folds have ended.
        """
        trial = self._seconds / sum(self._of_folds)
        folds = sum(n * weight for n, weight in enumerate(self._of_folds))
        fold = self._seconds / folds if folds else trial / self._n_folds
        return missing * trial + fold * sum(map(self._more_folds, running))

    def _more_folds(self, done: int) -> float:
        """Return how many folds a trial will have after those that have ended."""
        further = [
            (n - done, weight)
            for n, weight in enumerate(self._of_folds)
            if n > done and weight
        ]
        if not further:
            return max(0, self._n_folds - done)
        return sum(n * w for n, w in further) / sum(w for _, w in further)


def time_left(
    costs: Costs,
    *,
    trials: int | None,
    minutes: float | None,
    running: Iterable[int],
    in_progress: float,
    gone: float,
    trained: float,
) -> TimeLeft | None:
    """Say how long a study still takes, None while too little is known.

    Args:
        costs: Of the trials that have ended.
        trials: Trials of the budget, None for no limit.
        minutes: Minutes of the budget, None for no limit.
        running: Of each running trial, how many of its folds have ended.
        in_progress: Seconds for which running folds have been trained, all together.
        gone: Seconds since this session of the study began.
        trained: Seconds of the folds that ended in it, all together.
    """
    by_clock = None if minutes is None else max(0.0, minutes * 60 - gone)
    by_trials = None
    running = list(running)
    busy = trained + in_progress
    if trials is not None and costs.n >= min(ENOUGH, -(-trials // 4)) and busy:
        missing = max(0, trials - costs.n - len(running))
        work = costs.seconds(missing=missing, running=running) - in_progress
        # As many at a time, and as much between the folds, as until now.
        by_trials = max(0.0, work) * gone / busy
    if by_trials is None:
        if by_clock is None:
            return None
        return TimeLeft(seconds=by_clock, at_most=trials is not None)
    if by_clock is None:
        return TimeLeft(seconds=by_trials)
    return TimeLeft(seconds=min(by_clock, by_trials))
