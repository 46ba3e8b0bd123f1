import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor

from search.dummy import dummy_scores
from search.metrics import METRICS
from search.splitters import make_splitter

CLASSES = [name for name, m in METRICS.items() if m.task == "classification"]
VALUES = [name for name, m in METRICS.items() if m.task == "regression"]


@pytest.mark.parametrize("stratified", [True, False])
def test_classes_are_predicted_as_scikit_learns_dummy_does(stratified):
    y = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [50, 30, 25]))
    splitter = make_splitter("kfold:4", seed=0, stratified=stratified)
    folds = list(splitter.split(y))
    scores = dummy_scores(CLASSES, y, folds, 3)
    assert list(scores) == CLASSES
    for name in CLASSES:
        expected = []
        for fold in folds:
            X = np.zeros((len(y), 1))
            dummy = DummyClassifier(strategy="prior").fit(X[fold.train], y[fold.train])
            shares = dummy.predict_proba(X[fold.valid]).astype(np.float32)
            expected.append(METRICS[name].function(y[fold.valid], shares))
        assert scores[name] == pytest.approx(np.mean(expected), rel=1e-12)
    assert scores["balanced_accuracy"] == pytest.approx(1 / 3)
    assert all(type(value) is float for value in scores.values())


def test_a_class_without_rows_is_a_class_all_the_same():
    y = np.array([0, 0, 1, 1, 0, 0, 1, 1])
    folds = list(make_splitter("kfold:2", seed=0, stratified=True).split(y))
    scores = dummy_scores(["accuracy", "log_loss"], y, folds, 5)
    # halves, in float32 exact
    assert scores == pytest.approx({"accuracy": 0.5, "log_loss": np.log(2)})


def test_values_are_predicted_as_scikit_learns_dummy_does():
    y = np.random.default_rng(0).normal(size=90) + np.arange(90)
    folds = list(make_splitter("time-series:3", seed=0, stratified=False).split(y))
    scores = dummy_scores(VALUES, y, folds, 1)
    for name in VALUES:
        expected = []
        for fold in folds:
            X = np.zeros((len(y), 1))
            dummy = DummyRegressor().fit(X[fold.train], y[fold.train])
            predicted = dummy.predict(X[fold.valid]).astype(np.float32)
            expected.append(METRICS[name].function(y[fold.valid], predicted))
        assert scores[name] == pytest.approx(np.mean(expected), rel=1e-12)


def test_what_it_learns_are_training_rows_only():
    y = np.concatenate([np.zeros(30), np.full(10, 100.0)])
    [*_, last] = make_splitter("time-series:3", seed=0, stratified=False).split(y)
    assert dummy_scores(["mae"], y, [last], 1)["mae"] == 100
