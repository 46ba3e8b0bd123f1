"""What ends a study when it comes many times in a row."""

from collections.abc import Container, Iterable, Sequence

from search.limits import OVER
from search.types import Budget, Settings, Trial, TrialState

MAX_KNOWN = 50
"""So many proposals in a row that were evaluated before: the space is exhausted."""


class Streaks:
    """Counts failures and proposals that were evaluated before.

    Args:
        settings: A trial that needs more than they allow says nothing about whether
            trials can succeed: it neither counts nor ends a row.
        budget: Says how many failures in a row end the study.
    """

    def __init__(self, settings: Settings, budget: Budget) -> None:
        self._settings = settings
        self._max_failures = budget.max_failures
        self._failures = 0
        self._known = 0

    def take_up(self, trials: Sequence[Trial], *, but: Container[int]) -> None:
        """Count anew from the trials of a study that goes on.

        After a crash the rows go on; after a stop because of a full row, another one
        is allowed.

        Args:
            trials: All so far, in the order of their numbers.
            but: Numbers of those that `trial_ended` hears of later.
        """
        failures = _last_in_a_row(
            trial.state is TrialState.FAILED
            for trial in trials
            if trial.state is not TrialState.RUNNING
            and trial.number not in but
            and not self.was_refused(trial)
        )
        self._failures = failures % self._max_failures
        known = _last_in_a_row(trial.copy_of is not None for trial in trials)
        self._known = known % MAX_KNOWN

    def trial_ended(self, trial: Trial) -> str | None:
        """Count an ended trial; return why the study ends where the row is full."""
        if self.was_refused(trial):
            return None
        failed = trial.state is TrialState.FAILED
        self._failures = self._failures + 1 if failed else 0
        if self._failures < self._max_failures:
            return None
        return (
            f"study: {self._failures} trials in a row failed, the last because "
            f"{trial.reason}; mend the cause, then "
            f"'tunefold resume {self._settings.name}'"
        )

    def proposed(self, *, known: bool) -> str | None:
        """Count a proposal; return why nothing more is asked where the row is full."""
        self._known = self._known + 1 if known else 0
        if self._known < MAX_KNOWN:
            return None
        return (
            f"the last {MAX_KNOWN} proposals were evaluated before: the space is "
            "exhausted"
        )

    def was_refused(self, trial: Trial) -> bool:
        """Say whether a trial needs more weights, time or memory than allowed."""
        limit, size = self._settings.max_parameters, trial.n_parameters
        too_large = limit is not None and size is not None and size > limit
        return too_large or (trial.reason or "").startswith(OVER)


def _last_in_a_row(flags: Iterable[bool]) -> int:
    length = 0
    for flag in flags:
        length = length + 1 if flag else 0
    return length
