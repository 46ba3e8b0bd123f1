"""The tracker where the store refuses records for good: nothing else may wait."""

from dataclasses import replace

import pytest

from search import background, tracking
from search.journal import Journal
from search.recorder import Recorder
from search.results import best_trials, load_study
from search.store import KEY
from search.tracking import MlflowTracker
from search.types import TrialState

FACTS = {"keras": "3.15.0"}
FINISHED = {"reason": "2 trials are done", "finished": True}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(background, "PAUSES", (0.05,))
    monkeypatch.setattr(tracking, "PATIENCE", 1.0)


@pytest.fixture
def journal(tmp_path, make_settings):
    journal = Journal.create(
        tmp_path / "tunefold-studies" / "a", make_settings(), {"facts": FACTS}
    )
    yield journal
    journal.close()


@pytest.fixture
def said():
    return []


@pytest.fixture
def track(store, journal, make_settings, said):
    """Return a function that begins tracking, each time as a new process would."""
    trackers = []

    def track():
        recorder = Recorder(store, make_settings(), began=1.0)
        recorder.begin(FACTS)
        trackers.append(MlflowTracker(recorder, journal, make_settings(), said.append))
        return trackers[-1]

    yield track
    for tracker in trackers:
        tracker._writer.close(patience=0.0)


def fold(tracker, trial, number):
    """Tell the tracker of a fold as a study does."""
    so_far = replace(trial, state=TrialState.RUNNING, folds=trial.folds[: number + 1])
    tracker.fold_done(so_far, trial.folds[number])


def end(tracker, trials):
    tracker.study_done(trials, **FINISHED)
    tracker.settle()


def active(store):
    """The content of the runs below the study by key; none is there twice."""
    runs = store.children(store.find("a").info.run_id)
    assert len(runs) == len({run.data.tags[KEY] for run in runs})
    return {run.data.tags[KEY]: run for run in runs}


def test_a_run_that_is_deleted_amid_its_trial_is_written_anew(
    store, track, make_trial, said
):
    tracker = track()
    first, second = make_trial(0), make_trial(1)
    for number in range(2):
        fold(tracker, first, number)
    tracker.settle()
    deleted = store.find("a/0").info.run_id
    store.client.delete_run(deleted)
    fold(tracker, first, 2)
    tracker.trial_done(first)
    for number in range(3):
        fold(tracker, second, number)
    tracker.trial_done(second)
    end(tracker, [first, second])
    assert (tracker.left_behind, tracker.refused) == (0, 0)
    runs = active(store)
    assert set(runs) == {"a/0", "a/1"}
    assert runs["a/0"].info.run_id != deleted
    for run in runs.values():
        assert run.info.status == "FINISHED"
        assert all(f"val_loss/fold_{k}" in run.data.metrics for k in range(3))
    assert store.find("a").info.status == "FINISHED"
    assert len(best_trials(store, load_study(store, "a"), 5)) == 2
    assert said == [
        "trial 0: its run was deleted in MLflow and is written anew, for a study "
        "keeps all its trials; delete it when the study has ended"
    ]


def test_a_run_deleted_after_its_trial_keeps_no_study_open(store, track, make_trial):
    # only the mark of an underfit trial would still be written there
    good, bad = make_trial(0), make_trial(1, height=0.3)
    tracker = track()
    for trial in (good, bad):
        tracker.trial_done(trial)
    tracker.settle()
    assert tracker._recorder._runs
    for key in ("a/0", "a/1"):
        store.client.delete_run(store.find(key).info.run_id)
    end(tracker, [good, bad])
    assert (tracker.left_behind, tracker.refused) == (0, 0)
    assert store.find("a").info.status == "FINISHED"


def test_a_refused_record_is_skipped_counted_told_and_sent_again_later(
    store, track, make_trial, said
):
    whole = make_trial(0)
    curves = whole.folds[1].curves
    long = replace(whole.folds[1], curves=curves | {"x" * 300: curves["loss"]})
    odd = replace(whole, folds=(whole.folds[0], long, whole.folds[2]))
    other = make_trial(1)
    tracker = track()
    for trial in (odd, other):
        for number in range(3):
            fold(tracker, trial, number)
        tracker.trial_done(trial)
    end(tracker, [odd, other])
    assert (tracker.left_behind, tracker.refused) == (0, 1)
    runs = active(store)
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    assert "val_loss/fold_1" not in runs["a/0"].data.metrics
    assert "val_loss/fold_2" in runs["a/0"].data.metrics
    assert store.find("a").info.status == "FINISHED"
    [line] = said
    assert line.startswith("trial 0: MLflow refuses a record of it (")
    assert "maximum length" in line
    assert line.endswith("); the journal keeps it, 'tunefold resume a' sends it again")

    later = track()  # of a version that writes what the store takes
    later.catch_up([whole, other])
    end(later, [whole, other])
    assert later.refused == 0
    assert "val_loss/fold_1" in active(store)["a/0"].data.metrics
    again = track()
    before = active(store)["a/0"].data.tags
    again.catch_up([whole, other])
    end(again, [whole, other])
    assert active(store)["a/0"].data.tags == before


def test_refusals_are_told_once(track, make_trial, said):
    trials = [make_trial(n, params={"no,name": n}) for n in range(3)]
    tracker = track()
    for trial in trials:
        tracker.trial_begun(trial)
        tracker.trial_done(trial)
    end(tracker, trials)
    assert (tracker.left_behind, tracker.refused) == (0, 6)
    assert len(said) == 1


def test_a_study_whose_run_is_deleted_is_written_anew(store, track, make_trial, said):
    trials = [make_trial(0), make_trial(1)]
    tracker = track()
    tracker.trial_done(trials[0])
    tracker.settle()
    store.client.delete_run(store.find("a").info.run_id)
    tracker.trial_done(trials[1])
    end(tracker, trials)
    assert (tracker.left_behind, tracker.refused) == (0, 0)
    assert set(active(store)) == {"a/0", "a/1"}
    assert store.find("a").info.status == "FINISHED"
    assert said == ["study 'a': its run was deleted in MLflow and is written anew"]
