from dataclasses import replace

import numpy as np
import pytest

from search.intervals import score_interval
from search.metrics import METRICS

ACCURACY = METRICS["accuracy"]


def answers(n_right, n, n_classes=2):
    """Targets of class 0 and predictions that are right so many times."""
    y = np.zeros(n, np.int64)
    predictions = np.tile(np.float32([0.2, 0.8]), (n, 1))
    predictions[:n_right] = [0.8, 0.2]
    return y, predictions


def squared_error(y, predictions):
    return float(np.mean((y - predictions) ** 2))


# Without scikit-learn: a thousand times faster on few rows.
FAST_MSE = replace(METRICS["mse"], function=squared_error)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, table I, method 3 (Wilson)
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (20, 20, 1 - 0.1611, 1.0),
    ],
)
def test_wilson_gives_the_published_values(right, n, low, high):
    y, predictions = answers(right, n)
    method, *interval = score_interval(ACCURACY, y, [predictions])
    assert method == "Wilson"
    assert interval == pytest.approx([low, high], abs=5e-5)  # printed to four digits


def test_several_models_give_the_interval_of_their_mean():
    y, good = answers(90, 100)
    _, bad = answers(70, 100)
    _, middle = answers(80, 100)
    together = score_interval(ACCURACY, y, [good, bad])
    assert together == score_interval(ACCURACY, y, [middle])


@pytest.mark.slow
def test_the_bootstrap_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered, widths = 0, []
    zeros = np.zeros(100, np.float32)
    for seed in range(200):
        y = rng.normal(size=100)
        method, low, high = score_interval(FAST_MSE, y, [zeros], seed=seed)
        assert method == "bootstrap"
        assert low < squared_error(y, zeros) < high
        covered += low < 1.0 < high
        widths.append(high - low)
    # Nominal is 190. Percentile intervals of a skewed statistic of 100 rows cover a
    # few percent less; 200 studies add a standard deviation of 3.
    assert 174 <= covered <= 199
    # A mean of 100 squares varies by the root of 2/100. Widths of skewed samples of
    # this size are a few percent too small; a 90 % interval would be 16 % smaller.
    assert np.mean(widths) == pytest.approx(2 * 1.96 * np.sqrt(0.02), rel=0.08)


def test_the_bootstrap_draws_the_same_rows_from_all_models():
    rng = np.random.default_rng(0)
    y = rng.normal(size=50)
    off = rng.normal(size=50).astype(np.float32)
    # each row is off once upwards, once downwards: the mean over both hardly moves
    above, below = (y + off).astype(np.float32), (y - off).astype(np.float32)
    _, low, high = score_interval(METRICS["mse"], y, [above, below])
    _, low_alone, high_alone = score_interval(METRICS["mse"], y, [above])
    assert (low, high) == pytest.approx((low_alone, high_alone), rel=1e-5)


def test_equal_seeds_give_equal_intervals():
    y = np.random.default_rng(0).normal(size=60)
    zeros = np.zeros(60, np.float32)
    first = score_interval(FAST_MSE, y, [zeros])
    assert score_interval(FAST_MSE, y, [zeros]) == first
    assert score_interval(FAST_MSE, y, [zeros], seed=1) != first


@pytest.mark.parametrize("name", ["log_loss", "balanced_accuracy", "f1_macro"])
def test_a_resample_without_a_class_is_scored_without_a_warning(name):
    rng = np.random.default_rng(0)
    y = np.array([0] * 30 + [1] * 30 + [2])  # every third resample has no 2
    predictions = rng.dirichlet(np.ones(3), len(y)).astype(np.float32)
    method, low, high = score_interval(METRICS[name], y, [predictions])
    assert method == "bootstrap"
    assert low <= METRICS[name].function(y, predictions) <= high
