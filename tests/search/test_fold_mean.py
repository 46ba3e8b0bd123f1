import numpy as np
import pytest

from search.fold_mean import FoldMean
from search.metrics import METRICS

fold = np.repeat([3, 0, 1], [40, 50, 30])


def predictions(task):
    """Targets and predictions; the last fold lacks a class that is predicted in it."""
    rng = np.random.default_rng(0)
    if task == "regression":
        y = rng.normal(size=120)
        return y, np.float32(y + rng.normal(size=120))
    y = np.concatenate([rng.integers(0, 4, 90), rng.integers(0, 3, 30)])
    logits = rng.normal(size=(120, 4)) + np.eye(4)[y]
    shares = np.exp(logits)
    return y, np.float32(shares / shares.sum(axis=1, keepdims=True))


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.parametrize("name", METRICS)
def test_each_metric_is_that_of_the_leaderboard(name):
    metric = METRICS[name]
    y, predicted = predictions(metric.task)
    expected = [
        metric.function(y[fold == number], predicted[fold == number])
        for number in (0, 1, 3)
    ]
    score = FoldMean(metric, y, fold)
    assert score.by_fold(predicted) == pytest.approx(expected, rel=1e-12)
    assert score(predicted) == pytest.approx(metric.sign(np.mean(expected)))


def test_equal_probabilities_are_the_first_class_as_everywhere():
    y, even = np.array([0, 1, 1, 0]), np.full((4, 2), 0.5, np.float32)
    assert FoldMean(METRICS["accuracy"], y, np.zeros(4, int))(even) == 0.5
    assert METRICS["accuracy"].function(y, even) == 0.5
