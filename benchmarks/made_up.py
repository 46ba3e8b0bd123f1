"""A study over made-up folds that sleep or return at once: all else is real.

The loop, the ledger, the journal on the disk, and if asked for the MLflow tracker over
a SQLite store.
"""

import argparse
import contextlib
import io
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from search.engines.registry import make_engine
from search.fold_jobs import JobMaker
from search.journal import Journal
from search.progress import SearchProgress
from search.protocols import Tracker
from search.pruners.registry import make_pruner
from search.rows import make_folds
from search.study import Study
from search.types import Budget, FoldJob, FoldResult, Settings
from spaces.dense import DENSE

N_FOLDS = 5
EPOCHS = 20


def jobs_for(
    *, slots: int, rows: int, sampler: str, pruner: str, name: str = "scale"
) -> JobMaker:
    y = np.arange(rows) % 10
    folds = make_folds(
        y, f"kfold:{N_FOLDS}", split_seed=0, n_rows=None, stratified=True
    )
    settings = Settings(
        name=name,
        pipeline="made_up",
        space_name="dense",
        space=DENSE.to_dict(),
        engine="random" if sampler in ("random", "grid") else "optuna",
        sampler=sampler,
        cv=f"kfold:{N_FOLDS}",
        split_seed=0,
        seed=0,
        epochs=EPOCHS,
        metrics=("accuracy", "log_loss"),
        epoch="best",
        workers=slots,
        pruner=pruner,
        n_rows=None,
        backend="jax",
        experiment="scale",
        data_digest="d",
        data_source="made up",
        split_digest="s",
    )
    return JobMaker(settings=settings, folds=folds, y=y, n_outputs=10)


class MadeUpFold:
    """Makes a fold's result: a curve that rises to a height given by parameters."""

    def __init__(self, jobs: JobMaker) -> None:
        m, k = len(jobs.folds[0].valid), jobs.n_outputs
        self.predictions = np.random.default_rng(0).random((EPOCHS, m, k), np.float32)

    def __call__(self, job: FoldJob) -> FoldResult:
        rng = random.Random(repr((sorted(job.params.items()), job.seed)))
        height = 0.7 + 0.25 * rng.random() ** 0.5 + 0.01 * job.fold
        accuracy = [height * (1 - 0.6**epoch) for epoch in range(1, job.epochs + 1)]
        for epoch, floor in enumerate(job.floor or ()):
            if max(accuracy[: epoch + 1]) < floor:
                accuracy = accuracy[: epoch + 1]
                break
        loss = [1.1 - value for value in accuracy]
        return FoldResult(
            fold=job.fold,
            curves={
                "loss": loss,
                "val_loss": loss,
                "objective": loss,
                "accuracy": accuracy,
                "val_accuracy": accuracy,
            },
            rows=np.empty(0, np.int64),
            predictions=self.predictions[: len(accuracy)],
            n_parameters=rng.randrange(10_000, 1_000_000),
            seconds=10.0,
            epoch_seconds=[0.5] * len(accuracy),
            measure_seconds=0.1,
            peak_memory_mb=500.0,
            ended=time.time(),
        )


class SleepingSlot:
    """Sleeps as long as a fold takes, give or take a fifth; notes from when to when."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.busy: list[tuple[float, float]] = []
        self.helped = 0
        self._trials: set[int] = set()

    def is_ready(self):
        return True

    def run(self, function: Callable[..., Any], job: FoldJob, *, trial: int) -> Any:
        began = time.monotonic()
        result = function(job)
        # The first fold of a trial in a slot compiles; that it is not a trial's first
        # fold says that the slot helps with another's trial.
        if trial not in self._trials and job.fold > 0:
            self.helped += 1
        self._trials.add(trial)
        if self.seconds:
            rng = random.Random(repr((trial, job.fold)))
            time.sleep(max(0.0, self.seconds * rng.uniform(0.8, 1.2)))
        self.busy.append((began, time.monotonic()))
        return result

    def close(self) -> None: ...

    def busy_between(self, begin: float, end: float) -> float:
        return sum(max(0.0, min(b, end) - max(a, begin)) for a, b in self.busy)


class Where:
    """Looks ten times a second where the slots' threads are: in which of our lines."""

    def __init__(self, *, after: float) -> None:
        self.seen: Counter[str] = Counter()
        self._over = threading.Event()
        self._after = after
        self._thread = threading.Thread(target=self._look, name="where", daemon=True)

    def __enter__(self) -> "Where":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        if self._over.wait(self._after):
            return
        while not self._over.wait(0.1):
            for frame in sys._current_frames().values():
                names = []
                at: Any = frame
                while at is not None:
                    path = Path(at.f_code.co_filename)
                    if path.parent.name in ("search", "pruners", "benchmarks"):
                        names.append(f"{path.stem}.{at.f_code.co_name}")
                    at = at.f_back
                if "study._work" in names:
                    self.seen[names[0]] += 1

    def __str__(self) -> str:
        total = max(1, self.seen.total())
        return ", ".join(
            f"{name} {n / total:.1%}" for name, n in self.seen.most_common(8)
        )


class Backlog:
    """The MLflow tracker over a SQLite store of its own, or nothing."""

    def __init__(self, journal: Journal, settings: Settings, *, asked: bool) -> None:
        self.trackers: list[Tracker] = []
        if not asked:
            return
        from search.recorder import Recorder
        from search.store import Store
        from search.tracking import MlflowTracker

        store = Store(f"sqlite:///{journal.folder.parent / 'mlflow.db'}", create=True)
        recorder = Recorder(store, settings, began=time.time())
        recorder.begin({})
        self.trackers.append(MlflowTracker(recorder, journal, settings))

    @property
    def left(self) -> str:
        return str(self.trackers[0].behind) if self.trackers else ""


@contextlib.contextmanager
def study_of(
    folder: Path, words: argparse.Namespace, *, slots: list[Any], trials: int | None
) -> Iterator[tuple[Study, Journal, Backlog]]:
    """A study over made-up folds, with its journal in a folder that is removed."""
    jobs = jobs_for(
        slots=len(slots),
        rows=words.rows,
        sampler=words.sampler,
        pruner=words.pruner,
    )
    budget = Budget(trials=trials or 10**9)
    journal = Journal.create(folder / "scale", jobs.settings, {"facts": {}})
    backlog = Backlog(journal, jobs.settings, asked=words.mlflow)
    screen = SearchProgress(
        Console(file=io.StringIO()), jobs.settings, budget=budget, n_folds=N_FOLDS
    )
    study = Study(
        jobs,
        engine=engine_of(jobs),
        pruner=make_pruner(jobs.settings, n_folds=N_FOLDS),
        slots=slots,
        journal=journal,
        trackers=[*backlog.trackers, screen],
        budget=budget,
        run_fold=MadeUpFold(jobs),
    )
    try:
        yield study, journal, backlog
    finally:
        screen.close()
        journal.close()


def engine_of(jobs: JobMaker) -> Any:
    s = jobs.settings
    return make_engine(
        s.engine,
        s.sampler,
        DENSE,
        seed=0,
        epochs=EPOCHS,
        objectives=s.objectives,
        max_parameters=None,
    )
