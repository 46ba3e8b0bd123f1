"""Intervals of scores: over folds, and over the test rows they were measured on."""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.metrics import Metric

LEVEL = 0.95
RESAMPLES = 300
"""Enough for two digits of a 95 % interval; macro averages are costly per resample."""


def fold_interval(
    scores: Sequence[float], valid_over_train: Sequence[float]
) -> tuple[float, float] | None:
    """Return a 95 % interval of the mean over folds; None for a single fold.

    Training parts overlap, so scores of folds are less independent than they look:
    the variance of their mean is the sample variance times 1/J + n_valid/n_train, as
    in `search.paired`.

    Args:
        scores: One per fold.
        valid_over_train: Each fold's validation rows over its training rows.

    Source: Nadeau and Bengio 2003, Machine Learning 52:239, section 5.1.2.
    """
    n = len(scores)
    if n < 2:
        return None
    from scipy.stats import t

    mean, std = float(np.mean(scores)), float(np.std(scores, ddof=1))
    error = std * math.sqrt(1 / n + float(np.mean(valid_over_train)))
    reach = float(t.ppf((1 + LEVEL) / 2, n - 1)) * error
    return mean - reach, mean + reach


def score_interval(
    metric: Metric,
    y: NDArray[Any],
    predictions: Sequence[NDArray[np.float32]],
    *,
    seed: int = 0,
) -> tuple[str, float, float]:
    """Return a 95 % interval of the mean score over models, over test rows.

    It says how far the score could lie from that on another sample of test rows of
    this size; it knows nothing of other training rows.

    Args:
        metric: The score.
        y: Test targets, (n,).
        predictions: One array per trained model, (n, n_outputs) or (n,).
        seed: Seed of the bootstrap.

    Returns:
        The method's name, the lower and the upper end.

    Source: Wilson 1927 (accuracy, by `scipy.stats.binomtest`); percentile
    bootstrap over rows otherwise, Efron and Tibshirani 1993, chapter 13.
    """
    if metric.name == "accuracy":
        from scipy.stats import binomtest

        right = np.mean([metric.function(y, p) for p in predictions]) * len(y)
        interval = binomtest(round(float(right)), len(y)).proportion_ci(
            LEVEL, method="wilson"
        )
        return "Wilson", float(interval.low), float(interval.high)
    rng = np.random.default_rng(seed)
    scores = []
    with warnings.catch_warnings():
        # A resample may lack a class that is predicted.
        warnings.filterwarnings("ignore", "y_pred contains classes not in y_true")
        for _ in range(RESAMPLES):
            rows = rng.integers(0, len(y), len(y))
            of_models = [metric.function(y[rows], p[rows]) for p in predictions]
            scores.append(np.mean(of_models))
    low, high = np.quantile(scores, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return "bootstrap", float(low), float(high)
