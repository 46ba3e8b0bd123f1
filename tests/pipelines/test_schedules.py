import numpy as np
import pytest

from pipelines.pipeline import Shape
from pipelines.schedules import (
    LAST_SHARE,
    cycle_epochs,
    learning_rate,
    steps_per_epoch,
)

SHAPE = Shape(inputs=(6,), n_outputs=4, n_rows=100, epochs=10)
BATCHES = {"batch_size": 20}  # 5 steps an epoch, 50 in all


EPOCHS = range(0, 51, 5)
"""The first step of each epoch, and the one after the last."""


def shares(steps=EPOCHS, **params):
    """The rates before these steps, as shares of the largest."""
    schedule = learning_rate(0.1, BATCHES | params, SHAPE)
    return np.array([float(schedule(step)) for step in steps]) / 0.1


@pytest.mark.parametrize("params", [{}, {"schedule": "constant"}, {"snapshots": 1}])
def test_without_a_schedule_the_rate_is_a_number(params):
    assert learning_rate(0.1, BATCHES | params, SHAPE) == 0.1
    no_epochs = Shape(inputs=(6,), n_outputs=4, n_rows=100)
    assert learning_rate(0.1, BATCHES | params, no_epochs) == 0.1


@pytest.mark.parametrize(
    ("kind", "half", "last"),
    [("linear", 0.5, 0), ("cosine", 0.5, 0), ("exponential", 0.1, LAST_SHARE)],
)
def test_a_schedule_falls_over_all_planned_steps(kind, half, last):
    found = shares(schedule=kind)
    assert (np.diff(found) < 0).all()
    # float32
    assert found[[0, 5, 10]] == pytest.approx([1, half, last], abs=1e-6)


def test_a_warm_up_rises_from_zero_to_the_rate():
    found = shares((0, 5, 10, 20, 30, 40, 50), schedule="cosine", warmup=0.2)
    assert found[:3] == pytest.approx([0, 0.5, 1], abs=1e-6)
    assert (np.diff(found[2:]) < 0).all()
    assert found[[4, 6]] == pytest.approx([0.5, 0], abs=1e-6)
    none = shares(schedule="cosine", warmup=0.0)
    assert np.array_equal(none, shares(schedule="cosine"))


def test_snapshots_restart_a_cosine():
    # three cycles of 3 epochs, 15 steps each
    found = shares((0, 7, 14, 15, 29, 30, 44), snapshots=3)
    assert found[[0, 3, 5]] == pytest.approx(1, abs=1e-6)
    assert (found[[2, 4, 6]] < 0.02).all()
    assert found[1] == pytest.approx((1 + np.cos(np.pi * 7 / 15)) / 2, abs=1e-6)


def test_a_schedule_needs_the_epochs_and_stands_alone():
    no_epochs = Shape(inputs=(6,), n_outputs=4, n_rows=100)
    with pytest.raises(ValueError, match="schedule: needs the number of epochs"):
        learning_rate(0.1, BATCHES | {"schedule": "cosine"}, no_epochs)
    with pytest.raises(ValueError, match="snapshots: has a schedule of its own"):
        learning_rate(0.1, BATCHES | {"schedule": "linear", "snapshots": 2}, SHAPE)


@pytest.mark.parametrize(
    ("snapshots", "epochs", "cycle"), [(2, 10, 5), (3, 10, 3), (5, 3, 1), (4, 4, 1)]
)
def test_cycles_are_whole_epochs(snapshots, epochs, cycle):
    assert cycle_epochs(snapshots, epochs) == cycle


def test_rows_that_stop_the_training_are_no_steps():
    assert steps_per_epoch(BATCHES, SHAPE) == 5
    stopping = BATCHES | {"early_stopping": "on"}
    assert steps_per_epoch(stopping | {"batch_size": 30}, SHAPE) == 3  # 90 rows
    assert steps_per_epoch(BATCHES | {"batch_size": 30}, SHAPE) == 4
