"""What curves made by hand are judged to be."""

import math
from dataclasses import replace

import numpy as np
import pytest

from search.diagnosis import (
    UNDECIDED,
    Diagnosis,
    Kind,
    diagnose,
    diagnose_all,
    overconfidence,
)
from search.metrics import METRICS

FALLING = [0.9, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02]
FLAT = [0.9, 0.7, 0.6, 0.55, 0.52, 0.51, 0.505, 0.505]
RISING = [0.9, 0.7, 0.6, 0.55, 0.6, 0.7, 0.8, 0.9]  # lowest in epoch 4


@pytest.fixture
def folds(make_fold):
    """Return a function that makes folds which differ by a little noise."""

    def make(valid, train=FALLING, *, n_folds=5, noise=0.001, level=0.05):
        rng = np.random.default_rng(0)
        made = []
        for number in range(n_folds):
            # a fold's level is shared by its epochs: pairing takes it out
            shifted = np.array(valid) + level * number
            shifted += noise * rng.standard_normal(len(valid))
            curves = {"loss": list(train), "val_loss": shifted.tolist()}
            made.append(make_fold(number, curves=curves))
        return made

    return make


def test_validation_rises_while_training_falls(folds):
    assert diagnose(folds(RISING)) == Diagnosis(Kind.OVERFIT, since=4)
    assert str(diagnose(folds(RISING))) == "overfit from 4"


def test_differences_are_paired_within_folds(folds):
    # Folds lie ten times as far apart as the curve rises.
    assert diagnose(folds(RISING, level=3.5)).kind is Kind.OVERFIT


def test_a_rise_must_be_larger_than_its_standard_error(folds):
    # By hand: differences of .01 and .05 have the mean .03 and the standard error .02;
    # those of -.05 and .11 the same mean and the standard error .08.
    for change, kind in (([0.01, 0.05], Kind.OVERFIT), ([-0.05, 0.11], None)):
        two = folds([0.9, 0.2], n_folds=2, noise=0, level=0, train=FALLING[:2])
        for fold, rise in zip(two, change, strict=True):
            fold.curves["val_loss"] = [0.2, 0.2 + rise]
        found = diagnose(two)
        assert found.kind is (kind or Kind.UNDECIDED)
        assert found.since == (1 if kind else None)


def test_a_training_that_diverges_does_not_overfit(folds):
    assert diagnose(folds(RISING, train=RISING)) == UNDECIDED


def test_a_flat_curve_does_not_seem_to_rise_from_its_lowest_value(make_fold):
    rng = np.random.default_rng(0)
    n_overfit = 0
    for _ in range(400):
        valid = 0.5 + 0.01 * rng.standard_normal((5, 20))
        train = np.linspace(0.9, 0.1, 20).tolist()
        folds = [
            make_fold(number, curves={"loss": train, "val_loss": curve.tolist()})
            for number, curve in enumerate(valid)
        ]
        n_overfit += diagnose(folds).kind is Kind.OVERFIT
    # A quarter in 2,000 repetitions; measured from the epoch that is lowest in the
    # same folds it is two thirds. .35 is four standard errors of 400 above a quarter.
    assert n_overfit / 400 < 0.35


def test_a_flat_end_is_robust_and_a_gap_alone_no_harm(folds):
    found = diagnose(folds(FLAT, noise=0))
    assert found == Diagnosis(Kind.ROBUST)
    assert str(found) == "robust"


def test_what_never_learned_is_undecided(folds):
    assert diagnose(folds([0.9] * 8, noise=0)) == UNDECIDED


def test_what_still_falls_is_undecided(folds):
    assert diagnose(folds(FALLING)) == UNDECIDED


def test_what_is_too_noisy_is_undecided_and_not_robust(folds):
    assert diagnose(folds(FLAT, noise=0.2)).kind is not Kind.ROBUST
    # Ends .01 lower and .01 higher: a standard error of .01 on a lowest loss of .15.
    two = folds([0.9, 0.5, 0.15, 0.15], FALLING[:4], n_folds=2, noise=0, level=0)
    assert diagnose(two).kind is Kind.ROBUST
    for fold, change in zip(two, (-0.01, 0.01), strict=True):
        fold.curves["val_loss"][-1] += change
    assert diagnose(two) == UNDECIDED


def test_the_earliest_of_equal_epochs_counts(folds):
    valley = [0.9, 0.5, 0.5, 0.5, 0.9]
    found = diagnose(folds(valley, FALLING[:5], noise=0, level=0))
    assert found == Diagnosis(Kind.OVERFIT, since=2)


def test_too_little_to_judge_by(folds):
    assert diagnose([]) == UNDECIDED
    assert diagnose(folds(RISING, n_folds=1)) == UNDECIDED  # no standard error
    assert diagnose(folds([0.5], [0.5])) == UNDECIDED
    for wrong in (math.nan, math.inf):
        assert diagnose(folds([*RISING[:-1], wrong])) == UNDECIDED
        assert diagnose(folds(RISING, [*FALLING[:-1], wrong])) == UNDECIDED


# Beside other trials


@pytest.fixture
def trial(make_trial, folds):
    """Return a function that makes a complete trial, scored at the last epoch."""

    def make(number, *, lower=0.0, n_parameters=100, epochs=8, **fields):
        curve = np.array(FALLING) - lower
        made = [
            replace(fold, n_parameters=n_parameters)
            for fold in folds(curve + 0.5, curve, level=0.01)
        ]
        state = fields.pop("state", "running")  # scored by hand, not by accuracy
        plain = make_trial(number, folds=tuple(made), state=state)
        return replace(
            plain,
            **{"state": plain.state.COMPLETE, "epoch": 8, "epochs": epochs} | fields,
        )

    return make


def kinds(*trials):
    found = diagnose_all(METRICS["log_loss"], trials)
    return [each.kind.value for each in found.values()]


def test_a_larger_trial_that_learned_more_shows_another_to_be_underfit(trial):
    small, large = trial(0), trial(1, lower=0.1, n_parameters=1000)
    assert kinds(small, large) == ["underfit", "undecided"]
    assert kinds(large, small) == ["undecided", "underfit"]
    assert kinds(small) == ["undecided"]  # no witness


def test_so_does_one_that_was_trained_longer(trial):
    assert kinds(trial(0), trial(1, lower=0.1, epochs=16)) == ["underfit", "undecided"]


def test_a_better_trial_of_the_same_size_shows_nothing(trial):
    assert kinds(trial(0), trial(1, lower=0.1)) == ["undecided", "undecided"]


def test_the_searched_metric_says_what_is_better(trial):
    small, large = trial(0), trial(1, lower=0.1, n_parameters=1000)
    for each, accuracy in ((small, 0.9), (large, 0.8)):
        for fold in each.folds:
            fold.curves["accuracy"] = fold.curves["val_accuracy"] = [accuracy] * 8
    found = diagnose_all(METRICS["accuracy"], [small, large])
    assert found[0].kind is Kind.UNDECIDED
    for fold in large.folds:
        fold.curves["accuracy"] = fold.curves["val_accuracy"] = [0.95] * 8
    assert diagnose_all(METRICS["accuracy"], [small, large])[0].kind is Kind.UNDERFIT


def test_a_larger_trial_that_is_worse_on_new_rows_shows_nothing(trial):
    large = trial(1, lower=0.1, n_parameters=1000)
    for fold in large.folds:
        fold.curves["val_loss"] = [value + 0.5 for value in fold.curves["val_loss"]]
    assert kinds(trial(0), large)[0] == "undecided"


def test_trials_at_fewer_epochs_are_left_out(trial):
    rung = trial(1, lower=0.1, n_parameters=1000, rung=True)
    assert kinds(trial(0), rung) == ["undecided"]


def test_what_overfits_is_not_called_underfit(trial, folds):
    overfits = trial(0, folds=tuple(folds(RISING)))
    large = trial(1, lower=0.4, n_parameters=10_000)
    assert kinds(overfits, large)[0] == "overfit"


def test_a_trial_without_an_end_has_no_diagnosis(trial, make_trial):
    assert kinds(make_trial(0, state="failed"), make_trial(1, state="running")) == []


# Confidence


def test_confidence_is_set_against_accuracy():
    y = np.array([0, 1, 1, 0])
    sure = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], np.float16)  # right in two of 4
    assert overconfidence(y, sure) == 0.5
    modest = np.array([[0.75, 0.25], [0.25, 0.75]], np.float32)[y]  # always right
    assert overconfidence(y, modest) == -0.25
