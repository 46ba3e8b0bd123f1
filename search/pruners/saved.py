"""What pruning saved, in folds and epochs that were not trained."""

from collections.abc import Sequence

from search.types import Trial, TrialState


def describe_saved(pruner: str, trials: Sequence[Trial]) -> str | None:
    """Say in a line how many trials a pruner stopped and what that saved.

    Folds count by the epochs that were trained of them; copies of other trials cost
    nothing and are left out.

    Args:
        pruner: Its name.
        trials: The study's; at least one complete.

    Returns:
        None where nothing was saved.
    """
    ended = [t for t in trials if t.state is not TrialState.RUNNING and not t.rung]
    own = [t for t in ended if t.copy_of is None]
    stopped = [t for t in own if t.state is TrialState.STOPPED]
    n_folds = max((len(t.folds) for t in own), default=0)
    full = n_folds * len(own)
    missing = sum(n_folds - _folds(trial) for trial in stopped)
    if not missing:
        return None
    return (
        f"pruning ({pruner}) stopped {len(stopped)} of {len(own)} trials and saved "
        f"{missing:.0f} of {full} folds ({missing / full:.0%})"
    )


def _folds(trial: Trial) -> float:
    return sum(len(fold.curves["loss"]) / trial.epochs for fold in trial.folds)
