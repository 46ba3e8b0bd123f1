"""Every metric over weights equals its own function over repeated rows."""

import warnings

import numpy as np
import pytest

from search.metrics import METRICS
from search.weighted_scores import row_values, weighted_scores

N, CLASSES, TRIALS, WEIGHTINGS = 60, 4, 3, 5


def made_up(metric, rng):
    """Targets and the predictions of some trials."""
    if METRICS[metric].task == "regression":
        y = rng.normal(size=N)
        return y, [y + rng.normal(size=N) for _ in range(TRIALS)]
    # The last class has two rows only: a weighting may lack it.
    y = np.r_[rng.integers(0, CLASSES - 1, N - 2), CLASSES - 1, CLASSES - 1]
    return y, list(rng.dirichlet(np.ones(CLASSES), (TRIALS, N)).astype(np.float32))


@pytest.mark.parametrize("name", METRICS)
def test_weights_count_rows_as_often_as_repeating_them(name):
    rng = np.random.default_rng(0)
    metric = METRICS[name]
    y, predictions = made_up(name, rng)
    predictions = [p.astype(np.float32) for p in predictions]
    weights = rng.poisson(1, (WEIGHTINGS, N)).astype(np.float32)
    weights[0, -2:] = 0  # the rarest class is not drawn
    values = np.stack([row_values(metric, y, p) for p in predictions])
    found = weighted_scores(metric, y, values, weights)
    assert found.shape == (WEIGHTINGS, TRIALS)
    with warnings.catch_warnings():
        # scikit-learn says that the rarest class is predicted and does not occur
        warnings.filterwarnings("ignore", "y_pred contains classes not in y_true")
        for line, counts in zip(found, weights.astype(int), strict=True):
            expected = [
                metric.function(np.repeat(y, counts), np.repeat(p, counts, axis=0))
                for p in predictions
            ]
            # sums over rows are float32: 60 rows, seven digits
            assert line == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", METRICS)
def test_no_rows_have_no_score(name):
    rng = np.random.default_rng(0)
    y, predictions = made_up(name, rng)
    values = row_values(METRICS[name], y, predictions[0].astype(np.float32))[None]
    nothing = np.zeros((1, N), np.float32)
    assert np.isnan(weighted_scores(METRICS[name], y, values, nothing)).all()
