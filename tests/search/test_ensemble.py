"""Ensembles chosen from made-up predictions whose best mean is known."""

from dataclasses import replace

import numpy as np
import pytest
from stored_predictions import out_of_fold

from search.ensemble import (
    MAX_STEPS,
    FoldMean,
    choose,
    cross_fit,
    make_library,
    scores_of,
)
from search.errors import TrackingError
from search.metrics import METRICS

MSE, ACCURACY, LOG_LOSS = (METRICS[name] for name in ("mse", "accuracy", "log_loss"))
SPLITS = ["kfold:5", "repeated:2:5", "monte-carlo:6:0.2"]


def library_of(by_trial, y, *, cv="kfold:5"):
    return make_library([out_of_fold(cv, y, by_row) for by_row in by_trial])


def noise(*, cv, n_trials=20, n=200, seed=0):
    """Labels of two classes and trials that know nothing of them."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    shares = rng.random((n_trials, n, 1))
    return library_of(np.concatenate([shares, 1 - shares], axis=2), y, cv=cv)


# The choice


def test_errors_that_cancel_are_found_with_their_weights():
    y = np.linspace(-1, 1, 50)
    library = library_of([y + 3, y + 1, y - 2], y)
    choice = choose(library, MSE, size=2)
    assert choice.ranked == (1, 2, 0)
    assert choice.counts == (0, 2, 1)  # twice +1 and once -2
    found = scores_of(library, MSE, choice, size=2)
    assert found.ensemble == pytest.approx([0] * 5, abs=1e-12)  # float32 rounds at 1e-7
    assert found.single == pytest.approx([1] * 5, rel=1e-6)
    assert found.top == pytest.approx([0.25] * 5, rel=1e-6)


def test_classifiers_that_know_half_of_the_rows_each_are_joined():
    y = np.arange(100) % 3
    knows = np.eye(3)[y] * 0.8 + 0.1
    nothing = np.full((100, 3), 1 / 3)
    first = np.arange(100)[:, None] < 50
    halves = [np.where(first, knows, nothing), np.where(first, nothing, knows)]
    library = library_of([nothing, *halves], y)
    for metric in (ACCURACY, LOG_LOSS):
        choice = choose(library, metric, size=5)
        assert choice.counts[0] == 0
        assert min(choice.counts[1:]) >= 1
    found = scores_of(library, ACCURACY, choose(library, ACCURACY, size=5), size=5)
    assert np.mean(found.ensemble) == 1
    assert np.mean(found.single) < 0.7  # a half, and a third of the other one


def test_there_are_never_more_trials_than_asked_for():
    rng = np.random.default_rng(0)
    y = rng.normal(size=300)
    library = library_of(y + rng.normal(size=(12, 300)), y)
    scores = []
    for size in (1, 2, 3, 5, 12):
        choice = choose(library, MSE, size=size)
        counts = np.array(choice.counts)
        assert 1 <= (counts > 0).sum() <= size
        assert counts.sum() <= max(1, size // 2) + MAX_STEPS
        scores.append(np.mean(scores_of(library, MSE, choice, size=size).ensemble))
    # independent errors of variance 1: each further trial helps
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(1, abs=0.3)
    assert scores[-1] == pytest.approx(1 / 12, abs=0.05)


def test_the_best_trials_begin_it_and_equal_ones_are_taken_in_order():
    rng = np.random.default_rng(1)
    y = rng.normal(size=200)
    error = rng.normal(size=200)
    equal = [y + error] * 4
    choice = choose(library_of(equal, y), MSE, size=4)
    assert choice.counts == (1, 0, 0, 0)
    assert choice.ranked == (0, 1, 2, 3)


def test_a_single_trial_is_its_own_ensemble():
    y = np.arange(60) % 3
    library = library_of([np.eye(3)[y]], y)
    assert choose(library, LOG_LOSS, size=5).counts == (1,)
    found = cross_fit(library, ACCURACY, size=5)
    assert found.ensemble == found.single == found.top == (1,) * 5


# Cross-fitting


@pytest.mark.parametrize("cv", SPLITS)
def test_what_is_cross_fitted_has_not_seen_the_fold(cv):
    inside, across = [], []
    for seed in range(40):
        library = noise(cv=cv, seed=seed)
        choice = choose(library, ACCURACY, size=5)
        inside.append(scores_of(library, ACCURACY, choice, size=5))
        across.append(cross_fit(library, ACCURACY, size=5))
    for name in ("ensemble", "single", "top"):
        flattered = np.mean([np.mean(getattr(each, name)) for each in inside])
        honest = np.mean([np.mean(getattr(each, name)) for each in across])
        assert flattered > 0.54
        # the mean of 40 accuracies of 200 rows has a standard error of .0056
        assert honest == pytest.approx(0.5, abs=0.018)


def test_each_fold_is_scored_by_the_choice_of_the_others():
    y = np.zeros(50)
    library = library_of([y, y], y)
    here = library.fold == 2
    predictions = np.ones_like(library.predictions)
    predictions[0, here], predictions[1, ~here] = 0.1, 0.5
    found = cross_fit(replace(library, predictions=predictions), MSE, size=2)
    # by the other folds the second trial is the best one; in fold 2 it is not
    assert found.single == pytest.approx([0.25, 0.25, 1, 0.25, 0.25])


@pytest.mark.parametrize("cv", SPLITS)
def test_there_is_a_score_for_each_fold(cv):
    library = noise(cv=cv)
    found = cross_fit(library, LOG_LOSS, size=3)
    n_folds = len(np.unique(library.fold))
    assert {len(scores) for scores in vars(found).values()} == {n_folds}


def test_one_fold_leaves_nothing_to_choose_on():
    assert cross_fit(noise(cv="holdout:0.3"), ACCURACY, size=3) is None


# The library


@pytest.mark.parametrize("name", METRICS)
def test_a_score_is_that_of_the_leaderboard(name):
    rng = np.random.default_rng(0)
    metric = METRICS[name]
    y = rng.normal(size=90) if metric.task == "regression" else np.arange(90) % 3
    by_row = rng.normal(size=90)
    if metric.task == "classification":
        shares = np.exp(rng.normal(size=(90, 3)) + np.eye(3)[y])
        by_row = shares / shares.sum(axis=1, keepdims=True)
    library = library_of([by_row], y)
    expected = []
    for number in range(5):
        here = library.only(library.fold == number)
        expected.append(metric.function(here.y, here.predictions[0]))
    score = FoldMean(metric, library)
    # summed in float32
    found = score.by_fold(library.predictions[0])
    assert found == pytest.approx(expected, rel=1e-5)
    assert score(library.predictions[0]) == pytest.approx(
        metric.sign(np.mean(expected)), rel=1e-5
    )


def test_other_rows_are_refused():
    y = np.arange(40) % 2
    one, other = (out_of_fold(cv, y, np.eye(2)[y]) for cv in ("kfold:4", "kfold:5"))
    with pytest.raises(TrackingError, match="same rows and folds, got others in pl"):
        make_library([one, other])


def test_the_mean_is_weighted_and_stays_a_distribution():
    library = noise(cv="kfold:5", n_trials=3)
    mean = library.mean((1, 0, 3))
    expected = (library.predictions[0] + 3 * library.predictions[2]) / 4
    np.testing.assert_allclose(mean, expected, rtol=1e-6)
    # float32 sums of two shares
    np.testing.assert_allclose(mean.sum(axis=1), 1, rtol=1e-6)
    alone = library.mean((0, 1, 0))
    np.testing.assert_array_equal(alone, library.predictions[1])
