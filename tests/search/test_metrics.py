import math

import numpy as np
import pytest
import sklearn.metrics

from search.errors import SettingsError
from search.metrics import (
    METRICS,
    choose_metrics,
    fold_scores,
    imbalance_note,
    score_all,
)

CLASSES = [name for name, m in METRICS.items() if m.task == "classification"]
VALUES = [name for name, m in METRICS.items() if m.task == "regression"]


def softmax_rows(n=300, k=4, *, seed=0):
    logits = np.random.default_rng(seed).normal(size=(n, k)).astype(np.float32) * 3
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.arange(n) % k, (shares / shares.sum(axis=1, keepdims=True))


def test_class_metrics_are_scikit_learns():
    y, shares = softmax_rows()
    labels = shares.argmax(axis=1)
    expected = {
        "accuracy": sklearn.metrics.accuracy_score(y, labels),
        "balanced_accuracy": sklearn.metrics.balanced_accuracy_score(y, labels),
        "f1_macro": sklearn.metrics.f1_score(y, labels, average="macro"),
        "loss": -np.mean(np.log(shares[np.arange(len(y)), y].astype(np.float64))),
    }
    scores = score_all(tuple(CLASSES), y, shares)
    # float32 rows sum to one in the 7th digit only
    assert scores == pytest.approx(expected, rel=1e-6)
    assert all(type(value) is float for value in scores.values())


def test_value_metrics_are_scikit_learns():
    rng = np.random.default_rng(0)
    y, predicted = rng.normal(size=100), rng.normal(size=100).astype(np.float32)
    assert score_all(tuple(VALUES), y, predicted) == pytest.approx(
        {
            "loss": np.mean((y - predicted) ** 2),
            "mae": np.mean(abs(y - predicted)),
            "rmse": np.sqrt(np.mean((y - predicted) ** 2)),
        }
    )


def test_log_loss_knows_classes_that_no_row_has_and_certain_mistakes():
    shares = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
    assert score_all(("log_loss",), np.array([0, 1]), shares)["loss"] < 1e-6
    wrong = score_all(("log_loss",), np.array([1, 1]), shares)["loss"]
    assert 1 < wrong < math.inf


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite_gives_nan_without_asking_scikit_learn(bad):
    y, shares = softmax_rows(8)
    shares[3, 1] = bad
    scores = score_all(tuple(CLASSES), y, shares)
    assert set(scores) == {METRICS[name].curve for name in CLASSES}
    assert all(math.isnan(value) for value in scores.values())


@pytest.mark.parametrize("name", METRICS)
def test_the_sign_turns_every_metric_to_higher_is_better(name):
    metric = METRICS[name]
    y, shares = softmax_rows(40)
    good = np.eye(4, dtype=np.float32)[y]
    if metric.task == "regression":
        y, good, shares = y * 1.0, y.astype(np.float32), shares[:, 0]
    better, worse = metric.function(y, good), metric.function(y, shares)
    assert metric.sign(better) > metric.sign(worse)
    assert metric.sign(metric.sign(worse)) == worse


def test_two_metrics_of_a_task_have_two_curves():
    for names in (CLASSES, VALUES):
        assert len({METRICS[name].curve for name in names}) == len(names)


@pytest.mark.parametrize(
    ("task", "asked", "chosen"),
    [
        ("classification", None, ("accuracy", "log_loss")),
        ("classification", "log_loss", ("log_loss", "accuracy")),
        (
            "classification",
            " f1_macro , accuracy",
            ("f1_macro", "accuracy", "log_loss"),
        ),
        ("classification", "accuracy,accuracy", ("accuracy", "log_loss")),
        ("regression", None, ("mae", "mse")),
        ("regression", "rmse", ("rmse", "mae", "mse")),
    ],
)
def test_accuracy_never_stands_without_log_loss(task, asked, chosen):
    assert choose_metrics(task, asked) == chosen


UNEVEN = np.repeat([0, 1, 2], [40, 19, 40])


@pytest.mark.parametrize(
    ("task", "asked", "y", "chosen"),
    [
        ("classification", None, UNEVEN, ("balanced_accuracy", "accuracy", "log_loss")),
        ("classification", None, np.append(UNEVEN, 1), ("accuracy", "log_loss")),
        ("classification", "accuracy", UNEVEN, ("accuracy", "log_loss")),
        ("regression", None, UNEVEN * 1.0, ("mae", "mse")),
    ],
)
def test_uneven_classes_are_searched_by_balanced_accuracy(task, asked, y, chosen):
    assert choose_metrics(task, asked, y) == chosen


def test_the_choice_says_why_with_figures():
    y = np.repeat([3, 0, 5], [4000, 1999, 2500])
    line = imbalance_note("classification", y)
    assert line.startswith("class 0 has 1,999 rows, class 3 has 4,000: less than half;")
    assert "balanced_accuracy" in line
    assert "\n" not in line
    assert imbalance_note("classification", np.append(y, 0)) is None
    assert imbalance_note("regression", y * 1.0) is None
    assert imbalance_note("classification", np.zeros(9, int)) is None


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("acuracy", "--metric: unknown metric 'acuracy'; did you mean 'accuracy'?"),
        ("accuracy,", "--metric: unknown metric ''"),
        ("mse", "--metric: mse does not score a classification; choose from accuracy"),
    ],
)
def test_bad_metrics_are_one_clear_line(asked, message):
    with pytest.raises(SettingsError) as caught:
        choose_metrics("classification", asked)
    assert message in str(caught.value)


def test_fold_scores_count_epochs_from_one():
    curves = [{"val_loss": [3.0, 2.0]}, {"val_loss": [5.0, 4.0]}]
    assert fold_scores(METRICS["log_loss"], curves, 1) == [3.0, 5.0]
    assert fold_scores(METRICS["log_loss"], curves, 2) == [2.0, 4.0]


def test_log_loss_is_that_of_scikit_learn():
    from sklearn.metrics import log_loss

    rng = np.random.default_rng(0)
    logits = rng.normal(scale=8, size=(500, 7))  # up to nearly certain
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    y = rng.integers(0, 7, 500)
    rescaled = shares / shares.sum(axis=1, keepdims=True, dtype=np.float64)
    expected = log_loss(y, rescaled, labels=range(7))
    # the same float64 operations, summed in another order
    assert METRICS["log_loss"].function(y, shares) == pytest.approx(expected, rel=1e-12)


def test_an_interval_ends_where_scores_do():
    assert METRICS["accuracy"].clip((-0.1, 1.2)) == (0, 1)
    assert METRICS["accuracy"].clip((0.4, 0.6)) == (0.4, 0.6)
    assert METRICS["mse"].clip((-3.0, 40.0)) == (0, 40)
