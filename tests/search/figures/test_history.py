from dataclasses import replace

import pytest

from search.figures.best_so_far import PAUSE, best_so_far, study_minutes
from search.figures.history import caption, compute
from search.metrics import METRICS


def test_the_best_so_far_follows_the_metrics_direction():
    scores = [0.5, 0.7, 0.6, 0.4]
    assert best_so_far(METRICS["accuracy"], scores) == [0.5, 0.7, 0.7, 0.7]
    assert best_so_far(METRICS["log_loss"], scores) == [0.5, 0.5, 0.5, 0.4]


def test_only_complete_trials_at_full_epochs_have_points(make_study, make_trial):
    trials = [
        make_trial(0, height=0.7),
        make_trial(1, state="stopped", n_folds=1),
        make_trial(2, height=0.99, rung=True, epochs=1),
        make_trial(3, height=0.8),
        make_trial(4, state="failed", folds=()),
        make_trial(5, state="running", n_folds=1),
    ]
    history = compute(make_study(trials=trials))
    assert history.by_trial.at == [0, 3]
    assert history.by_trial.scores == pytest.approx([0.66, 0.76])
    assert history.without_score == [1, 4]
    assert "stopped or failed" in caption(history)


def test_by_time_trials_stand_in_the_order_in_which_they_ended(make_study):
    study = make_study(3)
    first, second, third = study.trials
    late = tuple(replace(f, ended=f.ended + 500) for f in first.folds)
    copy = replace(third, number=3, copy_of=2)
    trials = [replace(first, folds=late), second, third, copy]
    history = compute(replace(study, trials=trials))
    assert history.by_trial.trials == [0, 1, 2, 3]
    assert history.by_time.trials == [1, 2, 0]  # the copy took no time
    assert history.by_time.at == sorted(history.by_time.at)


def test_time_runs_from_the_first_fold_without_long_pauses(make_trial, make_fold):
    def trial(number, ended):
        return make_trial(number, folds=(make_fold(0, ended=ended, seconds=10.0),))

    trials = [trial(0, 100.0), trial(1, 110.0), trial(2, 110.0 + PAUSE + 60 + 10)]
    minutes = study_minutes(trials)
    assert minutes(90.0) == 0.0
    assert minutes(110.0) == pytest.approx(20 / 60)
    # the pause of PAUSE + 60 seconds is left out; it was too long for thinking
    assert minutes(trials[2].folds[0].ended) == pytest.approx(30 / 60)
    short = [trial(0, 100.0), trial(1, 100.0 + PAUSE)]
    assert study_minutes(short)(100.0 + PAUSE) == pytest.approx((PAUSE + 10) / 60)
