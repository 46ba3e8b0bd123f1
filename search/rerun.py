"""Train a searched configuration on all training rows and open the test set once."""

import math
import queue
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console

from pipelines.part import Part, digest
from pipelines.pipeline import Pipeline
from pipelines.registry import get_pipeline, recorded_word
from search.errors import SettingsError, TrialError
from search.facts import differing_facts, gather_facts
from search.final import FinalJob, FinalResult, run_final
from search.model_log import log_model
from search.pictures.rerun import draw_rerun
from search.plane import Plane, has_plane, run_plane
from search.rerun_report import (
    HeldOutScore,
    RerunReport,
    repeated_rows,
    score_on_test,
)
from search.rerun_script import NO_SCRIPT, write_script
from search.rerun_weights import lineage, provide
from search.results import RecordedTrial, load_trial
from search.seeding import derive_seed
from search.seen_rows import seen_in
from search.store import FAILED, FINISHED, KEY, KIND, PARENT, Store
from search.types import Settings, Trial
from search.workers import Slot, make_slots, n_cores, start_imports
from spaces.errors import DataError
from spaces.params import Scalar

TEST_DIGEST = "tunefold.test_digest"
"""Tag of every run that has opened a test set: its digest."""


def rerun(
    store: Store,
    study_or_run: str | None,
    *,
    n_seeds: int,
    workers: int | None,
    console: Console,
    pipeline: str | None = None,
    rule: str = "best",
) -> RerunReport:
    """Rerun the winner of a study, or one trial by its run id.

    Args:
        store: Holds the study; nothing else of it is needed.
        study_or_run: A study's name, a trial's run id, or None for the latest study.
        n_seeds: Trainings to average, at least 1.
        workers: Trainings at the same time; None for one per core.
        console: For progress.
        pipeline: The study's pipeline named again, where the user wrote it.
        rule: By which the winner is taken, one of `search.selecting.RULES`.

    Raises:
        TunefoldError: There is no such trial, the data is not here or not the
            study's, or a training failed.
    """
    if n_seeds < 1:
        raise SettingsError(f"--seeds: must be at least 1, got {n_seeds}")
    recorded = load_trial(store, study_or_run, rule=rule)
    settings, trial = recorded.study.settings, recorded.trial
    if trial.epoch is None or trial.score is None:
        raise SettingsError(
            f"rerun: trial {trial.number} of study '{settings.name}' must be complete, "
            f"got {trial.state}; take another, 'tunefold best' lists them"
        )
    task = get_pipeline(recorded_word(settings.pipeline, named=pipeline))
    start_imports(settings.backend)
    train, test = task.load("train"), task.load("test")
    # workers map what the search saw: a changed file would bring other test rows
    if (found := digest(train)) != settings.data_digest:
        raise DataError(
            f"study '{settings.name}': its data have the digest "
            f"{settings.data_digest[:16]}, those here {found[:16]}; rerun it with "
            f"the data it was searched on ({settings.data_source})"
        )
    provide(store, settings)
    sources = [each.settings for each in lineage(store, settings.init_from)]
    jobs = [
        FinalJob(
            pipeline=settings.pipeline,
            train_digest=settings.data_digest,
            test_digest=digest(test),
            params=trial.params,
            epochs=trial.epoch,
            horizon=trial.epochs,
            seed=derive_seed(settings.seed, number, "rerun"),
            metrics=settings.metrics,
            backend=settings.backend,
            keep_model=number == 0,
            init_digest=settings.init_digest,
        )
        for number in range(n_seeds)
    ]
    slots = make_slots(min(workers or n_cores(), n_seeds), backend=settings.backend)
    try:
        run_id, look = _open_run(store, recorded, digest(test))
        try:
            with console.status(f"training {n_seeds} times on {len(train.y):,} rows"):
                results = _train_all(slots, jobs)
                plane = None
                if has_plane(task, results[0].examples.shape[1:]):
                    plane = _run_plane(slots[0], jobs[0], trial)
            return _record(
                *(store, recorded, task, train, test, results, plane, run_id, look),
                sources=sources,
            )
        except BaseException:
            store.client.set_terminated(run_id, FAILED)
            raise
    finally:
        for slot in slots:
            slot.close()


def _open_run(
    store: Store, recorded: RecordedTrial, test_digest: str
) -> tuple[str, int]:
    # Counted before it is opened: a look is a look even if the run fails after it.
    look = len(store.tagged(TEST_DIGEST, test_digest)) + 1
    settings, number = recorded.study.settings, recorded.trial.number
    earlier = sum(
        run.data.tags.get(KIND) == "rerun" for run in store.children(recorded.run_id)
    )
    run_id = store.create_run(
        recorded.study.experiment_id,
        f"{settings.name}-{number}-rerun-{earlier + 1}",
        tags={
            KEY: f"{settings.name}/{number}/rerun-{earlier + 1}",
            KIND: "rerun",
            PARENT: recorded.run_id,
            TEST_DIGEST: test_digest,
            "look": str(look),
            "backend": settings.backend,
        },
        began=time.time(),
    )
    return run_id, look


def _train_all(slots: Sequence[Slot], jobs: Sequence[FinalJob]) -> list[FinalResult]:
    free: queue.Queue[Slot] = queue.Queue()
    for slot in slots:
        free.put(slot)

    def train(number: int) -> FinalResult:
        slot = free.get()
        try:
            return slot.run(run_final, jobs[number], trial=0)
        finally:
            free.put(slot)

    with ThreadPoolExecutor(len(slots)) as threads:
        return list(threads.map(train, range(len(jobs))))


def _run_plane(slot: Slot, job: FinalJob, trial: Trial) -> Plane | None:
    """Train once more, to the end of the search's epochs, for a picture alone."""
    assert trial.epoch is not None  # it is complete
    picture = replace(job, epochs=trial.epochs, also_after=(0, trial.epoch))
    try:
        return slot.run(run_plane, picture, trial=0)
    except TrialError:  # it broke down after its best epoch
        return None


def _record(
    store: Store,
    recorded: RecordedTrial,
    pipeline: Pipeline,
    train: Part,
    test: Part,
    results: Sequence[FinalResult],
    plane: Plane | None,
    run_id: str,
    look: int,
    *,
    sources: Sequence[Settings],
) -> RerunReport:
    settings, trial = recorded.study.settings, recorded.trial
    predictions = [result.predictions for result in results]
    repeated = repeated_rows(train, test) | seen_in(test.X, sources)
    metrics = {
        name: score_on_test(name, test.y, predictions, ~repeated)
        for name in settings.metrics
    }
    facts = gather_facts(settings.backend)
    model = results[0].model
    assert model is not None  # the first job was asked to keep it
    _log_results(store, run_id, trial.params, results, metrics)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_rerun(
            folder,
            pipeline=pipeline,
            trial=trial,
            test=test,
            results=results,
            scores=metrics,
            plane=plane,
        )
        np.savez_compressed(
            folder / "test_predictions.npz",
            y=test.y,
            predictions=np.stack(predictions),
            repeated=repeated,
        )
        np.savez_compressed(
            folder / "model_check.npz",
            rows=results[0].examples,
            predictions=predictions[0][: len(results[0].examples)],
        )
        if (reason := write_script(folder, recorded)) is not None:
            store.client.set_tag(run_id, NO_SCRIPT, reason)
        store.client.log_artifacts(run_id, str(folder))
    address = log_model(
        store,
        experiment_id=recorded.study.experiment_id,
        run_id=run_id,
        model=model,
        registered_name=settings.name,
        requirements=[
            f"{package}=={facts[package]}"
            for package in ("keras", settings.backend, "numpy")
            if package in facts
        ],
    )
    store.client.set_terminated(run_id, FINISHED)
    return RerunReport(
        study=settings.name,
        trial=trial.number,
        params=trial.params,
        epochs=trial.epoch or 0,
        cv_score=trial.score or 0.0,
        metrics=metrics,
        n_seeds=len(results),
        n_train=len(train.y),
        n_test=len(test.y),
        n_repeated=int(repeated.sum()),
        look=look,
        run_id=run_id,
        model=address,
        differences=differing_facts(recorded.study.facts, facts),
    )


def _log_results(
    store: Store,
    run_id: str,
    params: Mapping[str, Scalar],
    results: Sequence[FinalResult],
    metrics: Mapping[str, HeldOutScore],
) -> None:
    from mlflow.entities import Metric, Param

    stamp = int(time.time() * 1000)
    values = [
        Metric(f"{name}/seed_{number}", value, stamp, epoch)
        for number, result in enumerate(results)
        for name, curve in result.curves.items()
        for epoch, value in enumerate(curve, start=1)
    ]
    for name, score in metrics.items():
        for part, value in vars(score).items():
            if isinstance(value, float) and not math.isnan(value):
                suffix = "" if part == "mean" else f"_{part}"
                values.append(Metric(f"test_{name}{suffix}", value, stamp, 0))
    values += [
        Metric("n_parameters", results[0].n_parameters, stamp, 0),
        Metric("seconds", sum(result.seconds for result in results), stamp, 0),
    ]
    written = [Param(name, str(value)) for name, value in params.items()]
    store.client.log_batch(run_id, metrics=values, params=written)
