import math
import random
from dataclasses import replace

import numpy as np
import pytest

from search.metrics import METRICS
from search.scoring import (
    best_trial,
    common_epoch,
    failure_reason,
    generalization_gap,
    mean_curves,
    mean_score,
    rank,
    score_std,
    told_value,
)
from search.types import FoldResult, Trial, TrialState

ACCURACY, LOG_LOSS = METRICS["accuracy"], METRICS["log_loss"]


def fold(number=0, **curves):
    """A fold with the given curves; `loss` stands for the number of epochs."""
    first = next(iter(curves.values()))
    return FoldResult(
        fold=number,
        curves={"loss": [0.0] * len(first), **curves},
        rows=np.arange(2),
        predictions=None,
        n_parameters=1,
        seconds=1.0,
        epoch_seconds=[1.0] * len(first),
        measure_seconds=0.0,
        peak_memory_mb=1.0,
        ended=0.0,
    )


def complete(number, *curves, metric=ACCURACY, **fields):
    """A complete trial whose folds have these validation curves."""
    name = f"val_{metric.curve}"
    folds = tuple(fold(i, **{name: list(curve)}) for i, curve in enumerate(curves))
    epoch = common_epoch(metric, folds, "best")
    score = mean_score(metric, folds, epoch)
    trial = Trial(
        number=number,
        params={},
        state=TrialState.COMPLETE,
        epochs=3,
        folds=folds,
        score=score,
        epoch=epoch,
    )
    told = told_value(metric, trial, [], dummy=0.0)
    return replace(trial, told=told, **fields)


def ended(state, *curves, metric=ACCURACY):
    name = f"val_{metric.curve}"
    folds = tuple(fold(i, **{name: list(curve)}) for i, curve in enumerate(curves))
    return Trial(number=9, params={}, state=state, epochs=3, folds=folds)


def test_one_epoch_serves_all_folds():
    # by themselves the folds would pick epochs 1 and 3, and score .9 each
    folds = [fold(val_accuracy=[0.9, 0.8, 0.1]), fold(val_accuracy=[0.1, 0.8, 0.9])]
    assert common_epoch(ACCURACY, folds, "best") == 2
    assert mean_score(ACCURACY, folds, 2) == pytest.approx(0.8)
    assert common_epoch(ACCURACY, folds, "last") == 3
    assert mean_score(ACCURACY, folds, 3) == pytest.approx(0.5)


def test_lower_is_better_for_a_loss():
    folds = [fold(val_loss=[0.9, 0.2, 0.5]), fold(val_loss=[0.8, 0.4, 0.5])]
    assert common_epoch(LOG_LOSS, folds, "best") == 2
    assert mean_score(LOG_LOSS, folds, 2) == pytest.approx(0.3)


@pytest.mark.parametrize("metric", [ACCURACY, LOG_LOSS])
def test_the_earliest_of_equal_epochs_counts(metric):
    middle = 0.5
    folds = [fold(**{f"val_{metric.curve}": [middle, middle, middle]})]
    assert common_epoch(metric, folds, "best") == 1


def test_spread_over_folds():
    folds = [fold(val_accuracy=[0.5]), fold(val_accuracy=[0.7])]
    assert score_std(ACCURACY, folds, 1) == pytest.approx(0.2 / math.sqrt(2))
    assert math.isnan(score_std(ACCURACY, folds[:1], 1))


def test_mean_curves_hold_every_name():
    folds = [fold(loss=[1.0, 3.0], a=[0.0, 1.0]), fold(loss=[3.0, 5.0], a=[1.0, 1.0])]
    assert mean_curves(folds) == {"loss": [2.0, 4.0], "a": [0.5, 1.0]}


def test_curves_of_different_lengths_have_no_mean():
    with pytest.raises(ValueError, match="inhomogeneous"):
        mean_curves([fold(a=[1.0, 2.0]), fold(a=[1.0])])


@pytest.mark.parametrize(
    ("metric", "train", "valid"), [(ACCURACY, 0.9, 0.7), (LOG_LOSS, 0.1, 0.3)]
)
def test_the_gap_is_positive_when_validation_is_worse(metric, train, valid):
    curves = {metric.curve: [0.5, train], f"val_{metric.curve}": [0.5, valid]}
    assert generalization_gap(metric, [fold(**curves)], 2) == pytest.approx(0.2)
    assert generalization_gap(metric, [fold(**curves)], 1) == 0
    turned = {metric.curve: [valid], f"val_{metric.curve}": [train]}
    assert generalization_gap(metric, [fold(**turned)], 1) == pytest.approx(-0.2)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_named(bad):
    folds = [fold(0, val_loss=[0.5, 0.4]), fold(1, val_loss=[0.5, bad])]
    assert failure_reason(folds) == "fold 1: val_loss is not finite in epoch 2"
    assert failure_reason(folds[:1]) is None
    assert failure_reason([]) is None


@pytest.mark.parametrize(("metric", "turned"), [(ACCURACY, 0.8), (LOG_LOSS, -0.8)])
def test_a_complete_trial_is_told_its_score_higher_is_better(metric, turned):
    trial = complete(0, [0.8], metric=metric)
    assert told_value(metric, trial, [], dummy=0.1) == turned
    # a score of zero is a score
    assert told_value(metric, complete(1, [0.0], metric=metric), [], dummy=9) == 0


def test_a_stopped_trial_is_told_its_difference_to_the_incumbent():
    incumbent = complete(0, [0.5, 0.8], [0.5, 0.6], [0.5, 0.7])  # epoch 2, .7
    other = complete(1, [0.9, 0.1], [0.5, 0.1], [0.5, 0.1])  # worse as a whole
    stopped = ended(TrialState.STOPPED, [0.1, 0.7], [0.9, 0.4])
    # -.1 and -.2 on the same folds at the incumbent's epoch
    told = told_value(ACCURACY, stopped, [other, incumbent], dummy=0.1)
    assert told == pytest.approx(0.7 - 0.15)


def test_a_stopped_trial_is_compared_with_those_of_as_many_epochs():
    better_at_full = complete(0, [0.5, 0.9, 0.95])
    rung = complete(1, [0.5, 0.6], epochs=2, rung=True)
    stopped = replace(ended(TrialState.STOPPED, [0.4, 0.5]), epochs=2, rung=True)
    told = told_value(ACCURACY, stopped, [better_at_full, rung], dummy=0.1)
    assert told == pytest.approx(0.5)
    # among full trials the one at fewer epochs does not count
    stopped = ended(TrialState.STOPPED, [0.4, 0.5, 0.6])
    told = told_value(ACCURACY, stopped, [better_at_full, rung], dummy=0.1)
    assert told == pytest.approx(0.6)


def test_trials_at_fewer_epochs_have_no_rank():
    full = complete(0, [0.5, 0.6, 0.7])
    rung = complete(1, [0.5, 0.9], epochs=2, rung=True)
    assert rank(ACCURACY, [rung, full]) == [full]
    assert best_trial(ACCURACY, [rung]) is None


def test_a_stopped_loss_is_told_below_the_incumbent_too():
    incumbent = complete(0, [0.5, 0.2], [0.5, 0.4], metric=LOG_LOSS)
    stopped = ended(TrialState.STOPPED, [0.9, 0.5], metric=LOG_LOSS)
    told = told_value(LOG_LOSS, stopped, [incumbent], dummy=2.3)
    assert told == pytest.approx(-(0.3 + 0.3))


def test_a_fold_that_a_floor_cut_is_compared_at_its_last_epoch():
    incumbent = complete(0, [0.4, 0.6, 0.8])
    stopped = ended(TrialState.STOPPED, [0.3])
    assert told_value(ACCURACY, stopped, [incumbent], dummy=0.1) == pytest.approx(0.7)


def test_a_stopped_trial_without_an_incumbent_is_told_the_worst():
    stopped = ended(TrialState.STOPPED, [0.3])
    assert told_value(ACCURACY, stopped, [], dummy=0.1) == 0.1
    known = [replace(stopped, number=1, told=0.05)]
    assert told_value(ACCURACY, stopped, known, dummy=0.1) == 0.05


@pytest.mark.parametrize("metric", [ACCURACY, LOG_LOSS])
@pytest.mark.parametrize("curves", [[], [[math.nan]], [[0.5], [0.9, math.nan]]])
def test_a_failed_trial_is_told_the_worst_so_far(metric, curves):
    failed = ended(TrialState.FAILED, *curves, metric=metric)
    known = [complete(i, [value], metric=metric) for i, value in enumerate([0.5, 0.8])]
    worst = min(trial.told for trial in known)
    assert told_value(metric, failed, known, dummy=0.1) == worst
    # a running trial among them has been told nothing
    running = ended(TrialState.RUNNING, [0.2], metric=metric)
    assert told_value(metric, failed, [*known, running], dummy=0.1) == worst


@pytest.mark.parametrize(("metric", "told"), [(ACCURACY, 0.1), (LOG_LOSS, -2.3)])
def test_the_first_failed_trial_is_told_what_a_dummy_scores(metric, told):
    failed = ended(TrialState.FAILED, metric=metric)
    assert told_value(metric, failed, [], dummy=abs(told)) == told


@pytest.mark.parametrize(
    ("metric", "order"), [(ACCURACY, [3, 0, 2, 1]), (LOG_LOSS, [1, 0, 2, 3])]
)
def test_the_best_comes_first_and_the_earlier_of_equals(metric, order):
    trials = [
        complete(number, [score], metric=metric)
        for number, score in enumerate([0.5, 0.0, 0.5, 0.9])
    ]
    unranked = [ended(TrialState.STOPPED, [1.0]), ended(TrialState.FAILED)]
    for seed in range(10):
        shuffled = random.Random(seed).sample(trials + unranked, 6)
        assert [trial.number for trial in rank(metric, shuffled)] == order
        assert best_trial(metric, shuffled).number == order[0]
    assert best_trial(metric, unranked) is None
