"""Begin a study or go on with one: check everything, then run, then sum up."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.console import Console

from pipelines.registry import get_pipeline
from search.compile_cache import use_compile_cache
from search.engines.registry import check_engine, make_engine
from search.errors import SettingsError, TrialError
from search.events import present_settings, read_trials
from search.facts import differing_facts, gather_facts
from search.fold import run_cold_fold, run_fold
from search.fold_jobs import JobMaker
from search.interrupt import on_interrupt
from search.journal import FOLDER, Journal, has_begun, studies_in
from search.leaderboard import heading
from search.plan import Plan, probe
from search.progress import SearchProgress
from search.protocols import Engine, Tracker
from search.pruners import NoPruner
from search.recorder import Recorder
from search.request import Request, check_name, make_draft, make_jobs
from search.store import Store
from search.study import Study
from search.tracking import MlflowTracker
from search.types import Budget, Settings
from search.warm_start import warm_start
from search.workers import (
    BACKENDS,
    Slot,
    WorkerDiedError,
    make_slots,
    set_environment,
)
from spaces.errors import TunefoldError
from spaces.space import SearchSpace, unknown


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a search ended.

    Attributes:
        study: Its name.
        reason: Why the loop ended, one line.
        interrupted: Whether Ctrl-C ended it.
        unfinished: Trials that still miss folds.
        left_behind: Records the tracking store has not received.
    """

    study: str
    reason: str
    interrupted: bool
    unfinished: int
    left_behind: int


def begin(
    request: Request,
    budget: Budget,
    *,
    store_uri: str,
    console: Console,
    in_process: bool = False,
) -> Outcome:
    """Start a new study and run it.

    Everything is checked before anything is written.

    Args:
        request: What to search.
        budget: When to stop.
        store_uri: The tracking store.
        console: For progress; stderr.
        in_process: Train in this process, for a debugger.

    Raises:
        TunefoldError: A setting is wrong, or data or the store are not there.
    """
    with console.status("looking at the data"):
        draft = make_draft(request, in_process=in_process)
    settings, jobs, space = draft.settings, draft.jobs, draft.space
    folder = Path(FOLDER)
    if request.name is not None:
        check_name(request.name)
        _refuse_existing(folder / request.name)
    use_compile_cache()
    slots = make_slots(
        settings.workers, backend=settings.backend, in_process=in_process
    )
    with ThreadPoolExecutor(1) as beside, _closing(slots):
        planned = beside.submit(probe, slots[0], jobs, space, run_cold_fold)
        with console.status("starting the workers and timing two epochs"):
            store = Store(store_uri, create=True)
            name = request.name or _free_name(store, folder, settings.pipeline)
            if store.find(name) is not None:
                raise SettingsError(
                    f"study '{name}': exists already in {store.name}; go on with it by "
                    f"'tunefold resume {name}', or give another --name"
                )
            store.experiment_id(
                settings.experiment
            )  # refused before anything is written
            settings = replace(settings, name=name)
            jobs = replace(jobs, settings=settings)
            warm = None
            if request.warm_start is not None:
                warm = warm_start(store, request.warm_start, settings)
            console.print(heading(settings), soft_wrap=True, highlight=False)
            for line in draft.notes:
                console.print(line, soft_wrap=True, highlight=False)
            forecast = _forecast(planned, budget)
        console.print(forecast, soft_wrap=True, highlight=False)
        facts = gather_facts(settings.backend)
        journal = Journal.create(
            folder / name,
            settings,
            {"facts": facts, "began": time.time(), "budget": asdict(budget)},
        )
        if warm is not None:
            for trial in warm.trials:
                journal.warm(trial)
            console.print(
                f"started from {len(warm.trials)} trials of {request.warm_start}"
                + (f"; {warm.left_out} lie outside the space" if warm.left_out else "")
            )
        return _run(
            jobs,
            engine=draft.engine,
            slots=slots,
            store=store,
            journal=journal,
            budget=budget,
            console=console,
        )


def resume(
    name: str,
    budget: Budget | None,
    *,
    store_uri: str,
    console: Console,
    workers: int | None = None,
    engine: str | None = None,
    sampler: str | None = None,
) -> Outcome:
    """Go on with a study: its open folds, then further trials of the budget.

    Args:
        name: The study.
        budget: None takes the one it began with; what is done counts in trials,
            minutes count from now.
        store_uri: The tracking store; what it misses is sent.
        console: For progress; stderr.
        workers: Slots now; the order of proposals stays that of the study.
        engine: Who proposes from now on; None leaves it as it is. The new engine is
            told of all full trials so far.
        sampler: Its sampler, None for its default.

    Raises:
        TunefoldError: There is no such study here, it is running, or its data or
            folds are not what they were.
    """
    folder = Path(FOLDER) / name
    if not has_begun(folder):
        latest_study()  # says so when there is none at all
        here = [study.name for study in studies_in(Path(FOLDER))]
        raise SettingsError(f"{Path(FOLDER).resolve()}: {unknown('study', name, here)}")
    journal = Journal.open(folder)
    try:
        events = journal.events()
        first = events[0]
        began_with = present_settings(events)
        settings = _with_engine(began_with, engine, sampler)
        pipeline = get_pipeline(settings.pipeline)
        jobs = make_jobs(settings, pipeline, pipeline.load("train"))
        for line in differing_facts(first["facts"], gather_facts(settings.backend)):
            console.print(f"note: {line}; scores may differ in the last digits")
        space = SearchSpace.from_dict(settings.space)
        set_environment(BACKENDS[0])  # an engine may import Keras; see make_draft
        proposer = make_engine(
            settings.engine,
            settings.sampler,
            space,
            seed=settings.seed,
            epochs=settings.epochs,
            objectives=settings.objectives,
            max_parameters=settings.max_parameters,
        )
        use_compile_cache()
        slots = make_slots(workers or settings.workers, backend=settings.backend)
        with _closing(slots):
            store = Store(store_uri, create=True)
            console.print(heading(settings), soft_wrap=True, highlight=False)
            if settings != began_with:
                journal.engine(settings.engine, settings.sampler)
                console.print(
                    f"from here on {settings.engine} {settings.sampler} proposes; it "
                    "is told of all full trials"
                )
            return _run(
                jobs,
                engine=proposer,
                slots=slots,
                store=store,
                journal=journal,
                budget=budget or _first_budget(journal),
                console=console,
            )
    finally:
        journal.close()


def latest_study() -> str:
    """Return the study of this folder whose journal was written last.

    Raises:
        SettingsError: There is none.
    """
    studies = studies_in(Path(FOLDER))
    if not studies:
        raise SettingsError(
            f"{Path(FOLDER).resolve()}: holds no study to resume; run a search"
        )
    return studies[-1].name


def _run(
    jobs: JobMaker,
    *,
    engine: Engine,
    slots: Sequence[Slot],
    store: Store,
    journal: Journal,
    budget: Budget,
    console: Console,
) -> Outcome:
    settings = jobs.settings
    events = journal.events()
    known = list(read_trials(events).values())
    recorder = Recorder(store, settings, began=events[0]["began"])
    recorder.begin(events[0]["facts"])
    tracker = MlflowTracker(recorder, journal, settings)
    tracker.catch_up(known)
    progress = SearchProgress(console, settings, budget=budget, n_folds=jobs.n_folds)
    progress.already(known)
    trackers: list[Tracker] = [tracker, progress]
    study = Study(
        jobs,
        engine=engine,
        pruner=NoPruner(),
        slots=slots,
        journal=journal,
        trackers=trackers,
        budget=budget,
        run_fold=run_fold,
    )
    interrupted = threading.Event()
    reason, finished = "ended by an error", False
    with on_interrupt(study.stop, interrupted, console):
        try:
            reason = study.run()
            finished = not interrupted.is_set()
        except TunefoldError as error:
            reason = str(error)
            raise
        finally:
            progress.close()
            tracker.study_done(study.trials, reason=reason, finished=finished)
            with console.status("sending the last records to MLflow"):
                tracker.close()
            journal.close()
    unfinished = [trial for trial in study.trials if trial.state == "running"]
    return Outcome(
        study=settings.name,
        reason=reason,
        interrupted=interrupted.is_set(),
        unfinished=len(unfinished),
        left_behind=tracker.left_behind,
    )


def _with_engine(
    settings: Settings, engine: str | None, sampler: str | None
) -> Settings:
    if engine is None and sampler is None:
        return settings
    if engine in (None, settings.engine):
        engine, sampler = settings.engine, sampler or settings.sampler
    sampler = check_engine(engine, sampler, settings.objectives)
    return replace(settings, engine=engine, sampler=sampler)


def _forecast(planned: Future[Plan], budget: Budget) -> str:
    try:
        return planned.result().describe(budget)
    except (WorkerDiedError, TrialError) as error:
        reason = str(error)
    except TunefoldError:
        raise
    except Exception as error:  # noqa: BLE001  (a model may fail in any way)
        reason = f"{type(error).__name__}: {error}"
    return f"no forecast: the configuration in the middle of the space fails: {reason}"


def _refuse_existing(folder: Path) -> None:
    if has_begun(folder):
        raise SettingsError(
            f"study '{folder.name}': exists already in {folder.parent}; go on with it "
            f"by 'tunefold resume {folder.name}', or give another --name"
        )


def _free_name(store: Store, folder: Path, pipeline: str) -> str:
    number = 1
    while (folder / f"{pipeline}-{number}").exists() or store.find(
        f"{pipeline}-{number}"
    ):
        number += 1
    return f"{pipeline}-{number}"


def _first_budget(journal: Journal) -> Budget:
    return Budget(**journal.events()[0]["budget"])


@contextmanager
def _closing(slots: Sequence[Slot]) -> Iterator[None]:
    try:
        yield
    finally:
        for slot in slots:
            slot.close()
