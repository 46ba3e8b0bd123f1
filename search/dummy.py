"""The predictor that ignores its inputs: what every model has to beat."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.metrics import METRICS, score_all
from search.types import Fold


def dummy_scores(
    metrics: Sequence[str], y: NDArray[Any], folds: Sequence[Fold], n_outputs: int
) -> dict[str, float]:
    """Return the mean over folds of each metric for a constant prediction.

    Classes are predicted by their shares among the fold's training rows, so that the
    label is the commonest class; values by the mean of the training rows.

    Args:
        metrics: Names of metrics, all of one task.
        y: All training targets, (n,).
        folds: Row numbers count in `y`.
        n_outputs: Classes, or 1 for a regression.
    """
    scores = [_fold_scores(metrics, y, fold, n_outputs) for fold in folds]
    return {
        name: float(np.mean([score[METRICS[name].curve] for score in scores]))
        for name in metrics
    }


def _fold_scores(
    metrics: Sequence[str], y: NDArray[Any], fold: Fold, n_outputs: int
) -> dict[str, float]:
    train, valid = y[fold.train], y[fold.valid]
    if METRICS[metrics[0]].task == "regression":
        predictions = np.full(len(valid), train.mean(), np.float32)
    else:
        shares = np.bincount(train, minlength=n_outputs) / len(train)
        predictions = np.tile(shares.astype(np.float32), (len(valid), 1))
    return score_all(tuple(metrics), valid, predictions)
