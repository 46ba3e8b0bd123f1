"""A study watched through the tracking store alone."""

import time
from pathlib import Path

import pytest

from search.errors import TrackingError
from search.live.recorded import RecordedView
from search.recorder import Recorder

NONE = Path("no-predictions.npz")


@pytest.fixture
def recorder(store, make_settings):
    recorder = Recorder(store, make_settings(), began=time.time() - 60)
    recorder.begin({"keras": "3.15.0"})
    return recorder


def send(recorder, trial):
    """Send a trial as a search does."""
    for fold in trial.folds:
        recorder.fold(trial, fold)
    if trial.state != "running":
        recorder.trial(trial, NONE)


def test_what_the_store_knows_is_shown_and_that_it_is_not_all(
    store, recorder, make_trial
):
    view = RecordedView(store, None)
    empty = view.look(time.time())
    assert (empty.study, empty.n_ended, empty.best) == ("a", 0, None)
    assert empty.gone == pytest.approx(60, abs=30)

    send(recorder, make_trial(0, height=0.7))
    send(recorder, make_trial(1, state="stopped", n_folds=1))
    send(recorder, make_trial(2, state="running", n_folds=2))
    now = view.look(time.time())
    assert (now.n_ended, now.n_trials, now.folds_trained) == (2, None, 6)
    assert now.best.number == 0
    assert now.best.score == pytest.approx(0.66)
    assert now.best.configuration == "64, dropout 0.3, batch_norm"
    assert len(now.best.curve) == 4
    assert max(now.best.curve) == pytest.approx(0.66)
    states = {trial.number: trial.state for trial in now.latest}
    assert states == {0: "complete", 1: "stopped"}
    [row] = now.running
    assert (row.number, row.folds_done, row.slot) == (2, 2, None)
    assert len(row.curve) == 4
    assert now.left is None
    assert "tracking store" in now.notes[0]
    assert now.outcome is None


def test_the_end_of_a_study_is_seen(store, recorder, make_trial):
    view = RecordedView(store, "a")
    recorder.trial(make_trial(0), NONE)
    recorder.end("words", reason="all 1 trials are done", finished=True)
    assert view.look(time.time()).outcome == "all 1 trials are done"


def test_a_low_loss_is_the_best(store, make_settings, make_trial):
    settings = make_settings(metrics=("log_loss", "accuracy"))
    recorder = Recorder(store, settings, began=1.0)
    recorder.begin({})
    for number, height in enumerate((0.7, 0.9)):
        recorder.trial(make_trial(number, height=height, metric="log_loss"), NONE)
    now = RecordedView(store, "a").look(time.time())
    assert now.best.number == 1
    assert min(now.best.curve) == pytest.approx(now.best.score)


def test_a_study_that_is_not_there_is_named(store, recorder):
    with pytest.raises(TrackingError, match="unknown study 'b'; known: a"):
        RecordedView(store, "b")
