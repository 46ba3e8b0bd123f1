"""What a search is going to do and about how long that takes, from a timed probe."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from search.fold_jobs import JobMaker
from search.types import Budget, FoldJob, FoldResult
from search.workers import Slot
from spaces.evaluation import ROWS
from spaces.space import SearchSpace

PROBE_EPOCHS = 2
"""The first epoch compiles, the second is a typical one."""

PROBE_ROWS = 6_400
"""Training rows of a probe: whole batches of any usual size, and enough of them. With
all rows a wide network would train half a minute for nothing but the time it takes."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one trial costs.

    Attributes:
        n_folds: Folds of a trial.
        epochs: Epochs of a fold.
        epoch_seconds: One epoch of the configuration to begin with.
        start_seconds: Compilation and preparation, once per trial.
        workers: Folds trained at the same time.
    """

    n_folds: int
    epochs: int
    epoch_seconds: float
    start_seconds: float
    workers: int

    @property
    def trial_seconds(self) -> float:
        """One trial in one slot."""
        return self.start_seconds + self.n_folds * self.epochs * self.epoch_seconds

    def describe(self, budget: Budget) -> str:
        """Say in one line how many trials that makes, or how long they take."""
        one = (
            f"{_count(self.n_folds, 'fold')} x {_count(self.epochs, 'epoch')} x "
            f"{self.epoch_seconds:.2g} s + {self.start_seconds:.2g} s to start = "
            f"about {_duration(self.trial_seconds)} a trial"
        )
        side_by_side = f", {self.workers} at a time" if self.workers > 1 else ""
        return f"{one}{side_by_side}: {self._total(budget)}"

    def _total(self, budget: Budget) -> str:
        rounds = math.inf
        if budget.trials is not None:
            rounds = math.ceil(budget.trials / self.workers) * self.trial_seconds
        if budget.minutes is None or rounds <= budget.minutes * 60:
            return f"{_count(budget.trials or 0, 'trial')} in about {_duration(rounds)}"
        fitting = int(budget.minutes * 60 / self.trial_seconds * self.workers)
        return f"about {_count(max(1, fitting), 'trial')} in {budget.minutes:g} minutes"


def probe(
    slot: Slot,
    jobs: JobMaker,
    space: SearchSpace,
    run_fold: Callable[[FoldJob], FoldResult],
) -> Plan:
    """Time two short epochs of the configuration to begin with on the first fold.

    An epoch's training takes as much longer as it has more rows.
    """
    settings = jobs.settings
    params = space.initial()
    rows = cast(int, params.get(ROWS, len(jobs.folds[0].train)))
    timed = min(rows, PROBE_ROWS)
    if timed < rows:
        params[ROWS] = timed
    job = jobs.make(params, 0, epochs=PROBE_EPOCHS)
    result = slot.run(run_fold, job, trial=-1)
    measuring = result.measure_seconds / PROBE_EPOCHS
    training = result.epoch_seconds[-1]
    return Plan(
        n_folds=jobs.n_folds,
        epochs=settings.epochs,
        epoch_seconds=training * rows / timed + measuring,
        start_seconds=max(0.0, result.seconds - PROBE_EPOCHS * (training + measuring)),
        workers=settings.workers,
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"
