"""Weight averaging: the mean of many steps is trained no further, but shipped.

Batch normalization's statistics belong to the weights they were taken with. Those of
an average are taken anew, in one pass over training rows in training mode, as Izmailov
et al. 2018 do (arXiv:1803.05407, section 3.2).
"""

from typing import Any

import numpy as np

from pipelines.batches import dense
from pipelines.pipeline import Rows
from pipelines.shipping import Networks, Weights

STATISTICS_ROWS = 4096
"""Training rows that batch normalization's statistics are taken from, evenly spaced:
their means then have a standard error of under two hundredths of a spread."""


class StepAverage:
    """Ships the exponential moving average over steps that the optimizer keeps.

    Args:
        X: Prepared training rows.

    Source: Polyak and Juditsky 1992, Acceleration of Stochastic Approximation by
    Averaging, SIAM Journal on Control and Optimization 30; `use_ema` and `ema_momentum`
    of Keras' optimizers.
    """

    done = False

    def __init__(self, X: Rows) -> None:
        self._X = X

    def keep(self, model: Any, epoch: int, networks: Networks) -> Networks:  # noqa: ARG002
        """Return the average of all steps, early ones forgotten."""
        optimizer = model.optimizer
        averages = optimizer._model_variables_moving_average
        for variable, average in zip(model.trainable_variables, averages, strict=True):
            variable.assign(average)
        return [_with_statistics(model, self._X)]


class EpochAverage:
    """Ships the plain mean of the weights at the ends of epochs.

    Args:
        X: Prepared training rows.
        start: First epoch that counts, from 0; before it the trained weights are
            shipped.

    Source: Izmailov et al. 2018, arXiv:1803.05407, algorithm 1, with a cycle of one
    epoch.
    """

    done = False

    def __init__(self, X: Rows, *, start: int) -> None:
        self._X, self._start = X, start
        self._sums: list[Any] = []

    def keep(self, model: Any, epoch: int, networks: Networks) -> Networks:
        """Return the mean over the epochs since the start."""
        if epoch < self._start:
            return networks
        weights = networks[0]
        if not self._sums:
            self._sums = [np.zeros(each.shape, np.float64) for each in weights]
        for total, weight in zip(self._sums, weights, strict=True):
            total += weight
        n = epoch - self._start + 1
        model.set_weights([(total / n).astype(np.float32) for total in self._sums])
        return [_with_statistics(model, self._X)]


def _with_statistics(model: Any, X: Rows) -> Weights:
    """Return a model's weights with batch normalization's statistics taken anew."""
    import keras

    layers = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    if layers:
        rows = np.linspace(0, X.shape[0] - 1, min(X.shape[0], STATISTICS_ROWS))
        momenta = [layer.momentum for layer in layers]
        for layer in layers:
            layer.momentum = 0.0
        # Draws of dropout come from the model's own generators: training goes on with
        # the next ones, in each repetition of a run alike.
        model(dense(X[rows.astype(np.int64)]), training=True)
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
    weights: Weights = model.get_weights()
    return weights
