"""Whether a trial ends before its last fold: its folds judged one by one, in order."""

import time
from collections import Counter, deque
from dataclasses import dataclass, field, replace

from search.known import Known
from search.limits import reason_over
from search.protocols import Pruner
from search.scoring import failure_reason
from search.types import Settings, Trial, TrialState


@dataclass
class OpenTrial:
    """A trial that is not complete.

    Attributes:
        waiting: Folds nobody trains yet, in order.
        n_judged: Folds, from the first without a gap, that gave no reason to end.
        failures: Why folds failed, and weights of the model where that is why.
        died: Folds whose worker died once.
        lost: How often the place of a fold was lost.
        began: When it was opened in this process, `time.monotonic` seconds.
    """

    waiting: deque[int]
    n_judged: int = 0
    failures: dict[int, tuple[str, int | None]] = field(default_factory=dict)
    died: set[int] = field(default_factory=set)
    lost: Counter[int] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Judge:
    """Ends trials for what their folds show.

    Args:
        settings: The study's, with the limits of a trial.
        pruner: Decides what is not worth finishing.
    """

    settings: Settings
    pruner: Pruner

    def ended(self, trial: Trial, open_trial: OpenTrial, known: Known) -> Trial | None:
        """Return a trial as it ends at the first fold that shows a reason to.

        Other slots may have trained later ones before: these do not count then, or it
        would depend on the clock which trials end, and with what.

        Args:
            trial: With the folds that are trained, by number.
            open_trial: What else is known of it; folds without a reason are counted.
            known: The trials its proposal knew.

        Returns:
            Failed or stopped, without score; None where there is no reason yet.
        """
        while True:
            n = open_trial.n_judged
            if n in open_trial.failures:
                reason, n_parameters = open_trial.failures[n]
                return replace(
                    trial,
                    state=TrialState.FAILED,
                    reason=reason,
                    folds=trial.folds[:n],
                    n_parameters=n_parameters,
                )
            if n >= len(trial.folds) or trial.folds[n].fold != n:
                return None
            open_trial.n_judged += 1
            ended = self._decided(replace(trial, folds=trial.folds[: n + 1]), known)
            if ended is not None:
                return ended

    def _decided(self, trial: Trial, known: Known) -> Trial | None:
        seconds = sum(fold.seconds for fold in trial.folds)
        failed = failure_reason(trial.folds) or reason_over(seconds, self.settings)
        if failed:
            return replace(trial, state=TrialState.FAILED, reason=failed)
        stopped = _below_floor(trial) or self.pruner.stop_after(trial, known)
        if stopped:
            return replace(trial, state=TrialState.STOPPED, reason=stopped)
        return None


def _below_floor(trial: Trial) -> str | None:
    for fold in trial.folds:
        reached = len(fold.curves["loss"])
        if reached < trial.epochs:
            return f"fold {fold.fold} fell below its floor in epoch {reached}"
    return None
