"""Measure a model after every epoch, by predictions and scikit-learn's metrics.

Keras' own curves are not comparable: its training values are means over an epoch
in training mode, and both its losses hold penalties and smoothed labels. Here
training and validation rows are predicted alike, with the weights as they would be
shipped, and scored on hard labels.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.pipeline import Rows
from search.metrics import METRICS, score_all
from search.types import Curves

MAX_TRAIN_ROWS = 5_000
"""Training rows that are measured; their log-loss then has a standard error of
about a hundredth of its row-to-row spread."""

Predict = Callable[[Any, Rows], NDArray[np.float32]]

OnEpoch = Callable[[int, Mapping[str, float]], None]
"""Takes an epoch, from 1, and the values of all curves at its end."""

Labelled = tuple[Rows, NDArray[Any]]
"""Prepared rows and their targets."""


class Measurer:
    """Collects curves and validation predictions of one training run.

    Args:
        predict: The pipeline's `evaluate`.
        train: Prepared rows to measure the fit on, and their targets.
        valid: Prepared validation rows and their targets; None measures the fit
            only (a rerun has no validation rows).
        metrics: Names of the metrics, the searched one first.
        floor: Per epoch, stop where the best value of the first metric so far is
            below this one, signed so that higher is better.
        on_epoch: Hears each epoch's values; None for nobody.
    """

    def __init__(
        self,
        predict: Predict,
        *,
        train: Labelled,
        valid: Labelled | None,
        metrics: tuple[str, ...],
        floor: tuple[float, ...] | None = None,
        on_epoch: OnEpoch | None = None,
    ) -> None:
        self.curves: Curves = {}
        self.predictions: list[NDArray[np.float32]] = []
        self.train_predictions: list[NDArray[np.float32]] = []
        self.cut_short = False
        self.epoch_seconds: list[float] = []
        self.measure_seconds = 0.0
        self._predict = predict
        self._train = train
        self._valid = valid
        self._metrics = metrics
        self._floor = floor
        self._on_epoch = on_epoch
        self._epoch_began = time.perf_counter()

    def callback(self) -> Any:
        """Return the Keras callback that drives this measurer."""
        import keras

        measurer = self

        class Measure(keras.callbacks.Callback):  # type: ignore[misc]
            def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
                measurer._epoch_began = time.perf_counter()

            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                if not measurer._measure(self.model, epoch, logs):
                    measurer.cut_short = True
                    self.model.stop_training = True

        return Measure()

    def fill(self, epochs: int) -> None:
        """Repeat the last values for the epochs that early stopping did not train.

        What would be shipped after them is what is shipped now. Curves that a floor
        or a value that is not finite has cut short stay as they are.
        """
        if self.cut_short:
            return
        missing = epochs - len(self.train_predictions)
        for curve in self.curves.values():
            curve.extend(curve[-1:] * missing)
        for predictions in (self.predictions, self.train_predictions):
            predictions.extend(predictions[-1:] * missing)

    def _measure(self, model: Any, epoch: int, logs: dict[str, Any]) -> bool:
        began = time.perf_counter()
        self.epoch_seconds.append(began - self._epoch_began)
        values = {"objective": float(logs["loss"])}
        X, y = self._train
        fitted = self._predict(model, X)
        self.train_predictions.append(fitted)
        values |= score_all(self._metrics, y, fitted)
        if self._valid is not None:
            X, y = self._valid
            predictions = self._predict(model, X)
            self.predictions.append(predictions)
            scores = score_all(self._metrics, y, predictions)
            values |= {f"val_{name}": value for name, value in scores.items()}
        for name, value in values.items():
            self.curves.setdefault(name, []).append(float(value))
        if self._on_epoch is not None:
            self._on_epoch(epoch + 1, values)
        self.measure_seconds += time.perf_counter() - began
        return all(map(math.isfinite, values.values())) and self._above_floor(epoch)

    def _above_floor(self, epoch: int) -> bool:
        if self._floor is None or self._valid is None:
            return True
        metric = METRICS[self._metrics[0]]
        best = max(metric.sign(v) for v in self.curves[f"val_{metric.curve}"])
        return best >= self._floor[epoch]


def average_members(
    members: Sequence[Measurer],
    *,
    train: Labelled,
    valid: Labelled | None,
    metrics: tuple[str, ...],
) -> tuple[Curves, list[NDArray[np.float32]]]:
    """Score the averaged predictions of several networks.

    Args:
        members: Measured on the same rows over the same number of epochs, each one.
        train: The measured training rows.
        valid: The validation rows, None where there are none.
        metrics: Names of the metrics.

    Returns:
        Curves, with the members' mean `objective`, and the averaged validation
        predictions of each epoch.
    """
    if len(members) == 1:
        return members[0].curves, members[0].predictions
    objectives = [member.curves["objective"] for member in members]
    curves: Curves = {"objective": [float(each) for each in np.mean(objectives, 0)]}
    averaged: list[NDArray[np.float32]] = []
    for epoch in range(len(objectives[0])):
        fitted = [member.train_predictions[epoch] for member in members]
        values = score_all(metrics, train[1], np.mean(fitted, axis=0))
        if valid is not None:
            predicted = np.mean([each.predictions[epoch] for each in members], axis=0)
            averaged.append(predicted)
            scores = score_all(metrics, valid[1], predicted)
            values |= {f"val_{name}": value for name, value in scores.items()}
        for name, value in values.items():
            curves.setdefault(name, []).append(float(value))
    return curves, averaged


def measured_rows(
    train: NDArray[np.int64], n_valid: int, *, seed: int
) -> NDArray[np.int64]:
    """Choose the training rows that are measured, the same for every trial.

    Args:
        train: Row numbers of the training part, int64 (n,).
        n_valid: Size of the validation part; no more rows are chosen.
        seed: Seed of the choice.

    Returns:
        Positions in `train`, int64 (m,), ascending.
    """
    size = min(len(train), n_valid, MAX_TRAIN_ROWS)
    chosen = np.random.default_rng(seed).choice(len(train), size, replace=False)
    return np.sort(chosen).astype(np.int64)
