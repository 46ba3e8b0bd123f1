"""Score many trials on many weightings of the same rows at once.

A bootstrap of a hundred trials asks for a hundred thousand scores. Each metric is
brought into sums over rows here, so that one matrix product gives all of them; a test
compares every metric with its function on repeated rows.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.metrics import Metric

Array = NDArray[np.float32]
Scores = NDArray[np.float64]


def row_values(
    metric: Metric, y: NDArray[Any], predictions: NDArray[np.float32]
) -> Array:
    """Return what a metric needs to know of each row, float32 (n,).

    The value whose weighted mean is the score (of `rmse`, its square), or the
    predicted class where a score is no mean over rows.

    Args:
        metric: One of `search.metrics`.
        y: Targets, (n,).
        predictions: Class probabilities, (n, n_classes), or values, (n,).
    """
    values: NDArray[Any] = _VALUES[metric.name](y, predictions)
    return values.astype(np.float32)


def weighted_scores(
    metric: Metric, y: NDArray[Any], values: Array, weights: Array
) -> Scores:
    """Return the score of every trial under every weighting, float64 (b, m).

    A weight says how often a row is counted; a weighting without any gives NaN.

    Args:
        metric: One of `search.metrics`.
        y: Targets, (n,).
        values: `row_values` of each trial, (m, n).
        weights: Not negative, (b, n).
    """
    scores: Scores = _SCORES.get(metric.name, _mean)(y, values, weights)
    return scores


def _classes(y: NDArray[Any], predictions: NDArray[np.float32]) -> NDArray[Any]:
    del y
    classes: NDArray[Any] = predictions.argmax(axis=1)
    return classes


def _right(y: NDArray[Any], predictions: NDArray[np.float32]) -> NDArray[Any]:
    right: NDArray[Any] = predictions.argmax(axis=1) == y
    return right


def _log_loss(y: NDArray[Any], predictions: NDArray[np.float32]) -> NDArray[Any]:
    chosen = predictions[np.arange(len(y)), y].astype(np.float64)
    share = chosen / predictions.sum(axis=1, dtype=np.float64)
    loss: NDArray[Any] = -np.log(share.clip(np.finfo(np.float64).eps))
    return loss


def _absolute(y: NDArray[Any], predictions: NDArray[np.float32]) -> NDArray[Any]:
    distance: NDArray[Any] = np.abs(predictions.astype(np.float64) - y)
    return distance


def _squared(y: NDArray[Any], predictions: NDArray[np.float32]) -> NDArray[Any]:
    square: NDArray[Any] = np.square(predictions.astype(np.float64) - y)
    return square


def _sums(weights: Array, of_rows: NDArray[Any]) -> Scores:
    """Sum over rows, (b, n) by (n, m) or (n,)."""
    return (weights @ of_rows.astype(np.float32)).astype(np.float64)


def _share(part: Scores, whole: Scores) -> Scores:
    with np.errstate(invalid="ignore", divide="ignore"):
        return part / whole


def _mean(y: NDArray[Any], values: Array, weights: Array) -> Scores:
    del y
    total = weights.sum(axis=1, dtype=np.float64)
    return _share(_sums(weights, values.T), total[:, None])


def _root_mean(y: NDArray[Any], values: Array, weights: Array) -> Scores:
    return np.sqrt(_mean(y, values, weights))


def _balanced_accuracy(y: NDArray[Any], values: Array, weights: Array) -> Scores:
    # The mean recall of the classes that occur, as scikit-learn has it.
    recalls = []
    for label in np.unique(y):
        of_class = y == label
        inside = weights[:, of_class]
        hits = _sums(inside, (values[:, of_class] == label).T)
        recalls.append(_share(hits, inside.sum(axis=1, dtype=np.float64)[:, None]))
    return _mean_of_known(recalls)


def _f1_macro(y: NDArray[Any], values: Array, weights: Array) -> Scores:
    # The mean over classes that occur among targets or predictions.
    scores = []
    for label in np.union1d(np.unique(y), np.unique(values)):
        of_class, predicted = y == label, values == label
        hits = _sums(weights, (predicted & of_class).T)
        named = _sums(weights, predicted.T)
        true = weights[:, of_class].sum(axis=1, dtype=np.float64)[:, None]
        scores.append(_share(2 * hits, named + true))
    return _mean_of_known(scores)


def _mean_of_known(of_classes: list[Scores]) -> Scores:
    stacked = np.stack(of_classes)
    known = ~np.isnan(stacked)
    return _share(np.where(known, stacked, 0.0).sum(axis=0), known.sum(axis=0))


_VALUES: dict[str, Callable[[NDArray[Any], NDArray[np.float32]], NDArray[Any]]] = {
    "accuracy": _right,
    "log_loss": _log_loss,
    "balanced_accuracy": _classes,
    "f1_macro": _classes,
    "mse": _squared,
    "mae": _absolute,
    "rmse": _squared,
}
_SCORES: dict[str, Callable[[NDArray[Any], Array, Array], Scores]] = {
    "balanced_accuracy": _balanced_accuracy,
    "f1_macro": _f1_macro,
    "rmse": _root_mean,
}
"""Of the others, the weighted mean."""
