"""Many slots and many trials, with folds that sleep or return at once.

Everything but the training is real: the loop, the ledger, the journal on the disk, and
if asked for the MLflow tracker over a SQLite store. Three questions:

    slots    are a thousand slots kept busy with folds of ten seconds?
    trials   how many trials a second does the loop take when folds cost nothing?
    steps    what does each step under the lock cost after 100, 1,000, ... trials?

    .venv/bin/python benchmarks/scale.py slots --slots 1000 --seconds 120
    .venv/bin/python benchmarks/scale.py trials --trials 20000 --slots 1 2 16
    .venv/bin/python benchmarks/scale.py steps --trials 20000 --sampler random
"""

import argparse
import contextlib
import io
import random
import shutil
import statistics
import sys
import tempfile
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
from search.ledger import Ledger
from search.progress import SearchProgress
from search.protocols import Tracker
from search.pruners.registry import make_pruner
from search.rows import make_folds
from search.study import Study
from search.types import Budget, FoldJob, FoldResult, Settings, Suggestion
from spaces.dense import DENSE

N_FOLDS = 5
EPOCHS = 20
CHECKPOINTS = (100, 1_000, 5_000, 20_000)


def jobs_for(*, slots: int, rows: int, sampler: str, pruner: str) -> JobMaker:
    y = np.arange(rows) % 10
    folds = make_folds(
        y, f"kfold:{N_FOLDS}", split_seed=0, n_rows=None, stratified=True
    )
    settings = Settings(
        name="scale",
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


def slots(words: argparse.Namespace, folder: Path) -> None:
    """Share of the slots' time that is spent in folds, after the start."""
    print(
        "| slots | fold, s | seconds | in folds | folds/s | helped | journal lines/s "
        "| processor | MLflow behind |\n|---|---|---|---|---|---|---|---|---|"
    )
    for n in words.slots:
        made = [SleepingSlot(words.fold) for _ in range(n)]
        with study_of(folder / f"{n}", words, slots=made, trials=None) as (
            study,
            journal,
            backlog,
        ):
            began, used = time.monotonic(), time.process_time()
            timer = threading.Timer(words.seconds, study.stop, ["time is over"])
            timer.start()
            with Where(after=2 * words.fold) as where:
                study.run()
            wall, used = time.monotonic() - began, time.process_time() - used
            begin, end = began + 2 * words.fold, began + words.seconds
            busy = sum(slot.busy_between(begin, end) for slot in made)
            folds = sum(len(slot.busy) for slot in made)
            helped = sum(slot.helped for slot in made)
            print(
                f"| {n} | {words.fold:g} | {words.seconds:g} "
                f"| {busy / (n * (end - begin)):.1%} | {folds / wall:.1f} "
                f"| {helped / folds:.1%} | {journal.written / wall:.0f} "
                f"| {used / wall:.1%} | {backlog.left} |",
                flush=True,
            )
            print(f"slots were in: {where}", file=sys.stderr)


def trials(words: argparse.Namespace, folder: Path) -> None:
    """Trials a second through the whole loop with folds that cost nothing."""
    print(
        "| slots | trials | seconds | trials/s | folds/s | processor "
        "| MLflow behind |\n|---|---|---|---|---|---|---|"
    )
    for n in words.slots:
        made = [SleepingSlot(0.0) for _ in range(n)]
        with study_of(folder / f"{n}", words, slots=made, trials=words.trials) as (
            study,
            _,
            backlog,
        ):
            began, used = time.monotonic(), time.process_time()
            with Where(after=0.0) as where:
                study.run()
            wall, used = time.monotonic() - began, time.process_time() - used
            folds = sum(len(slot.busy) for slot in made)
            print(
                f"| {n} | {words.trials} | {wall:.1f} | {words.trials / wall:.0f} "
                f"| {folds / wall:.0f} | {used / wall:.0%} | {backlog.left} |",
                flush=True,
            )
            print(f"slots were in: {where}", file=sys.stderr)


def steps(words: argparse.Namespace, folder: Path) -> None:
    """Milliseconds of each step of the ledger, medians and the worst of 50 trials."""
    jobs = jobs_for(
        slots=words.slots[0],
        rows=words.rows,
        sampler=words.sampler,
        pruner=words.pruner,
    )
    run_fold = MadeUpFold(jobs)
    journal = Journal.create(folder / "scale", jobs.settings, {"facts": {}})
    console = Console(file=io.StringIO())
    screen = SearchProgress(
        console, jobs.settings, budget=Budget(trials=words.trials), n_folds=N_FOLDS
    )

    def make_ledger() -> tuple[Any, Ledger]:
        engine = engine_of(jobs)
        ledger = Ledger(
            jobs,
            engine=engine,
            pruner=make_pruner(jobs.settings, n_folds=N_FOLDS),
            journal=journal,
            trackers=[screen],
            lag=0,
        )
        return engine, ledger

    engine, ledger = make_ledger()
    took: dict[str, list[float]] = {}

    @contextlib.contextmanager
    def timed(name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        took.setdefault(name, []).append((time.perf_counter() - began) * 1000)

    rows: dict[int, dict[str, list[float]]] = {}
    for number in range(words.trials):
        with timed("tell"):
            assert ledger.may_ask()
            ledger.tell_before_next()
        with timed("ask"):
            asked = engine.ask(number)
        assert isinstance(asked, Suggestion)
        with timed("begin"):
            ledger.begin(asked, epochs=EPOCHS)
        while number in ledger.open:
            fold = ledger.open[number].waiting.popleft()
            with timed("floor"):
                floor = ledger.floor(number, fold)
            trial = ledger.trials[number]
            job = jobs.make(trial.params, fold, epochs=EPOCHS, floor=floor)
            with timed("keep (no lock)"):
                kept = ledger.keep_fold(number, run_fold(job))
            with timed("fold_done"):
                whole = ledger.fold_done(number, kept)
            if whole:
                ledger.keep_trial(number)
                with timed("complete"):
                    ledger.complete(number)
            ledger.ended.clear()
            with timed("settle (no lock)"):
                ledger.settle()
        if number + 1 in (*CHECKPOINTS, words.trials):
            rows[number + 1] = {name: times[-50:] for name, times in took.items()}
            took.clear()
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    print(f"| trials | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for n, row in rows.items():
        cells = [
            f"{statistics.median(row[name]):.2f} ({max(row[name]):.1f})"
            if name in row
            else ""
            for name in names
        ]
        print(f"| {n} | {' | '.join(cells)} |")
    size = (journal.folder / "journal.jsonl").stat().st_size
    journal.close()
    if words.replay:
        journal = Journal.open(folder / "scale")
        began = time.monotonic()
        _, again = make_ledger()
        again.replay()
        print(
            f"\nreplay of {len(again.trials)} trials, {size / 2**20:.0f} MB: "
            f"{time.monotonic() - began:.1f} s"
        )
        journal.close()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("what", choices=("slots", "trials", "steps"))
    asked.add_argument("--slots", type=int, nargs="+", default=[200])
    asked.add_argument("--seconds", type=float, default=30.0, help="of slots")
    asked.add_argument("--fold", type=float, default=3.0, help="seconds of a fold")
    asked.add_argument("--trials", type=int, default=2_000)
    asked.add_argument("--rows", type=int, default=1_000, help="of the data")
    asked.add_argument("--sampler", default="random", help="random, tpe, ...")
    asked.add_argument("--pruner", default="forgiving+median")
    asked.add_argument("--mlflow", action="store_true", help="with the tracker")
    asked.add_argument("--replay", action="store_true", help="of steps: then resume")
    asked.add_argument("--folder", type=Path, default=Path(), help="for the journals")
    words = asked.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="scale-", dir=words.folder))
    try:
        {"slots": slots, "trials": trials, "steps": steps}[words.what](words, folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
