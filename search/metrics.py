"""Metrics over predictions, each a scikit-learn function under its usual name."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from search.errors import SettingsError
from search.types import Curves
from spaces.space import unknown


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One way to score predictions.

    Attributes:
        name: The word of `--metric`, of the leaderboard and of MLflow.
        curve: Its name in curves; `loss` is log-loss or mean squared error, as
            Keras users know it.
        greater_is_better: Direction.
        task: What it can score.
        function: Takes targets (n,) and predictions (n, n_outputs) or (n,).
    """

    name: str
    curve: str
    greater_is_better: bool
    task: Literal["classification", "regression"]
    function: Callable[[NDArray[Any], NDArray[np.float32]], float]

    def sign(self, value: float) -> float:
        """Return `value` turned so that higher is better, or turned back."""
        return value if self.greater_is_better else -value

    def clip(self, interval: tuple[float, float]) -> tuple[float, float]:
        """Return the part of an interval in which scores can lie.

        Scores of which greater is better are shares, from 0 to 1; losses are not
        negative.
        """
        highest = 1.0 if self.greater_is_better else math.inf
        low, high = interval
        return max(low, 0.0), min(high, highest)


def _sklearn(name: str) -> Callable[..., Any]:
    from sklearn import metrics  # half a second: not for `tunefold --help`

    function: Callable[..., Any] = getattr(metrics, name)
    return function


def _of_labels(name: str, **options: Any) -> Callable[..., float]:
    def score(y: NDArray[Any], predictions: NDArray[np.float32]) -> float:
        return float(_sklearn(name)(y, predictions.argmax(axis=1), **options))

    return score


def _of_values(name: str) -> Callable[..., float]:
    def score(y: NDArray[Any], predictions: NDArray[np.float32]) -> float:
        return float(_sklearn(name)(y, predictions.astype(np.float64)))

    return score


def _log_loss(y: NDArray[Any], predictions: NDArray[np.float32]) -> float:
    # scikit-learn's log_loss gives the same number (a test compares them), but its
    # checks take 7 ms for 12,000 rows, twice per epoch: 3 % of a small network's
    # training. Rows are rescaled in float64: float32 rows sum to one only roughly.
    chosen = predictions[np.arange(len(y)), y].astype(np.float64)
    share = chosen / predictions.sum(axis=1, dtype=np.float64)
    return float(-np.log(share.clip(np.finfo(np.float64).eps)).mean())


METRICS = {
    metric.name: metric
    for metric in (
        Metric(
            name="accuracy",
            curve="accuracy",
            greater_is_better=True,
            task="classification",
            function=_of_labels("accuracy_score"),
        ),
        Metric(
            name="log_loss",
            curve="loss",
            greater_is_better=False,
            task="classification",
            function=_log_loss,
        ),
        Metric(
            name="balanced_accuracy",
            curve="balanced_accuracy",
            greater_is_better=True,
            task="classification",
            function=_of_labels("balanced_accuracy_score"),
        ),
        Metric(
            name="f1_macro",
            curve="f1_macro",
            greater_is_better=True,
            task="classification",
            function=_of_labels("f1_score", average="macro", zero_division=0.0),
        ),
        Metric(
            name="mse",
            curve="loss",
            greater_is_better=False,
            task="regression",
            function=_of_values("mean_squared_error"),
        ),
        Metric(
            name="mae",
            curve="mae",
            greater_is_better=False,
            task="regression",
            function=_of_values("mean_absolute_error"),
        ),
        Metric(
            name="rmse",
            curve="rmse",
            greater_is_better=False,
            task="regression",
            function=_of_values("root_mean_squared_error"),
        ),
    )
}

_ALWAYS = {"classification": ("accuracy", "log_loss"), "regression": ("mae", "mse")}


def choose_metrics(
    task: str, asked: str | None, y: NDArray[Any] | None = None
) -> tuple[str, ...]:
    """Return the metrics to follow, the searched one first.

    Accuracy never stands without log-loss: what is not asked for is added behind.

    Args:
        task: `classification` or `regression`.
        asked: Names joined by commas, or None for the task's default.
        y: Training targets, (n,); where `imbalance_note` finds them uneven, balanced
            accuracy is the default.

    Raises:
        SettingsError: A name is unknown or does not fit the task.

    Example:
        >>> choose_metrics("classification", "log_loss")
        ('log_loss', 'accuracy')
    """
    names = [name.strip() for name in asked.split(",")] if asked else []
    if not names and y is not None and imbalance_note(task, y):
        names = ["balanced_accuracy"]
    fitting = [name for name, metric in METRICS.items() if metric.task == task]
    for name in names:
        if name not in METRICS:
            raise SettingsError(f"--metric: {unknown('metric', name, fitting)}")
        if name not in fitting:
            raise SettingsError(
                f"--metric: {name} does not score a {task}; "
                f"choose from {', '.join(fitting)}"
            )
    return tuple(dict.fromkeys([*names, *_ALWAYS[task]]))


def imbalance_note(task: str, y: NDArray[Any]) -> str | None:
    """Say why accuracy would mislead: the rarest class has under half the commonest's.

    Args:
        task: `classification` or `regression`.
        y: Class numbers, (n,); a class without rows does not count.

    Returns:
        One line with the figures; None where classes are even enough, and for a
        regression.

    Example:
        >>> y = np.array([0, 0, 0, 0, 0, 1, 1])
        >>> imbalance_note("classification", y).split(";")[0]
        'class 1 has 2 rows, class 0 has 5: less than half'
    """
    if task != "classification":
        return None
    classes, counts = np.unique(y, return_counts=True)
    if len(counts) == 0 or 2 * counts.min() >= counts.max():
        return None
    rarest, commonest = int(counts.argmin()), int(counts.argmax())
    return (
        f"class {classes[rarest]} has {counts[rarest]:,} rows, class "
        f"{classes[commonest]} has {counts[commonest]:,}: less than half; the searched "
        "metric is balanced_accuracy, for which each class counts the same, whatever "
        "its number of rows; --metric accuracy counts rows"
    )


def score_all(
    names: tuple[str, ...], y: NDArray[Any], predictions: NDArray[np.float32]
) -> dict[str, float]:
    """Return the value of each metric under the name of its curve.

    Values are not finite where predictions are not; scikit-learn is not asked then.
    """
    if not np.isfinite(predictions).all():
        return {METRICS[name].curve: float("nan") for name in names}
    return {
        METRICS[name].curve: METRICS[name].function(y, predictions) for name in names
    }


def fold_scores(metric: Metric, curves: list[Curves], epoch: int) -> list[float]:
    """Return the metric's validation value at an epoch (from 1), one per fold."""
    return [curve[f"val_{metric.curve}"][epoch - 1] for curve in curves]
