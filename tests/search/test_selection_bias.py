"""Corrections take away what choosing gave, and no more."""

import numpy as np
import pytest

from search.metrics import METRICS
from search.selection_bias import bootstrap, epoch_bias, tibshirani_bias
from search.weighted_scores import row_values

ACCURACY, LOSS = METRICS["accuracy"], METRICS["log_loss"]
CLASSES = 5


def noise(rng, n, trials):
    """Trials whose predictions know nothing of the targets."""
    y = rng.integers(0, CLASSES, n)
    predictions = rng.dirichlet(np.ones(CLASSES), (trials, n)).astype(np.float32)
    return y, np.stack([row_values(ACCURACY, y, p) for p in predictions])


def test_the_best_of_many_guesses_is_corrected_to_chance():
    rng = np.random.default_rng(1)
    plain, corrected = [], []
    for repeat in range(30):
        y, values = noise(rng, 400, 40)
        drawn = bootstrap(
            ACCURACY, units=np.arange(400), y=y, values=values, resamples=100
        )
        plain.append(drawn.plain.max())
        corrected.append(drawn.left_out.mean())
        assert drawn.plain == pytest.approx(values.mean(axis=1)), repeat
    # The best of 40 lies about 2.2 standard deviations (.020) above chance.
    assert np.mean(plain) > 1 / CLASSES + 0.03
    error = np.std(corrected) / np.sqrt(len(corrected))
    assert np.mean(corrected) == pytest.approx(1 / CLASSES, abs=3 * error)


def test_guesses_that_groups_share_are_corrected_to_chance_too():
    # 60 groups of 10 equal rows, that all have the same guess: 60 rows, in truth.
    rng = np.random.default_rng(5)
    groups = np.repeat(np.arange(60), 10)
    corrected, held = [], 0
    for _ in range(20):
        values = (rng.random((40, 60)) < 0.5).astype(np.float32)[:, groups]
        drawn = bootstrap(
            ACCURACY, units=groups, y=np.zeros(600, int), values=values, resamples=200
        )
        corrected.append(drawn.left_out.mean())
        low, high = np.quantile(drawn.left_out, [0.025, 0.975])
        held += low < 0.5 < high
    error = np.std(corrected) / np.sqrt(len(corrected))
    assert np.mean(corrected) == pytest.approx(0.5, abs=3 * error)
    assert held >= 18


def test_a_trial_that_is_clearly_the_best_loses_nothing():
    rng = np.random.default_rng(2)
    y, values = noise(rng, 500, 10)
    values[4] = rng.random(500) < 0.9
    drawn = bootstrap(ACCURACY, units=np.arange(500), y=y, values=values)
    assert set(drawn.chosen) == {4}
    # 1,000 resamples of about 184 rows each: an error of about .001
    assert drawn.left_out.mean() == pytest.approx(values[4].mean(), abs=0.005)


def test_lower_is_better_for_a_loss():
    values = np.tile([[0.5], [0.1], [0.9]], 50).astype(np.float32)
    drawn = bootstrap(LOSS, units=np.arange(50), y=np.zeros(50, int), values=values)
    assert set(drawn.chosen) == {1}
    assert drawn.left_out == pytest.approx(0.1)


def test_a_row_is_drawn_or_left_out_with_all_its_predictions():
    # Every row stands twice; the second trial is right where the first is wrong.
    rows = np.tile(np.arange(30), 2)
    right = np.r_[np.ones(30), np.zeros(30)].astype(np.float32)
    drawn = bootstrap(
        ACCURACY,
        units=rows,
        y=np.zeros(60, int),
        values=np.stack([right, 1 - right]),
        resamples=50,
    )
    assert drawn.left_out == pytest.approx(0.5)  # one of its two, whatever is drawn


def test_the_same_seed_draws_the_same():
    y, values = noise(np.random.default_rng(3), 100, 5)
    given = {"units": np.arange(100), "y": y, "values": values, "resamples": 20}
    first, again = (bootstrap(ACCURACY, **given, seed=7) for _ in range(2))
    other = bootstrap(ACCURACY, **given, seed=8)
    assert (first.left_out == again.left_out).all()
    assert (first.left_out != other.left_out).any()


def test_tibshirani_by_hand():
    # Chosen by the mean: the second, .8; the folds' own best are .9 and .85.
    curves = [np.array([[0.9], [0.5]]), np.array([[0.75], [0.85]])]
    assert tibshirani_bias(ACCURACY, curves) == pytest.approx((0.15 + 0.0) / 2)
    # As losses the first is chosen, .7, and the folds' own best are .75 and .5.
    assert tibshirani_bias(LOSS, curves) == pytest.approx((0.15 + 0.0) / 2)


def test_epochs_are_candidates_too():
    curves = [np.array([[0.9, 0.8], [0.5, 0.8]])]
    assert tibshirani_bias(ACCURACY, curves) == pytest.approx((0.1 + 0.0) / 2)


def test_the_epochs_part_by_hand():
    # The mean is best in the second epoch. For the first fold the other says the
    # second as well, for the second fold the first.
    curve = np.array([[0.9, 0.8], [0.5, 0.7]])
    assert epoch_bias(ACCURACY, curve, [0, 0]) == pytest.approx(
        ((0.8 - 0.8) + (0.7 - 0.5)) / 2
    )
    assert epoch_bias(ACCURACY, curve, [0, 1]) == 0  # other repetitions are not asked
    assert epoch_bias(ACCURACY, curve[:1], [0]) == 0


def test_the_epochs_part_is_what_the_best_of_flat_curves_gains():
    rng = np.random.default_rng(4)
    gained, told = [], []
    for _ in range(2000):
        curve = rng.normal(0, 0.02, (5, 10))
        gained.append(curve.mean(axis=0).max())
        told.append(epoch_bias(ACCURACY, curve, [0] * 5))
    error = np.std(np.subtract(told, gained)) / np.sqrt(len(told))
    assert np.mean(gained) > 5 * error  # there is something to correct
    assert np.mean(told) == pytest.approx(np.mean(gained), abs=3 * error)
