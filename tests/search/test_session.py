"""A session to its end: what is stored when, over folds computed in place."""

import _thread
import contextlib
import io
import json
import sqlite3
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from pipelines.digits import PIPELINE as DIGITS
from search import background, lease, session, tracking
from search.engines.random import RandomEngine
from search.errors import FatalError, SettingsError
from search.journal import Journal
from search.lease import CLAIM, LEASE
from search.report.ended import PAGE
from search.store import DATABASE
from search.types import Budget, FoldResult
from spaces.params import Float
from spaces.space import SearchSpace

SPACE = SearchSpace({"x": Float(low=0.5, high=1.0)})


class ComputingSlot:
    """Returns at once what a network that is right for a share `x` would have given."""

    def __init__(self, jobs):
        self._jobs = jobs

    def is_ready(self):
        return True

    def run(self, function, job, *, trial):
        rows = self._jobs.folds[job.fold].valid
        right = np.arange(len(rows)) < job.params["x"] * len(rows)
        labels = np.where(right, self._jobs.y[rows], 0)
        one_epoch = np.eye(10, dtype=np.float32)[labels]
        curve = [float(right.mean())] * job.epochs
        names = ("loss", "val_loss", "objective", "accuracy", "val_accuracy")
        return FoldResult(
            fold=job.fold,
            curves=dict.fromkeys((*names, "log_loss", "val_log_loss"), curve),
            rows=rows,
            predictions=np.stack([one_epoch] * job.epochs),
            n_parameters=1,
            seconds=0.01,
            epoch_seconds=[0.0] * job.epochs,
            measure_seconds=0.0,
            peak_memory_mb=1.0,
            ended=time.time(),
        )

    def close(self):
        pass


class TakenSlot(ComputingSlot):
    """Trains while another machine takes the study over, until this one knows."""

    def __init__(self, jobs, store, known):
        super().__init__(jobs)
        self._store = store
        self._known = known

    def run(self, function, job, *, trial):
        if trial == 1 and job.fold == 0:
            other = {"host": "far", "pid": 7, "started": 1.0, "seen": time.time()}
            run = self._store.find(self._jobs.settings.name).info.run_id
            deadline = time.monotonic() + 60
            while not self._known.wait(0.2) and time.monotonic() < deadline:
                # again: it may have come between a look and a word of this process
                self._store.client.set_tag(run, LEASE, json.dumps(other))
        return super().run(function, job, trial=trial)


@pytest.fixture
def run(store, jobs_of, tmp_path, monkeypatch):
    """Return a function that runs a session of three trials."""
    monkeypatch.chdir(tmp_path)

    def run(console, on_end=None, make_slot=ComputingSlot):
        jobs = jobs_of(DIGITS)
        folder = Path("tunefold-studies") / jobs.settings.name
        began = {"facts": {}, "began": time.time()}
        return session.run_session(
            jobs,
            engine=RandomEngine(SPACE, seed=0, sampler="random"),
            slots=[make_slot(jobs)],
            store=store,
            journal=Journal.create(folder, jobs.settings, began),
            budget=Budget(trials=3),
            console=console,
            on_end=on_end,
        )

    return run


@pytest.mark.slow
@pytest.mark.ci
def test_its_results_are_shown_before_the_report_is_drawn(run, store):
    seen = []

    def look(outcome):
        study = store.find(outcome.study)
        files = store.client.list_artifacts(study.info.run_id)
        seen.append((outcome, study.info.status, {file.path for file in files}))

    outcome = run(Console(file=io.StringIO()), look)
    [(shown, status, files)] = seen
    assert shown == outcome
    assert (outcome.unfinished, outcome.left_behind) == (0, 0)
    assert status == "FINISHED"
    assert "study.json" in files
    assert PAGE not in files
    run_id = store.find(outcome.study).info.run_id
    assert PAGE in {file.path for file in store.client.list_artifacts(run_id)}


def test_who_does_not_wait_for_the_report_has_all_the_rest(run, store, monkeypatch):
    drawing, go_on = threading.Event(), threading.Event()

    def draw(*words, **options):
        drawing.set()
        go_on.wait(60)

    def ctrl_c_amid_the_drawing():
        drawing.wait(60)
        _thread.interrupt_main()

    monkeypatch.setattr(tracking, "draw_report", draw)
    threading.Thread(target=ctrl_c_amid_the_drawing, daemon=True).start()
    said = io.StringIO()
    outcome = run(Console(file=said, width=200))
    go_on.set()
    assert not outcome.interrupted
    assert "no report is stored; 'tunefold report' writes it" in said.getvalue()
    assert store.find(outcome.study).info.status == "FINISHED"


def test_who_is_replaced_ends_and_writes_nothing_more(run, store, monkeypatch):
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.1)
    shown, known = [], threading.Event()
    give_up = session._give_up
    monkeypatch.setattr(
        session, "_give_up", lambda *words: (give_up(*words), known.set())
    )
    with pytest.raises(FatalError, match=r"far \(process 7\) has taken it over"):
        run(
            Console(file=io.StringIO()),
            shown.append,
            make_slot=lambda jobs: TakenSlot(jobs, store, known),
        )
    assert shown == []
    study = store.find("s")
    assert study.info.status == "RUNNING"  # it is the other's
    assert lease.holder_of(study)["host"] == "far"
    assert [run.data.tags["state"] for run in store.trials(study.info.run_id)] == [
        "complete",
        "running",
    ]
    events = Journal.open(Path("tunefold-studies/s")).events()
    assert events[-1]["event"] == "stopped"


@pytest.mark.parametrize("tag", [LEASE, CLAIM + "."])  # "." sorts before all claims
def test_who_is_refused_leaves_the_journal_as_it_was(run, store, jobs_of, tag):
    run(Console(file=io.StringIO()))
    folder = Path("tunefold-studies/s")
    with (folder / "journal.jsonl").open("ab") as file:
        file.write(b'{"event":"to')
    before = {f: f.read_bytes() for f in folder.rglob("*") if f.is_file()}
    other = {"host": "far", "pid": 7, "started": 1.0, "seen": time.time()}
    run_id = store.find("s").info.run_id
    store.client.set_tag(run_id, tag, json.dumps(other))
    jobs = jobs_of(DIGITS)
    with pytest.raises(SettingsError, match=r"far \(process 7\) is working on it"):
        session.run_session(
            replace(jobs, settings=replace(jobs.settings, sampler="other")),
            engine=RandomEngine(SPACE, seed=0, sampler="random"),
            slots=[ComputingSlot(jobs)],
            store=store,
            journal=Journal.open(folder),
            budget=Budget(trials=9),
            console=Console(file=io.StringIO()),
        )
    assert {f: f.read_bytes() for f in folder.rglob("*") if f.is_file()} == before
    Journal.open(folder).close()  # nobody has it


def test_a_store_that_goes_away_before_the_report_is_told(
    run, store, monkeypatch, tmp_path
):
    monkeypatch.setattr(background, "PAUSES", (0.05,))
    monkeypatch.setattr(tracking, "PATIENCE", 0.5)
    monkeypatch.setattr(tracking, "draw_report", lambda *words, **options: "no room")
    said = io.StringIO()
    with contextlib.closing(sqlite3.connect(tmp_path / DATABASE)) as database:
        run(
            Console(file=said, width=200),
            lambda _: database.execute("ALTER TABLE runs RENAME TO gone"),
        )
        database.execute("ALTER TABLE gone RENAME TO runs")
    assert said.getvalue().splitlines()[-1] == (
        "the tracking store went away before it had the report; 'tunefold report s' "
        "writes it"
    )
    assert store.find("s").info.status == "FINISHED"
