"""One session of a study: from its journal as it stands to the end of its budget."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from search.disk import low_disk
from search.errors import FatalError
from search.events import BEGINNING, present_settings
from search.fold import run_fold
from search.fold_jobs import JobMaker
from search.interrupt import on_interrupt
from search.journal import Journal
from search.lease import Lease
from search.live.slots import hide, running_folds, show
from search.progress import SearchProgress, show_rest
from search.protocols import Engine, Tracker
from search.pruners.registry import make_pruner
from search.pruners.saved import describe_saved
from search.recorder import Recorder
from search.store import Store
from search.study import Study
from search.tracking import MlflowTracker
from search.types import Budget, Settings, Trial
from search.workers import Slot
from spaces.errors import TunefoldError


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a search ended.

    Attributes:
        study: Its name.
        reason: Why the loop ended, one line.
        interrupted: Whether Ctrl-C ended it.
        saved: What pruning saved, one line; None for nothing.
        unfinished: Trials that still miss folds.
        left_behind: Records the tracking store has not received.
        refused: Records it will not take.
    """

    study: str
    reason: str
    interrupted: bool
    saved: str | None
    unfinished: int
    left_behind: int
    refused: int = 0


def run_session(
    jobs: JobMaker,
    *,
    engine: Engine,
    slots: Sequence[Slot],
    store: Store,
    journal: Journal,
    budget: Budget,
    console: Console,
    on_end: Callable[[Outcome], None] | None = None,
) -> Outcome:
    """Run the loop until its budget is spent, mirrored to MLflow and to the console.

    Args:
        jobs: Makes the jobs of the study's folds.
        engine: Fresh; the journal is replayed into it.
        slots: Where folds are trained.
        store: The tracking store; what it misses is sent.
        journal: Open for writing; closed at the end.
        budget: When to stop.
        console: For progress; stderr.
        on_end: Called with how it ended when the store has all of it but the report,
            which takes seconds to draw.

    Raises:
        TunefoldError: The study could not go on; what is finished is kept.
    """
    settings = jobs.settings
    try:
        lease = Lease(store, settings.name)
        lease.check()
        [first] = journal.events("study")
        recorder = Recorder(store, settings, began=first["began"])
        began_with = {name: first[name] for name in BEGINNING if name in first}
        recorder.create(**began_with)
        with lease.held():
            _begin(journal, settings, budget)
            recorder.begin(**began_with)
            tracker = MlflowTracker(
                recorder,
                journal,
                settings,
                say=lambda line: console.print(Text(line), soft_wrap=True),
                assure=lease.assure,
            )
            progress = SearchProgress(
                console,
                settings,
                budget=budget,
                n_folds=jobs.n_folds,
                behind=lambda: tracker.behind,
                running=lambda: running_folds(journal.folder),
                room=lambda: low_disk(journal.folder),
            )
            trackers: list[Tracker] = [tracker, progress]
            study = Study(
                jobs,
                engine=engine,
                pruner=make_pruner(settings, n_folds=jobs.n_folds),
                slots=show(slots, journal.folder),
                journal=journal,
                trackers=trackers,
                budget=budget,
                run_fold=run_fold,
            )
            lease.when_lost(lambda reason: _give_up(study, tracker, reason))
            outcome = _search(study, settings, tracker, progress, journal, console)
            if lease.lost is not None:
                raise FatalError(lease.lost)
            if on_end is not None:
                on_end(outcome)
            _report(tracker, study.trials, console, study=settings.name)
    finally:
        journal.close()
    return outcome


def _begin(journal: Journal, settings: Settings, budget: Budget) -> None:
    """Write that the study goes on: only here is it known to be this process's."""
    before = present_settings(journal.events("study", "engine"))
    if (before.engine, before.sampler) != (settings.engine, settings.sampler):
        journal.engine(settings.engine, settings.sampler)
    journal.session(budget, began=time.time())


def _give_up(study: Study, tracker: MlflowTracker, reason: str) -> None:
    """Leave a study to the process that has taken it over."""
    tracker.abandon()
    study.stop(reason)


def _search(
    study: Study,
    settings: Settings,
    tracker: MlflowTracker,
    progress: SearchProgress,
    journal: Journal,
    console: Console,
) -> Outcome:
    """Run the loop and store all of it but the report."""
    interrupted = threading.Event()
    reason, finished = "ended by an error", False
    try:
        with on_interrupt(study.stop, interrupted, console):
            study.take_up()
            tracker.catch_up(study.trials)
            progress.already(study.trials)
            reason = study.run()
        finished = not interrupted.is_set()
    except TunefoldError as error:
        reason = str(error)
        raise
    finally:
        progress.close()
        hide(journal.folder)
        tracker.study_done(study.trials, reason=reason, finished=finished)
        _store_rest(tracker, console, interrupted)
    unfinished = [trial for trial in study.trials if trial.state == "running"]
    return Outcome(
        study=settings.name,
        reason=reason,
        interrupted=interrupted.is_set(),
        saved=describe_saved(settings.pruner, study.trials),
        unfinished=len(unfinished),
        left_behind=tracker.left_behind,
        refused=tracker.refused,
    )


def _store_rest(
    tracker: MlflowTracker, console: Console, interrupted: threading.Event
) -> None:
    try:
        with show_rest(console, lambda: tracker.behind):
            tracker.settle()
    except KeyboardInterrupt:  # nothing runs any more; the journal has the rest
        interrupted.set()


def _report(
    tracker: MlflowTracker, trials: Sequence[Trial], console: Console, *, study: str
) -> None:
    """Draw and store the report; who waits may go on without it."""
    behind_before = tracker.left_behind  # told already, and then no report is drawn
    tracker.report(trials)
    try:
        with show_rest(
            console,
            lambda: tracker.behind,
            "drawing the report",
            way_out="Ctrl-C leaves it to 'tunefold report'",
        ):
            tracker.close()
    except KeyboardInterrupt:
        console.print("no report is stored; 'tunefold report' writes it")
        return
    if tracker.left_behind > behind_before:
        console.print(
            "the tracking store went away before it had the report; "
            f"'tunefold report {study}' writes it",
            soft_wrap=True,
            highlight=False,
        )


@contextmanager
def closing(slots: Sequence[Slot]) -> Iterator[None]:
    """End the slots' processes, whatever happens."""
    try:
        yield
    finally:
        for slot in slots:
            slot.close()
