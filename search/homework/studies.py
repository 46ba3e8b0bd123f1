"""One study of a homework: begun, or gone on with where its journal already stands."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from pipelines.groups import row_groups
from pipelines.part import Part, digest
from pipelines.pipeline import Pipeline
from search.errors import SearchError
from search.events import present_settings, read_trials
from search.facts import gather_facts
from search.fold_sizes import sizes_of
from search.homework.plan import Plan
from search.journal import FOLDER, Journal, has_begun
from search.protocols import Engine
from search.request import make_jobs
from search.rows import make_folds
from search.session import run_session
from search.splitters import rows_digest
from search.store import Store
from search.types import Budget, Settings, Trial
from search.workers import Slot

METRICS = {
    "classification": ("log_loss", "accuracy"),
    "regression": ("mse", "mae"),
}
"""The main measure, what overfitting shows in, and the one people know."""


class StoppedError(SearchError):
    """A homework was interrupted; what is finished is kept."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Workplace:
    """What all studies of a homework share.

    Attributes:
        homework: Its name.
        pipeline: What is learned.
        data: The training part.
        slots: Where networks are trained.
        store: The tracking store.
        experiment: Name of the MLflow experiment.
        console: For progress; stderr.
    """

    homework: str
    pipeline: Pipeline
    data: Part
    slots: Sequence[Slot]
    store: Store
    experiment: str
    console: Console

    @property
    def metrics(self) -> tuple[str, ...]:
        """The main measure, then the one beside it."""
        return METRICS[self.pipeline.task]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """An ended study.

    Attributes:
        name: Its name.
        trials: By number.
        split_digest: Of its folds' row numbers.
    """

    name: str
    trials: dict[int, Trial]
    split_digest: str

    @property
    def complete(self) -> list[Trial]:
        """The trials that did not fail, in the order of their numbers."""
        return [t for t in self.trials.values() if t.score is not None]


def run_study(
    place: Workplace,
    plan: Plan,
    step: str,
    engine: Engine,
    *,
    n_trials: int,
    cv: str,
    split_seed: int,
) -> Measured:
    """Train what the engine lists; folds that are in the journal are not trained again.

    Args:
        place: Where.
        plan: Rows, epochs, seed and backend.
        step: Ends the study's name.
        engine: A list of settings.
        n_trials: At most so many are on it.
        cv: The splitter in words.
        split_seed: Seed of rows and folds.

    Raises:
        StoppedError: Ctrl-C ended it.
        TunefoldError: It could not go on.
    """
    name = f"{place.homework}-{step}"
    folder = Path(FOLDER) / name
    if has_begun(folder):
        journal = Journal.open(folder)
        settings = present_settings(journal.events())
    else:
        settings = _settings(place, plan, name, step, cv=cv, split_seed=split_seed)
        journal = Journal.create(
            folder,
            settings,
            {"facts": gather_facts(plan.backend), "began": time.time(), "warm": []},
        )
    try:
        outcome = run_session(
            make_jobs(settings, place.pipeline, place.data),
            engine=engine,
            slots=place.slots,
            store=place.store,
            journal=journal,
            budget=Budget(trials=n_trials),
            console=place.console,
        )
        trials = read_trials(journal.events())
    finally:
        journal.close()
    if outcome.interrupted or outcome.unfinished:
        raise StoppedError(
            f"homework '{place.homework}': stopped in step {step} ({outcome.reason}); "
            "the same command goes on with it"
        )
    return Measured(name=name, trials=trials, split_digest=settings.split_digest)


def _settings(
    place: Workplace, plan: Plan, name: str, step: str, *, cv: str, split_seed: int
) -> Settings:
    groups = "pipeline" if place.data.groups is not None else None
    folds = make_folds(
        place.data.y,
        cv,
        split_seed=split_seed,
        n_rows=plan.n_rows,
        stratified=place.pipeline.task == "classification",
        groups=row_groups(groups, place.data, digest=digest(place.data)),
        classes=place.pipeline.classes,
    )
    return Settings(
        name=name,
        pipeline=plan.pipeline,
        space_name="homework",
        space={},
        engine="homework",
        sampler="list",
        cv=cv,
        groups=groups,
        split_seed=split_seed,
        seed=plan.seed,
        epochs=plan.epochs,
        metrics=place.metrics,
        epoch="best",
        workers=len(place.slots),
        n_rows=plan.n_rows,
        backend=plan.backend,
        experiment=place.experiment,
        data_digest=plan.data_digest,
        data_source=place.data.source,
        unit=place.pipeline.unit,
        split_digest=rows_digest(folds),
        fold_sizes=sizes_of(folds),
        max_parameters=None,
        tags={"homework": place.homework, "homework_step": step},
    )
