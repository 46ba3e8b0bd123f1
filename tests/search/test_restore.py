"""A journal written anew from the store, compared with the one that was lost."""

import json
import shutil
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from real_command import (
    N_TRIALS,
    OF_A,
    Recorded,
    n_folds_of,
    refused,
    running,
    search,
    tunefold,
    wait_until,
)

from search.errors import TrackingError
from search.events import present_settings, read_trials, trial_to_events
from search.journal import FOLDER, Journal
from search.recorder import Recorder
from search.restore import restore
from search.run_tags import ASKED
from search.store import KEY
from search.types import Budget

BEGINNING = {
    "facts": {"keras": "3.15.0"},
    "began": 5.0,
    "budget": asdict(Budget(trials=9)),
    "warm": [],
}


@pytest.fixture
def lost(store, make_settings, make_trial, tmp_path):
    """A study of every kind of trial; return the recorder, its folder is empty."""
    settings = make_settings(workers=2)
    recorder = Recorder(store, settings, began=5.0)
    recorder.begin(**BEGINNING)
    predictions = tmp_path / "p.npz"
    kept = {"y": np.array([0, 1]), "predictions": np.eye(2, dtype=np.float32)}
    np.savez_compressed(predictions, **kept)
    trials = [
        make_trial(0),
        make_trial(1, state="stopped", n_folds=1),
        make_trial(2, copy_of=0),
        make_trial(3, state="failed", folds=()),
        make_trial(4, state="running", n_folds=2),
        make_trial(5, params={"width_1": 32}),
    ]
    for trial in trials:
        recorder.trial_begun(trial, began=time.time())
        for result in () if trial.copy_of is not None else trial.folds:
            recorder.fold(trial, result)
        if trial.state != "running":
            own = trial.state == "complete" and trial.copy_of is None
            recorder.trial(trial, predictions if own else Path("none.npz"))
    return recorder, trials


def content(trials):
    return [list(trial_to_events(trial)) for trial in trials]


def test_all_that_had_ended_is_there_again(store, lost, tmp_path):
    _, trials = lost
    folder = tmp_path / FOLDER / "a"
    folder.parent.mkdir()
    restored = restore(store, "a", folder)
    assert (restored.ended, restored.open) == (5, 1)
    journal = Journal.open(folder)
    events = journal.events()
    assert {name: events[0][name] for name in BEGINNING} == BEGINNING
    assert asdict(present_settings(events))["workers"] == 2
    read = read_trials(events)
    trials[4] = replace(trials[4], folds=())  # trained from its first fold
    assert content(read.values()) == content(trials)
    # told are those that a proposal had to know, and none after one that is open
    told = [e["number"] for e in events if e["event"] == "told"]
    assert told == list(range(len(told)))
    assert max(told) < 4
    assert sorted(path.name for path in (folder / "predictions").iterdir()) == [
        "trial-00000.npz",
        "trial-00005.npz",
    ]
    journal.close()


def test_the_run_of_an_open_trial_gives_way_to_a_new_one(store, lost, tmp_path):
    recorder, trials = lost
    (tmp_path / FOLDER).mkdir()
    restore(store, "a", tmp_path / FOLDER / "a")
    keys = [run.data.tags[KEY] for run in store.trials(recorder.run_id)]
    assert sorted(keys) == ["a/0", "a/1", "a/2", "a/3", "a/5"]
    later = Recorder(store, recorder._settings, began=5.0)
    later.begin(**BEGINNING)
    later.fold(trials[4], trials[4].folds[0])
    assert len(store.trials(recorder.run_id)) == 6


def test_another_engine_is_taken_over_from_where_it_began(
    store, make_settings, make_trial, tmp_path
):
    recorder = Recorder(
        store, make_settings(engine="keras-tuner", sampler="random"), began=5.0
    )
    recorder.begin(**BEGINNING)
    for number in range(4):
        engine, sampler = ("optuna", "tpe") if number < 2 else ("keras-tuner", "random")
        recorder.trial(
            make_trial(number, engine=engine, sampler=sampler), Path("none.npz")
        )
    restore(store, "a", tmp_path / "a")
    events = Journal(tmp_path / "a").events()
    assert events[0]["settings"]["engine"] == "optuna"
    assert present_settings(events).engine == "keras-tuner"
    kinds = [(e["event"], e.get("number")) for e in events if e["event"] != "fold"]
    assert kinds.index(("engine", None)) < kinds.index(("asked", 2))
    assert kinds.index(("engine", None)) > kinds.index(("asked", 1))


def test_what_the_server_interrupts_can_be_done_again(store, lost, tmp_path):
    recorder, _ = lost
    (tmp_path / FOLDER).mkdir()
    runs = len(store.trials(recorder.run_id))
    folder = tmp_path / FOLDER / "a"
    (folder / "journal.jsonl").mkdir(parents=True)  # in the way of the new one
    with pytest.raises(OSError, match="journal"):
        restore(store, "a", folder)
    assert len(store.trials(recorder.run_id)) == runs
    (folder / "journal.jsonl").rmdir()
    restore(store, "a", folder)
    assert len(Journal(folder).events("asked")) == 6


@pytest.mark.parametrize("asked", [None, "no json", "{}", '{"event": "asked"}'])
def test_what_is_damaged_is_refused_and_nothing_is_written(
    asked, store, lost, tmp_path
):
    run = store.find("a/4")
    if asked is None:
        store.client.delete_run(run.info.run_id)
    else:
        store.client.set_tag(run.info.run_id, ASKED, asked)
    with pytest.raises(TrackingError):
        restore(store, "a", tmp_path / "a")
    assert not (tmp_path / "a").exists()


# The real command


@pytest.mark.slow
def test_a_killed_study_is_finished_in_another_folder(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    search("whole", *OF_A, cwd=here)
    with running("search", "digits", "--name", "a", *OF_A, cwd=here) as process:
        wait_until(lambda: n_folds_of(here, "a") >= 7)
        process.kill()
    (here / FOLDER).rename(here / "gone")
    store = f"sqlite:///{here / 'mlflow.db'}"
    done = tunefold("resume", "a", "--tracking-uri", store, cwd=there)
    assert f"study 'a' is taken over from {store}: " in done.stderr
    shutil.copytree(there / FOLDER / "a", here / FOLDER / "a")
    (here / "gone" / "whole").rename(here / FOLDER / "whole")
    again = Recorded(here, "a")
    again.check_complete(N_TRIALS)
    assert again.outcome == Recorded(here, "whole").outcome
    line = refused("resume", "b", "--tracking-uri", store, cwd=there, status=2)
    assert "unknown study 'b'" in line
    assert json.loads(tunefold("best", "a", "--json", cwd=here).stdout)["trials"]
