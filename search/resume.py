"""Go on with a study, also with another engine or a larger budget."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from pipelines.registry import get_pipeline, recorded_word
from search.cluster.cluster import Cluster
from search.cores import allowed_workers
from search.engines.registry import check_engine, make_engine
from search.environment import BACKENDS, set_environment
from search.errors import SettingsError, TrackingError
from search.events import present_settings
from search.facts import differing_facts, gather_facts
from search.journal import FOLDER, Journal, has_begun, studies_in
from search.leaderboard import heading
from search.lease import Lease
from search.names import check_name
from search.request import make_jobs
from search.rerun_weights import provide
from search.restore import restore
from search.session import Outcome, closing, run_session
from search.store import Store, local_file
from search.store_errors import without_login
from search.types import Budget, Settings
from search.worker_process import start_imports
from search.workers import make_slots
from spaces.space import SearchSpace, unknown


def resume(
    name: str,
    budget: Budget | None,
    *,
    store_uri: str,
    console: Console,
    workers: int | None = None,
    engine: str | None = None,
    sampler: str | None = None,
    pipeline: str | None = None,
    cluster: Cluster | None = None,
    on_end: Callable[[Outcome], None] | None = None,
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
        pipeline: The study's pipeline named again, where the user wrote it.
        cluster: Trains the folds; None trains them here.
        on_end: Called with how it ended, seconds before its report is drawn.

    Raises:
        TunefoldError: There is no such study here, it is running, or its data or
            folds are not what they were.
    """
    check_name(name)
    folder = Path(FOLDER) / name
    if not has_begun(folder):
        _restore(name, folder, store_uri, console)
    journal = Journal.open(folder)
    try:
        events = journal.events()
        first = events[0]
        began_with = present_settings(events)
        settings = _with_engine(began_with, engine, sampler)
        if cluster is None:
            start_imports(settings.backend)
        task = get_pipeline(recorded_word(settings.pipeline, named=pipeline))
        jobs = make_jobs(settings, task, task.load("train"))
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
        n_slots = allowed_workers(workers or settings.workers)
        make = make_slots if cluster is None else cluster.make_slots
        slots = make(n_slots, backend=settings.backend)
        with closing(slots):
            store = Store(store_uri, create=True)
            Lease(store, name).check()  # nothing is said or written before
            provide(store, settings)
            console.print(heading(settings), soft_wrap=True, highlight=False)
            if settings != began_with:
                console.print(
                    f"from here on {settings.engine} {settings.sampler} proposes; it "
                    "is told of all full trials"
                )
            return run_session(
                jobs,
                engine=proposer,
                slots=slots,
                store=store,
                journal=journal,
                budget=budget or _first_budget(journal),
                console=console,
                on_end=on_end,
            )
    finally:
        journal.close()


def _restore(name: str, folder: Path, store_uri: str, console: Console) -> None:
    """Write the journal of a study that was begun elsewhere, from the store.

    Raises:
        SettingsError: The study is neither here nor there, or is being searched.
        TunefoldError: The store's record of it is damaged.
    """
    store: Store | None = None
    try:
        store = Store(store_uri)
    except TrackingError:
        if local_file(store_uri) is None:  # a server that does not answer
            raise
    if store is None or store.find(name) is None:
        latest_study()  # says so when there is none at all
        here = [study.name for study in studies_in(Path(FOLDER))]
        raise SettingsError(
            f"{Path(FOLDER).resolve()}: {unknown('study', name, here)}; the tracking "
            f"store {without_login(store_uri)} does not have it either"
        )
    Lease(store, name).check()
    restored = restore(store, name, folder)
    console.print(
        f"study '{name}' is taken over from {store.name}: {restored.ended} trials have "
        f"ended, {restored.open} are trained from their first fold",
        soft_wrap=True,
        highlight=False,
    )


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


def _with_engine(
    settings: Settings, engine: str | None, sampler: str | None
) -> Settings:
    if engine is None and sampler is None:
        return settings
    if engine in (None, settings.engine):
        engine, sampler = settings.engine, sampler or settings.sampler
    sampler = check_engine(engine, sampler, settings.objectives)
    return replace(settings, engine=engine, sampler=sampler)


def _first_budget(journal: Journal) -> Budget:
    return Budget(**journal.events("study")[0]["budget"])
