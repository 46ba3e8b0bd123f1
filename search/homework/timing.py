"""What one network of a homework costs, read off its first step."""

import statistics
from collections.abc import Sequence

from search.homework.plan import Cost
from search.types import FoldResult, Trial


def read_cost(
    trial: Trial, ladder: Sequence[Trial], *, n_train: int, workers: int
) -> Cost:
    """Read off the first step what one network takes.

    Of each trial the slowest fold compiled; of the trials the fastest did nothing else:
    the first ones also start processes and map the data.

    Args:
        trial: The network that the homework goes on with.
        ladder: All networks of the step.
        n_train: Training rows of a fold.
        workers: Networks trained at the same time.
    """
    starts = [max(f.seconds - _training(f) for f in t.folds) for t in ladder]
    return Cost(
        start=max(0.0, min(starts)),
        per_row=statistics.median(map(_training, trial.folds)) / n_train,
        workers=workers,
    )


def _training(fold: FoldResult) -> float:
    """Return the seconds of a fold's epochs, without compilation."""
    epochs = len(fold.epoch_seconds) * statistics.median(fold.epoch_seconds)
    return epochs + fold.measure_seconds
