import os
from dataclasses import replace

import numpy as np
import pytest

from pipelines.boston_housing import PIPELINE as BOSTON
from pipelines.digits import PIPELINE as DIGITS
from pipelines.moons import PIPELINE as MOONS
from pipelines.part import digest
from search.final import FinalJob, run_final
from search.plane import N_STEPS, has_plane, run_plane

PARAMS = {
    "n_layers": 1, "width_1": 16, "activation": "relu", "optimizer": "adam",
    "learning_rate": 0.02, "batch_size": 32,
}  # fmt: skip


@pytest.fixture
def moons(add_pipeline, monkeypatch, tmp_path):
    """A job over the moons without test rows."""
    monkeypatch.setattr("pipelines.mapped.user_cache_folder", lambda: tmp_path)

    def load(part):
        assert part == "train", "the test rows were opened"
        return MOONS.load(part)

    add_pipeline(replace(MOONS, name="moons_without_test", load=load))
    return FinalJob(
        pipeline="moons_without_test",
        train_digest=digest(MOONS.load("train")),
        test_digest="",
        params=PARAMS,
        epochs=8,
        horizon=8,
        seed=3,
        metrics=("accuracy", "log_loss"),
        backend=os.environ["KERAS_BACKEND"],
        keep_model=False,
        also_after=(0, 2),
    )


def test_only_two_inputs_with_classes_are_a_plane():
    assert has_plane(MOONS, (2,))
    assert not has_plane(MOONS, (3,))
    assert not has_plane(DIGITS, (8, 8))
    assert not has_plane(BOSTON, (2,))


@pytest.mark.slow
@pytest.mark.ci
def test_the_plane_is_predicted_at_each_epoch_and_no_test_row_is_read(moons):
    plane = run_plane(moons)
    assert list(plane.by_epoch) == [0, 2, 8]
    assert plane.rows.shape == (200, 2)
    for axis, rows in zip(plane.axes, plane.rows.T, strict=True):
        assert axis.shape == (N_STEPS,)
        assert axis[0] < rows.min()
        assert rows.max() < axis[-1]
    for probabilities in plane.by_epoch.values():
        assert probabilities.shape == (N_STEPS, N_STEPS, 2)
        assert probabilities.sum(axis=2) == pytest.approx(1, abs=1e-5)  # float32

    def right(epoch):
        # of the grid's point nearest to each training row, the likelier class
        first, second = (
            np.abs(axis[:, None] - rows).argmin(axis=0)
            for axis, rows in zip(plane.axes, plane.rows.T, strict=True)
        )
        taken = plane.by_epoch[epoch][second, first].argmax(axis=1)
        return (taken == plane.y).mean()

    # a network that has learned nothing knows nothing of the moons
    assert right(0) < 0.8 < right(8)


@pytest.mark.slow
def test_the_networks_are_those_of_the_final_training(moons):
    """Trained on beyond the best epoch, the network at that epoch is the same."""
    to_the_end = run_plane(moons)
    until_then = run_plane(replace(moons, epochs=2, also_after=(0,)))
    for epoch in (0, 2):
        assert (to_the_end.by_epoch[epoch] == until_then.by_epoch[epoch]).all()


@pytest.mark.slow
def test_a_final_training_predicts_before_the_first_epoch_too():
    test = MOONS.load("test")
    job = FinalJob(
        pipeline="moons",
        train_digest=digest(MOONS.load("train")),
        test_digest=digest(test),
        params=PARAMS | {"members": 2, "drop_connect": 0.2},
        epochs=3,
        horizon=3,
        seed=0,
        metrics=("accuracy", "log_loss"),
        backend=os.environ["KERAS_BACKEND"],
        keep_model=False,
        also_after=(0, 3),
    )
    result = run_final(job)
    assert list(result.also) == [0, 3]
    assert (result.also[3] == result.predictions).all()
    assert np.abs(result.also[0] - result.predictions).max() > 0.1
