"""Time left over trials of which pruning stops most."""

import random

import pytest

from search.live.time_left import Costs, TimeLeft, time_left

N_FOLDS, FOLD_SECONDS, TRIALS = 5, 10.0, 40


def said(costs, *, trials=TRIALS, minutes=None, running=(), in_progress=0.0, **times):
    return time_left(
        costs,
        trials=trials,
        minutes=minutes,
        running=running,
        in_progress=in_progress,
        **times,
    )


def folds_of_trials(rng, *, full=3, stopped=0.7):
    """Folds by trial: the first are whole, of the others most end after the first."""
    return [N_FOLDS if n < full or rng.random() > stopped else 1 for n in range(TRIALS)]


def estimates(folds, *, slots=1, overhead=1.0):
    """After each trial: what is said and what is true, in seconds."""
    costs, gone, pairs = Costs(N_FOLDS), 0.0, []
    total = sum(folds) * FOLD_SECONDS * overhead / slots
    for n in folds:
        costs.add(folds=n, seconds=n * FOLD_SECONDS)
        gone += n * FOLD_SECONDS * overhead / slots
        trained = gone * slots / overhead
        pairs.append((said(costs, gone=gone, trained=trained), total - gone))
    return pairs


def test_the_share_of_folds_that_pruning_leaves_is_learnt():
    wrong, as_if_whole = [], []
    for seed in range(20):
        pairs = estimates(folds_of_trials(random.Random(seed)))[14:30]
        wrong += [abs(left.seconds / true - 1) for left, true in pairs]
        as_if_whole += [
            (TRIALS - n) * N_FOLDS * FOLD_SECONDS / true - 1
            for n, (_, true) in enumerate(pairs, start=15)
        ]
    # A trial has 2.2 folds with a spread of 1.8. What is left are 10 to 25 of them,
    # told from about 20: the difference of the means has a standard error of a quarter.
    assert sum(wrong) / len(wrong) < 0.35
    assert sum(as_if_whole) / len(wrong) > 1.0  # twice the time and more


def test_recent_trials_weigh_more():
    whole_first = [N_FOLDS] * 20 + [1] * 20
    left, true = estimates(whole_first)[29]
    assert true == 100.0
    all_alike = (20 * N_FOLDS + 10) / 30 * 10 * FOLD_SECONDS
    # the last ten weigh more than the twenty before them
    assert true < left.seconds < 0.75 * all_alike


def test_slots_and_what_lies_between_folds_are_counted():
    folds = [N_FOLDS] * TRIALS
    for slots, overhead in ((1, 1.0), (2, 1.2), (8, 1.5)):
        for left, true in estimates(folds, slots=slots, overhead=overhead)[2:]:
            assert left.seconds == pytest.approx(true)


def test_nothing_is_said_before_three_trials_or_a_quarter_have_ended():
    pairs = estimates([N_FOLDS] * TRIALS)
    assert [left is None for left, _ in pairs[:4]] == [True, True, False, False]
    costs = Costs(N_FOLDS)
    assert said(costs, trials=4, gone=5.0, trained=0.0) is None
    costs.add(folds=N_FOLDS, seconds=50.0)
    assert said(costs, trials=4, gone=50.0, trained=50.0) == TimeLeft(seconds=150.0)
    assert said(costs, trials=9, gone=50.0, trained=50.0) is None


def test_minutes_are_a_bound_until_the_trials_tell_more():
    costs = Costs(N_FOLDS)
    early = said(costs, minutes=10, gone=60.0, trained=0.0)
    assert early == TimeLeft(seconds=540.0, at_most=True)
    only = said(costs, trials=None, minutes=10, gone=60.0, trained=0.0)
    assert only == TimeLeft(seconds=540.0)
    for _ in range(30):
        costs.add(folds=1, seconds=10.0)
    assert said(costs, minutes=10, gone=300.0, trained=300.0).seconds == 100.0
    assert said(costs, minutes=6, gone=300.0, trained=300.0).seconds == 60.0
    assert said(costs, minutes=4, gone=300.0, trained=300.0).seconds == 0.0


def test_a_running_trial_has_what_others_had_after_as_many_folds():
    costs = Costs(N_FOLDS)
    for n in (5, 1, 5, 1):
        costs.add(folds=n, seconds=n * FOLD_SECONDS)
    now = {"trials": 5, "gone": 120.0, "trained": 120.0}
    # after two folds nobody was stopped: three follow
    assert said(costs, running=[2], **now).seconds == pytest.approx(30.0)
    part = said(costs, running=[2], in_progress=4.0, **now).seconds
    # 26 seconds are left, at the pace of 124 in 120
    assert part == pytest.approx(26.0 * 120 / 124)
    assert said(costs, running=[4], in_progress=60.0, **now).seconds == 0.0


def test_copies_and_failures_cost_what_they_cost():
    costs = Costs(N_FOLDS)
    costs.add(folds=N_FOLDS, seconds=50.0)
    for _ in range(3):
        costs.add(folds=0, seconds=0.0)
    left = said(costs, trials=8, gone=50.0, trained=50.0).seconds
    assert left < 50.0  # of four times 50 s
    nothing = Costs(N_FOLDS)
    for _ in range(4):
        nothing.add(folds=0, seconds=0.0)
    assert said(nothing, gone=5.0, trained=0.0) is None
