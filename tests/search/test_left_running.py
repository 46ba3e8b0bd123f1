"""Runs of dead studies, found and closed in a real store."""

import json
import time

import pytest

from search.lease import LEASE
from search.left_running import close_left_running, left_running
from search.recorder import Recorder
from search.store import KEY


@pytest.fixture
def begin(store, make_settings, make_trial):
    """Return a function that begins a study with an ended and a running trial."""

    def begin(name):
        recorder = Recorder(store, make_settings(name=name), began=1.0)
        recorder.begin({})
        ended, running = make_trial(0), make_trial(1, state="running", n_folds=1)
        for trial in (ended, running):
            for result in trial.folds:
                recorder.fold(trial, result)
        recorder.trial(ended, store_path())
        return recorder

    return begin


def store_path():
    from pathlib import Path

    return Path("there-is-none.npz")


def states(store, recorder):
    return {
        run.data.tags[KEY]: (run.info.status, run.data.tags["state"])
        for run in store.children(recorder.run_id)
    }


def test_a_dead_study_is_closed_and_taken_up_again(store, begin):
    recorder = begin("a")
    [left] = close_left_running(store)
    assert (left.name, len(left.trials)) == ("a", 1)
    study = store.find("a")
    assert study.info.status == "KILLED"
    assert "its process died" in study.data.tags["reason"]
    assert states(store, recorder) == {
        "a/0": ("FINISHED", "complete"),
        "a/1": ("KILLED", "unfinished"),
    }
    assert close_left_running(store) == []
    recorder.begin({})
    assert states(store, recorder)["a/1"] == ("RUNNING", "running")


def test_one_that_somebody_works_on_is_left_alone(store, begin):
    begin("dead")
    alive = begin("alive")
    begin("ended").end("words", reason="done", finished=True)
    said = {"host": "far", "pid": 7, "started": 1.0, "seen": time.time()}
    store.client.set_tag(alive.run_id, LEASE, json.dumps(said))
    assert [left.name for left in left_running(store)] == ["dead"]
    close_left_running(store)
    assert store.find("alive").info.status == "RUNNING"
