import math
from types import SimpleNamespace

import numpy as np
import pytest

from search.measure import MAX_TRAIN_ROWS, Measurer, measured_rows

METRICS = ("accuracy", "log_loss")
Y_TRAIN, Y_VALID = np.array([0, 1, 1, 0]), np.array([1, 0])
SURE, UNSURE = 0.9, 0.6


def shares(y, right):
    """Give the right class of each row this probability."""
    rows = np.full((len(y), 2), 1 - right, np.float32)
    rows[np.arange(len(y)), y] = right
    return rows


def follow(*epochs, logs=None, valid=True, **settings):
    """Drive a measurer as Keras does, until it stops the training.

    Each epoch is the pair of probabilities that the right class then has in training
    and in validation rows.
    """
    X_train, X_valid = np.zeros((4, 1), np.float32), np.zeros((2, 1), np.float32)
    model = SimpleNamespace(stop_training=False, epoch=0)

    def predict(model, X):
        right = epochs[model.epoch][0 if X is X_train else 1]
        return shares(Y_TRAIN if X is X_train else Y_VALID, right)

    measurer = Measurer(
        predict,
        train=(X_train, Y_TRAIN),
        valid=(X_valid, Y_VALID) if valid else None,
        **{"metrics": METRICS} | settings,
    )
    callback = measurer.callback()
    callback.set_model(model)
    for model.epoch in range(len(epochs)):
        callback.on_epoch_begin(model.epoch)
        callback.on_epoch_end(model.epoch, logs or {"loss": 7.0})
        if model.stop_training:
            break
    return measurer


def test_every_curve_but_the_objective_comes_from_predictions():
    measurer = follow((UNSURE, 0.2), (SURE, UNSURE))
    assert {name: pytest.approx(curve) for name, curve in measurer.curves.items()} == {
        "objective": [7.0, 7.0],
        "accuracy": [1.0, 1.0],
        "val_accuracy": [0.0, 1.0],
        "loss": [-math.log(0.6), -math.log(0.9)],
        "val_loss": [-math.log(0.2), -math.log(0.6)],
    }
    assert all(type(v) is float for curve in measurer.curves.values() for v in curve)


def test_validation_predictions_of_each_epoch_are_kept():
    measurer = follow((UNSURE, 0.2), (SURE, UNSURE))
    for kept, right in zip(measurer.predictions, (0.2, UNSURE), strict=True):
        assert np.array_equal(kept, shares(Y_VALID, right))


def test_without_validation_rows_the_fit_alone_is_measured():
    measurer = follow((UNSURE, 0), (SURE, 0), valid=False, floor=(2.0, 2.0))
    assert set(measurer.curves) == {"objective", "accuracy", "loss"}
    assert len(measurer.curves["loss"]) == 2
    assert measurer.predictions == []


@pytest.mark.parametrize("part", [0, 1])
def test_training_ends_with_the_first_value_that_is_not_finite(part):
    bad = tuple(math.nan if i == part else SURE for i in range(2))
    measurer = follow((SURE, SURE), bad, (SURE, SURE))
    named = ("loss", "accuracy") if part == 0 else ("val_loss", "val_accuracy")
    assert {len(curve) for curve in measurer.curves.values()} == {2}
    assert all(math.isnan(measurer.curves[name][-1]) for name in named)
    assert len(measurer.predictions) == 2


def test_an_objective_that_is_not_finite_ends_the_training():
    measurer = follow((SURE, SURE), (SURE, SURE), logs={"loss": math.inf})
    assert measurer.curves["objective"] == [math.inf]


@pytest.mark.parametrize(
    ("metrics", "floor", "epochs"),
    [
        (METRICS, None, 3),
        (METRICS, (0.0, 1.0, 0.0), 3),  # reaching the floor is enough
        (METRICS, (0.0, 1.1, 0.0), 2),
        (METRICS, (1.1, 0.0, 0.0), 1),
        (METRICS[::-1], (-1.0, -1.0, -1.0), 3),
        (METRICS[::-1], (-1.0, -0.5, -1.0), 2),  # log-loss .51, turned
        (METRICS, (-math.inf,) * 3, 3),
    ],
)
def test_training_ends_below_the_floor_of_the_searched_metric(metrics, floor, epochs):
    measurer = follow(*[(SURE, UNSURE)] * 3, metrics=metrics, floor=floor)
    assert len(measurer.curves["loss"]) == len(measurer.predictions) == epochs


def test_training_and_measuring_are_timed_apart(monkeypatch):
    # the clock is read when an epoch begins, when it ends and when it is measured
    times = iter([0.0, 0.0, 10.0, 11.0, 20.0, 50.0, 52.0])
    monkeypatch.setattr("search.measure.time.perf_counter", lambda: next(times))
    measurer = follow((SURE, SURE), (SURE, SURE))
    assert measurer.epoch_seconds == [10.0, 30.0]
    assert measurer.measure_seconds == 3.0


@pytest.mark.parametrize(
    ("n_train", "n_valid", "n"),
    [(100, 30, 30), (20, 30, 20), (50_000, 12_000, MAX_TRAIN_ROWS)],
)
def test_as_many_training_rows_are_measured_as_validation_rows(n_train, n_valid, n):
    train = np.arange(n_train) * 2
    rows = measured_rows(train, n_valid, seed=0)
    assert len(rows) == n
    assert (np.diff(rows) > 0).all()  # ascending, each once
    assert 0 <= rows[0] <= rows[-1] < n_train
    assert np.array_equal(measured_rows(train, n_valid, seed=0), rows)
    if n < n_train:
        assert not np.array_equal(measured_rows(train, n_valid, seed=1), rows)
