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
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from made_up import (
    EPOCHS,
    N_FOLDS,
    MadeUpFold,
    SleepingSlot,
    Where,
    engine_of,
    jobs_for,
    study_of,
)
from rich.console import Console

from search.journal import Journal
from search.ledger import Ledger
from search.progress import SearchProgress
from search.pruners.registry import make_pruner
from search.types import Budget, Suggestion

CHECKPOINTS = (100, 1_000, 5_000, 20_000)


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
                ledger.news.settle()
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
