import math

import numpy as np
import pytest

from pipelines.early_stopping import BestSoFar, inner_rows, n_inner_rows
from search.fold import run_fold
from search.metrics import score_all

SMALL = {
    "n_layers": 1, "width_1": 16, "activation": "relu", "optimizer": "adam",
    "learning_rate": 0.05, "batch_size": 128,
}  # fmt: skip
STOPPING = SMALL | {"early_stopping": "on", "patience": 1}


def test_a_tenth_is_set_apart_alike_in_all_classes_and_always_the_same():
    y = np.repeat([0, 1], [900, 100])
    learn, stop = inner_rows(y)
    assert np.array_equal(np.sort(np.concatenate([learn, stop])), np.arange(1000))
    assert np.bincount(y[stop]).tolist() == [90, 10]
    assert (np.diff(learn) > 0).all()
    assert (np.diff(stop) > 0).all()
    assert np.array_equal(inner_rows(y)[1], stop)


@pytest.mark.parametrize(
    "y",
    [np.arange(50.0), np.arange(50), np.zeros(2, np.int64)],
    ids=["values", "a row a class", "two rows"],
)
def test_rows_that_cannot_be_stratified_are_cut_all_the_same(y):
    learn, stop = inner_rows(y)
    assert len(stop) == n_inner_rows(len(y)) >= 1
    assert len(learn) + len(stop) == len(y)
    assert not set(learn) & set(stop)


def kept_with(losses, *, patience, values=False):
    """What is kept after each epoch whose predictions have these losses."""
    y = np.zeros(4) if values else np.zeros(4, np.int64)

    def predict(epoch, X):  # the model stands for its epoch
        if values:
            return np.full(4, math.sqrt(losses[epoch]))
        share = math.exp(-losses[epoch])
        return np.tile([share, 1 - share], (4, 1))

    keeper = BestSoFar(predict, None, y, patience=patience)
    found = []
    for epoch in range(len(losses)):
        (kept,) = keeper.keep(epoch, epoch, [epoch])
        found.append(kept)
        if keeper.done:
            break
    return found


@pytest.mark.parametrize("values", [False, True])
def test_the_best_is_kept_until_patience_ends(values):
    losses = [0.5, 0.4, 0.6, 0.45, 0.3, 0.31, 0.32, 0.1]
    assert kept_with(losses, patience=2, values=values) == [0, 1, 1, 1]
    assert kept_with(losses, patience=3, values=values) == [0, 1, 1, 1, 4, 4, 4, 7]
    assert kept_with([0.5, 0.6, 0.1], patience=1, values=values) == [0, 0]


def test_a_loss_that_is_not_finite_is_never_better():
    assert kept_with([0.5, math.nan, 0.4], patience=5, values=True) == [0, 0, 2]


@pytest.mark.slow
def test_a_fold_stops_early_fills_its_curves_and_ships_the_best(add_digits, jobs_of):
    jobs = jobs_of(add_digits("stopping"))
    result = run_fold(jobs.make(STOPPING, 0, epochs=40))
    n_trained = len(result.epoch_seconds)
    assert 1 < n_trained < 40
    curve = result.curves["val_loss"]
    assert len(curve) == len(result.predictions) == 40
    # the last epoch was no improvement: its predictions are those of the one before
    assert np.array_equal(
        result.predictions[n_trained - 1], result.predictions[n_trained - 2]
    )
    assert set(curve[n_trained - 2 :]) == {curve[-1]}
    scores = score_all(("log_loss",), jobs.y[result.rows], result.predictions[-1])
    assert scores["loss"] == curve[-1]


def test_validation_rows_never_stop_what_they_score(add_digits, jobs_of):
    pipeline = add_digits("as_it_is")
    X = np.array(pipeline.load("train").X)
    fold = jobs_of(pipeline).folds[0]
    X[fold.valid] = np.random.default_rng(0).permutation(X[fold.valid])
    results = [
        run_fold(jobs_of(p).make(STOPPING, 0, epochs=40))
        for p in (pipeline, add_digits("noise_in_validation", X=X))
    ]
    assert len(results[0].epoch_seconds) == len(results[1].epoch_seconds) < 40
    assert results[0].curves["objective"] == results[1].curves["objective"]
    assert results[0].curves["loss"] == results[1].curves["loss"]
    assert results[0].curves["val_loss"] != results[1].curves["val_loss"]
