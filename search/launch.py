"""Begin a study: check everything, say what it will do and how long, then run."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console

from pipelines.spec import short_name
from search.cluster.cluster import Cluster
from search.errors import SettingsError, TrialError
from search.events import warm_to_json
from search.facts import gather_facts
from search.fold import run_cold_fold
from search.journal import FOLDER, Journal, has_begun
from search.leaderboard import heading
from search.names import check_name
from search.plan import Plan, probe
from search.request import Request, for_cluster, make_draft
from search.session import Outcome, closing, run_session
from search.store import Store
from search.transfer import begin_with
from search.trial_runs import is_taken
from search.types import Budget
from search.warm_start import warm_start
from search.workers import PlaceLostError, Slot, WorkerDiedError, make_slots
from spaces.errors import TunefoldError


def begin(
    request: Request,
    budget: Budget,
    *,
    store_uri: str,
    console: Console,
    in_process: bool = False,
    cluster: Cluster | None = None,
    on_end: Callable[[Outcome], None] | None = None,
) -> Outcome:
    """Start a new study and run it.

    Everything is checked before anything is written.

    Args:
        request: What to search.
        budget: When to stop.
        store_uri: The tracking store.
        console: For progress; stderr.
        in_process: Train in this process, for a debugger.
        cluster: Trains the folds; None trains them here.
        on_end: Called with how it ended, seconds before its report is drawn.

    Raises:
        TunefoldError: A setting is wrong, or data or the store are not there.
    """
    if cluster is not None:
        request = for_cluster(request, n_places=cluster.n_places)
    with console.status("looking at the data"):
        draft = make_draft(request, in_process=in_process, trains_here=cluster is None)
        if request.init_from is not None:
            draft = begin_with(draft, Store(store_uri), request.init_from)
    settings, jobs, space = draft.settings, draft.jobs, draft.space
    folder = Path(FOLDER)
    if request.name is not None:
        check_name(request.name)
        _refuse_existing(folder / request.name)
    slots: Sequence[Slot]
    if cluster is not None:
        slots = cluster.make_slots(settings.workers, backend=settings.backend)
    else:
        slots = make_slots(
            settings.workers, backend=settings.backend, in_process=in_process
        )
    with ThreadPoolExecutor(1) as beside, closing(slots):
        planned = beside.submit(probe, slots[0], jobs, space, run_cold_fold)
        with console.status("starting the workers and timing two epochs"):
            store = Store(store_uri, create=True)
            name = request.name or _free_name(
                store, folder, short_name(settings.pipeline)
            )
            _refuse_taken(store, name)
            experiment = request.experiment or store.own_experiment(settings.experiment)
            store.experiment_id(experiment)  # refused before anything is written
            settings = replace(settings, name=name, experiment=experiment)
            jobs = replace(jobs, settings=settings)
            warm = warm_start(store, request.warm_start, settings)
            console.print(heading(settings), soft_wrap=True, highlight=False)
            for line in (*draft.notes, *warm.notes):
                console.print(line, soft_wrap=True, highlight=False)
            forecast = _forecast(planned, budget)
        console.print(forecast, soft_wrap=True, highlight=False)
        journal = Journal.create(
            folder / name,
            settings,
            {
                "facts": gather_facts(settings.backend),
                "began": time.time(),
                "budget": asdict(budget),
                "warm": [warm_to_json(trial) for trial in warm.trials],
            },
        )
        return run_session(
            jobs,
            engine=draft.engine,
            slots=slots,
            store=store,
            journal=journal,
            budget=budget,
            console=console,
            on_end=on_end,
        )


def _forecast(planned: Future[Plan], budget: Budget) -> str:
    try:
        return planned.result().describe(budget)
    except PlaceLostError as error:
        return f"no forecast: {error}"
    except (WorkerDiedError, TrialError) as error:
        reason = str(error)
    except TunefoldError:
        raise
    except Exception as error:  # noqa: BLE001  (a model may fail in any way)
        reason = f"{type(error).__name__}: {error}"
    return f"no forecast: the configuration to begin with fails: {reason}"


def _refuse_existing(folder: Path) -> None:
    if has_begun(folder):
        raise SettingsError(
            f"study '{folder.name}': exists already in {folder.parent}; go on with it "
            f"by 'tunefold resume {folder.name}', or give another --name"
        )


def _refuse_taken(store: Store, name: str) -> None:
    if store.find(name) is not None:
        raise SettingsError(
            f"study '{name}': exists already in {store.name}; go on with it by "
            f"'tunefold resume {name}', or give another --name"
        )
    if is_taken(store, name):
        raise SettingsError(
            f"study '{name}': {store.name} holds trials of it though its own run is "
            "deleted; delete theirs as well, or give another --name"
        )


def _free_name(store: Store, folder: Path, pipeline: str) -> str:
    number = 1
    while (folder / f"{pipeline}-{number}").exists() or is_taken(
        store, f"{pipeline}-{number}"
    ):
        number += 1
    return f"{pipeline}-{number}"
