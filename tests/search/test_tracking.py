"""The tracker over a real store, also over one that goes away in the middle."""

import _thread
import contextlib
import io
import sqlite3
import sys
import threading
import time
from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pytest
from mlflow_server import Server
from rich.console import Console

from search import background, progress, tracking
from search.journal import Journal
from search.recorder import Recorder
from search.results import load_study
from search.session import _store_rest
from search.store import DATABASE, KEY, Store
from search.stored_winner import stored_winner
from search.tracking import MlflowTracker, varying
from search.types import TrialState
from search.ui_view import VIEW_TAG, View, unpack, view_key
from search.winner import winner_from_json

FACTS = {"keras": "3.15.0"}
FINISHED = {"reason": "12 trials are done", "finished": True}
INTERRUPTED = {"reason": "interrupted by Ctrl-C", "finished": False}


@pytest.fixture
def journal(tmp_path, make_settings):
    folder = tmp_path / "tunefold-studies" / "a"
    journal = Journal.create(folder, make_settings(), {"facts": FACTS})
    yield journal
    journal.close()


@pytest.fixture
def track(journal, make_settings):
    """Return a function that begins tracking, each time as a new process would."""
    trackers = []

    def track(store, **fields):
        settings = make_settings(**fields)
        recorder = Recorder(store, settings, began=1.0)
        recorder.begin(FACTS)
        trackers.append(MlflowTracker(recorder, journal, settings))
        return trackers[-1]

    yield track
    for tracker in trackers:
        tracker._writer.close(patience=0.0)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(background, "PAUSES", (0.05,))
    monkeypatch.setattr(tracking, "PATIENCE", 0.5)


def run_study(tracker, journal, trials):
    """Tell the tracker of trials as a study does; return the slowest call's seconds."""
    slowest = 0.0
    for trial in trials:
        calls = [
            lambda t=trial, f=fold: tracker.fold_done(t, f) for fold in trial.folds
        ]
        if trial.state is TrialState.COMPLETE:
            kept = {"y": np.array([0, 1]), "predictions": np.eye(2)}
            journal.predictions.keep_trial(trial.number, kept)
        if trial.state is not TrialState.RUNNING:
            calls.append(lambda t=trial: tracker.trial_done(t))
        for call in calls:
            began = time.monotonic()
            call()
            slowest = max(slowest, time.monotonic() - began)
    return slowest


def values(store, run):
    """Every value of every metric, as often as it is stored."""
    return {
        name: sorted(
            (m.step, m.timestamp, m.value)
            for m in store.client.get_metric_history(run.info.run_id, name)
        )
        for name in run.data.metrics
    }


def recorded(store):
    """What the store holds of each trial, by key."""
    study = store.find("a")
    runs = store.children(study.info.run_id)
    assert len(runs) == len({run.data.tags[KEY] for run in runs})
    return {
        run.data.tags[KEY]: (
            run.info.status,
            run.data.tags["state"],
            run.data.params,
            values(store, run),
            sorted(f.path for f in store.client.list_artifacts(run.info.run_id)),
        )
        for run in runs
    }


@pytest.fixture
def trials(make_trial):
    return [
        make_trial(0, height=0.7),
        make_trial(1, state="stopped", n_folds=1),
        make_trial(2, height=0.9),
        make_trial(3, state="failed", folds=()),
    ]


def test_a_study_is_in_the_store_when_it_is_closed(store, track, journal, trials):
    tracker = track(store)
    run_study(tracker, journal, trials)
    tracker.study_done(trials, **FINISHED)
    tracker.close()
    assert tracker.left_behind == 0
    found = recorded(store)
    assert {key: content[:2] for key, content in found.items()} == {
        "a/0": ("FINISHED", "complete"),
        "a/1": ("KILLED", "stopped"),
        "a/2": ("FINISHED", "complete"),
        "a/3": ("FAILED", "failed"),
    }
    assert found["a/0"][4] == ["predictions.npz", "trial.json"]
    study = store.find("a")
    assert study.info.status == "FINISHED"
    assert study.data.tags["reason"] == FINISHED["reason"]


def test_the_description_is_the_leaderboard_in_markdown(store, track, journal, trials):
    tracker = track(store)
    run_study(tracker, journal, trials)
    tracker.study_done(trials, **FINISHED)
    tracker.close()
    lines = store.find("a").data.tags["mlflow.note.content"].splitlines()
    table = [line.split("|")[1].strip() for line in lines if line.startswith("|")]
    assert table == ["trial", "---:", "2", "0"]
    assert lines[2].startswith("**Best:** trial 2, accuracy 0.")
    assert any("test rows not used" in line for line in lines)
    # what the links open: other tests look at it in a browser
    run_id = store.find("a").info.run_id
    assert lines[0].count("](#/experiments/") == 4
    assert f"/runs/{run_id}/artifacts/figures?" in lines[0]
    tags = store.client.get_experiment(store.find("a").info.experiment_id).tags
    assert all(VIEW_TAG + view_key(run_id, view) in tags for view in View)


def test_the_winner_is_stored_with_its_corrected_score(
    store, track, journal, trials, make_settings
):
    tracker = track(store)
    run_study(tracker, journal, trials)
    y = np.arange(60) % 2
    for number, wrong in ((0, 20), (2, 6)):
        shown = np.where(np.arange(60) < wrong, 1 - y, y)
        kept = {"rows": np.arange(60), "fold": np.arange(60) % 3, "y": y}
        kept["predictions"] = np.eye(2, dtype=np.float16)[shown]
        journal.predictions.keep_trial(number, kept)
    tracker.study_done(trials, **FINISHED)
    tracker.close()
    study = store.find("a")
    winner = winner_from_json(store.read_json(study.info.run_id, "winner.json"))
    assert (winner.trial, winner.n_trials) == (2, 2)
    assert winner.low < winner.corrected < winner.high
    stored = study.data.metrics
    assert stored["best_score"] == winner.score == trials[2].score
    assert stored["best_score_corrected"] == winner.corrected
    said = winner.describe(make_settings())
    assert said in study.data.tags["mlflow.note.content"]
    # what is there is not found anew
    recorded = load_study(store, "a")
    assert stored_winner(store, recorded) == winner


def test_a_winner_that_cannot_be_corrected_does_not_keep_a_study_open(
    store, track, journal, trials
):
    tracker = track(store)
    run_study(tracker, journal, trials)
    rows = np.arange(60)
    kept = {"rows": rows[:50], "fold": rows % 3, "y": rows % 2}  # rows are missing
    for number in (0, 2):
        journal.predictions.keep_trial(number, kept | {"predictions": np.ones((60, 2))})
    tracker.study_done(trials, **FINISHED)
    tracker.close()
    study = store.find("a")
    assert study.info.status == "FINISHED"
    assert study.data.tags["winner"].startswith("not corrected: ")


@pytest.fixture
def grid(make_trial, make_fold):
    """Two capacities with two numbers of training rows each."""
    sizes = [(n, rows) for n in (300, 9000) for rows in (100, 400)]
    return [
        make_trial(
            number,
            folds=tuple(make_fold(fold, n_parameters=n) for fold in range(3)),
            params={"rows": rows},
        )
        for number, (n, rows) in enumerate(sizes)
    ]


def test_a_grid_of_capacities_and_rows_leaves_its_picture(store, track, grid, trials):
    for name, shown in (("a", grid), ("b", trials)):
        tracker = track(store, name=name)
        tracker.study_done(shown, **FINISHED)
        tracker.close()
    path = "figures/learning_curve.png"
    assert logged(store, "a")[path] > 10_000
    assert path not in logged(store, "b")


def logged(store, name):
    """Sizes of the study's artifacts by path, those in figures/ as well."""
    run_id = store.find(name).info.run_id
    files = store.client.list_artifacts(run_id)
    files += store.client.list_artifacts(run_id, "figures")
    return {file.path: file.file_size for file in files}


def test_a_study_leaves_its_report(store, track, journal, trials):
    tracker = track(store)
    run_study(tracker, journal, trials)
    tracker.study_done(trials, **FINISHED)
    tracker.report(trials)
    tracker.close()
    sizes = logged(store, "a")
    assert 1_000_000 < sizes["report.html"] < 5_000_000
    for name in ("learning-curves", "history"):
        assert sizes[f"figures/{name}.png"] > 10_000
    assert "report" not in store.find("a").data.tags  # where a failure would stand


def test_a_study_without_a_score_leaves_none(store, track, journal, trials):
    tracker = track(store)
    run_study(tracker, journal, trials[1::2])
    tracker.study_done(trials[1::2], **FINISHED)
    tracker.report(trials[1::2])
    tracker.close()
    assert set(logged(store, "a")) == {"study.json"}


def test_a_report_that_cannot_be_written_harms_no_study(
    store, track, journal, trials, monkeypatch
):
    def fail(*arguments, **options):
        raise MemoryError("no room")

    monkeypatch.setattr(tracking, "draw_report", fail)
    tracker = track(store)
    run_study(tracker, journal, trials)
    tracker.study_done(trials, **FINISHED)
    tracker.report(trials)
    tracker.close()
    study = store.find("a")
    assert tracker.left_behind == 0
    assert study.info.status == "FINISHED"
    assert study.data.tags["report"] == "not written: no room"


def test_a_picture_that_cannot_be_drawn_does_not_keep_a_study_open(store, track, grid):
    broken = [replace(trial, epoch=99) for trial in grid]  # beyond all curves
    tracker = track(store)
    tracker._draw_learning_curve(broken)
    tracker.study_done(grid[:3], **FINISHED)
    tracker.close()
    study = store.find("a")
    assert study.info.status == "FINISHED"
    assert study.data.tags["learning_curve"].startswith("not drawn: ")


@pytest.mark.parametrize("metric", ["accuracy", "log_loss"])
def test_the_view_is_saved_with_the_columns_that_vary(store, track, make_trial, metric):
    other = {"width_1": 32, "dropout": 0.3, "l2": "on", "l2_strength": 0.01}
    trials = [make_trial(0), make_trial(1, params=other)]
    tracker = track(store, metrics=(metric,))
    tracker.study_done(trials, **FINISHED)
    tracker.close()
    study = store.find("a")
    tags = store.client.get_experiment(study.info.experiment_id).tags
    view = unpack(tags[VIEW_TAG + view_key(study.info.run_id)])
    assert view["orderByAsc"] == (metric == "log_loss")
    columns = [name for name in view["selectedColumns"] if name.startswith("params")]
    assert columns == ["params.`width_1`", "params.`dropout`", "params.`l2`"]


def test_what_an_interrupted_study_leaves_open_ends_as_killed(
    store, track, journal, make_trial
):
    trials = [make_trial(0), make_trial(1, state="running", n_folds=2)]
    tracker = track(store)
    run_study(tracker, journal, trials)
    tracker.study_done(trials, **INTERRUPTED)
    tracker.close()
    found = recorded(store)
    assert found["a/1"][:2] == ("KILLED", "unfinished")
    assert "val_loss/fold_1" in found["a/1"][3]
    assert store.find("a").info.status == "KILLED"
    assert "RUNNING" not in {content[0] for content in found.values()}


def test_catching_up_sends_what_is_missing(store, track, journal, trials):
    first = track(store)
    run_study(first, journal, trials)
    first.study_done(trials, **FINISHED)
    first.close()
    before = recorded(store)
    missing = store.find("a/2")
    store.client.delete_run(missing.info.run_id)
    second = track(store)
    second.catch_up(trials)
    second.close()
    assert recorded(store) == before


def test_catching_up_leaves_alone_what_is_there(store, track, journal, trials):
    first = track(store)
    run_study(first, journal, trials)
    first.close()
    study = store.find("a").info.run_id
    for run in store.children(study):
        store.client.log_text(run.info.run_id, "mine", "trial.json")
    second = track(store)
    second.catch_up(trials)
    second.close()
    for run in store.children(study):
        with store.artifact(run.info.run_id, "trial.json") as path:
            assert path.read_text() == "mine"


def test_a_trial_that_goes_on_later_is_stored_once(store, track, journal, make_trial):
    tracker = track(store)
    begun = make_trial(0, state="running", n_folds=2)
    run_study(tracker, journal, [begun])
    tracker.study_done([begun], **INTERRUPTED)
    tracker.close()
    again = track(store)
    again.catch_up([begun])
    whole = make_trial(0)
    again.fold_done(whole, whole.folds[2])
    again.trial_done(whole)
    again.close()
    ((status, state, _, metrics, _),) = recorded(store).values()
    assert (status, state) == ("FINISHED", "complete")
    for name, found in metrics.items():
        steps = [step for step, _, _ in found]
        assert len(steps) == len(set(steps)), name


def test_a_store_that_fails_in_the_middle_stops_nothing(
    store, track, journal, trials, tmp_path, impatient, caplog
):
    whole = track(store)  # what an undisturbed study leaves
    run_study(whole, journal, trials)
    whole.close()
    expected = recorded(store)
    for run in store.children(store.find("a").info.run_id):
        store.client.delete_run(run.info.run_id)

    tracker = track(store)
    run_study(tracker, journal, trials[:1])
    assert tracker._writer.close(patience=5.0) == 0
    tracker._writer = background.BackgroundWriter()
    with contextlib.closing(sqlite3.connect(tmp_path / DATABASE)) as database:
        database.execute("ALTER TABLE metrics RENAME TO gone")
        assert run_study(tracker, journal, trials[1:]) < 0.1  # a queue, not a store
        tracker.study_done(trials, **FINISHED)
        began = time.monotonic()
        tracker.close()
        assert time.monotonic() - began < 5.0
        # folds and ends of the trials 1 (1 fold), 2 (3 folds) and 3, and the summary
        assert tracker.left_behind == 2 + 4 + 1 + 1
        database.execute("ALTER TABLE gone RENAME TO metrics")
    assert store.find("a").info.status == "RUNNING"
    assert caplog.text == ""  # each try again would be a page on the user's terminal

    later = track(store)
    later.catch_up(trials)
    later.study_done(trials, **FINISHED)
    later.close()
    assert later.left_behind == 0
    assert recorded(store) == expected
    assert store.find("a").info.status == "FINISHED"


def test_ctrl_c_leaves_what_is_not_stored_to_resume(
    store, track, journal, trials, tmp_path, monkeypatch
):
    monkeypatch.setattr(progress, "MANY_BEHIND", 2)
    tracker = track(store)
    shown, interrupted = io.StringIO(), threading.Event()
    with contextlib.closing(sqlite3.connect(tmp_path / DATABASE)) as database:
        database.execute("BEGIN EXCLUSIVE")  # a store that takes its time
        run_study(tracker, journal, trials)
        tracker.study_done(trials, **FINISHED)
        # folds and ends of 3 + 1 + 3 + 0 folds, and the summary
        assert tracker.behind == 4 + 2 + 4 + 1 + 1

        def ctrl_c_once_told():
            while not shown.getvalue():
                time.sleep(0.1)
            _thread.interrupt_main()

        threading.Thread(target=ctrl_c_once_told, daemon=True).start()
        began = time.monotonic()
        _store_rest(tracker, Console(file=shown, width=200), interrupted)
        assert time.monotonic() - began < 20.0  # SQLite alone would wait for longer
    assert interrupted.is_set()
    assert tracker.left_behind == 12
    assert shown.getvalue() == (
        "storing in MLflow: 12 records left; Ctrl-C leaves the rest to "
        "'tunefold resume'\n"
    )
    tracker._writer.close(patience=60.0)  # the record it was at
    later = track(store)
    later.catch_up(trials)
    later.study_done(trials, **FINISHED)
    later.close()
    assert (later.left_behind, later.behind) == (0, 0)
    assert len(recorded(store)) == 4
    assert store.find("a").info.status == "FINISHED"


# A server


@pytest.fixture
def server(tmp_path, empty_database):
    (tmp_path / DATABASE).write_bytes(empty_database.read_bytes())
    server = Server(tmp_path)
    try:
        yield server
    finally:
        server.kill()


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")
def test_a_server_that_is_killed_costs_nothing_and_catches_up(
    server, track, journal, trials, make_trial, monkeypatch
):
    monkeypatch.setattr(background, "PAUSES", (0.5,))
    monkeypatch.setattr(tracking, "PATIENCE", 5.0)
    # a request is tried for so long while the server is away
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    server.start()
    store = Store(server.uri)
    assert not store.is_local
    assert store.version == version("mlflow")
    tracker = track(store)
    run_study(tracker, journal, trials[:1])
    deadline = time.monotonic() + 60
    while tracker._writer._actions.qsize() and time.monotonic() < deadline:
        time.sleep(0.1)
    server.kill()
    assert run_study(tracker, journal, trials[1:]) < 0.1
    tracker.study_done(trials, **FINISHED)
    tracker.close()
    # all of trials 1 to 3, the summary; the last action of trial 0 may be among
    # them, the server was killed in the middle of it or after
    assert tracker.left_behind in (2 + 4 + 1 + 1, 2 + 4 + 1 + 1 + 1)

    server.start()
    store = Store(server.uri)
    later = track(store)
    later.catch_up(trials)
    later.study_done(trials, **FINISHED)
    later.close()
    assert later.left_behind == 0
    found = recorded(store)
    assert {key: content[:2] for key, content in found.items()} == {
        "a/0": ("FINISHED", "complete"),
        "a/1": ("KILLED", "stopped"),
        "a/2": ("FINISHED", "complete"),
        "a/3": ("FAILED", "failed"),
    }
    for _, _, _, metrics, _ in found.values():
        for name, rows in metrics.items():
            steps = [step for step, _, _ in rows]
            assert len(steps) == len(set(steps)), name


# Which parameters vary


def test_parameters_that_vary_those_of_all_trials_first(make_trial):
    trials = [
        make_trial(0, params={"l2": "off", "width_1": 64, "seed": 1}),
        make_trial(1, params={"l2": "on", "l2_strength": 0.1, "width_1": 8, "seed": 1}),
        make_trial(2, params={"l2": "on", "l2_strength": 0.2, "width_1": 8, "seed": 1}),
    ]
    assert varying(trials) == ["l2", "width_1", "l2_strength"]
    assert varying([]) == []
