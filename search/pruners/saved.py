"""What pruning saved, in folds and epochs that were not trained."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from search.types import Trial, TrialState


@dataclass(frozen=True)
class Saving:
    """What was saved so far, counted trial by trial.

    Attributes:
        trials: Ended trials of the study's epochs; copies of other trials cost nothing
            and are left out.
        stopped: Of these, those that were stopped.
        trained: Folds of the stopped ones, each by the share of its epochs that was
            trained.
    """

    trials: int = 0
    stopped: int = 0
    trained: float = 0.0

    def after(self, trial: Trial) -> "Saving":
        """Count in a trial; one that runs or does not count changes nothing."""
        if trial.state is TrialState.RUNNING or trial.rung or trial.copy_of is not None:
            return self
        counted = replace(self, trials=self.trials + 1)
        if trial.state is not TrialState.STOPPED:
            return counted
        trained = self.trained + folds_trained(trial)
        return replace(counted, stopped=self.stopped + 1, trained=trained)

    def describe(self, n_folds: int) -> str | None:
        """Say it in words, None where nothing was saved.

        Args:
            n_folds: Folds of a whole trial.
        """
        missing = n_folds * self.stopped - self.trained
        if not missing:
            return None
        full = n_folds * self.trials
        return (
            f"stopped {self.stopped} of {self.trials} trials and saved "
            f"{missing:.0f} of {full} folds ({missing / full:.0%})"
        )


def describe_saved(pruner: str, trials: Sequence[Trial]) -> str | None:
    """Say in a line how many trials a pruner stopped and what that saved.

    Args:
        pruner: Its name.
        trials: The study's; at least one complete.

    Returns:
        None where nothing was saved.
    """
    saving = Saving()
    for trial in trials:
        saving = saving.after(trial)
    n_folds = max((len(t.folds) for t in trials if not t.rung), default=0)
    words = saving.describe(n_folds)
    return None if words is None else f"pruning ({pruner}) {words}"


def folds_trained(trial: Trial) -> float:
    """Return how many folds were trained; one that ended early counts by its epochs."""
    return sum(len(fold.curves["loss"]) / trial.epochs for fold in trial.folds)
