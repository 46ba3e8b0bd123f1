"""A trial's out-of-fold predictions, put together when its last fold is there."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.fold_jobs import JobMaker
from search.prediction_files import PredictionFiles


def trial_predictions(
    kept: PredictionFiles,
    jobs: JobMaker,
    number: int,
    *,
    folds: Sequence[int],
    epoch: int,
) -> dict[str, NDArray[Any]]:
    """Return the predictions of a whole trial at one epoch, fold after fold.

    Args:
        kept: Holds each fold's predictions after every epoch.
        jobs: Know the folds, the targets and the groups.
        number: The trial's.
        folds: Numbers of its folds.
        epoch: Counted from 1.

    Returns:
        `rows` int64 (n,) into the training part, `fold` int64 (n,), `y` (n,) and
        `predictions` float32 (n, n_outputs), or (n,) for values; where the study keeps
        groups together `group` int64 (n,).
    """
    of_trial = [jobs.folds[fold] for fold in folds]
    rows = np.concatenate([fold.valid for fold in of_trial])
    predicted = [kept.of_fold(number, fold.number)[epoch - 1] for fold in of_trial]
    arrays = {
        "rows": rows,
        "fold": np.repeat(
            [fold.number for fold in of_trial], [len(fold.valid) for fold in of_trial]
        ),
        "y": jobs.y[rows],
        "predictions": np.concatenate(predicted),
    }
    return arrays if jobs.groups is None else arrays | {"group": jobs.groups[rows]}
