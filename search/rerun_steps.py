"""Steps that all reruns share, until their networks are trained."""

import math
import queue
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.part import Part, digest
from pipelines.pipeline import Pipeline
from pipelines.registry import get_pipeline, recorded_word
from search.cores import n_cores
from search.errors import SettingsError
from search.final import FinalJob, FinalResult, run_final
from search.held_out import HeldOutScore, repeated_rows, score_on_test
from search.rerun_weights import lineage, provide
from search.seeding import derive_seed
from search.seen_rows import seen_in
from search.store import FAILED, KEY, KIND, PARENT, Store
from search.stored_study import RecordedStudy, RecordedTrial
from search.types import Curves, Settings, Trial
from search.worker_process import start_imports
from search.workers import Slot, make_slots
from spaces.errors import DataError
from spaces.params import Scalar

TEST_DIGEST = "tunefold.test_digest"
"""Tag of every run that has opened a test set: its digest."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RerunData:
    """The data of a study, both halves.

    Attributes:
        pipeline: The study's.
        train: The half that was searched on.
        test: The other one.
        test_digest: Its digest.
        sources: Settings of the runs whose weights the study began with.
    """

    pipeline: Pipeline
    train: Part
    test: Part
    test_digest: str
    sources: Sequence[Settings]

    def repeated(self) -> NDArray[np.bool_]:
        """Say for each test row whether the networks have seen it, bool (n,)."""
        return repeated_rows(self.train, self.test) | seen_in(self.test.X, self.sources)

    def scores(
        self,
        metrics: Sequence[str],
        predictions: Sequence[NDArray[np.float32]],
        repeated: NDArray[np.bool_],
    ) -> dict[str, HeldOutScore]:
        """Score predictions of the test rows by each metric; see `score_on_test`."""
        return {
            name: score_on_test(name, self.test.y, predictions, ~repeated)
            for name in metrics
        }


def load_data(store: Store, settings: Settings, *, pipeline: str | None) -> RerunData:
    """Load a study's data, and its weights to begin with, and check that they are its.

    Args:
        store: Has the weights.
        settings: The study's.
        pipeline: The study's pipeline named again, where the user wrote it.

    Raises:
        TunefoldError: Something is not here or is not the study's.
    """
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
    return RerunData(
        pipeline=task,
        train=train,
        test=test,
        test_digest=digest(test),
        sources=[each.settings for each in lineage(store, settings.init_from)],
    )


def check_complete(recorded: RecordedTrial) -> tuple[int, float]:
    """Return a trial's common epoch and its score.

    Raises:
        SettingsError: It has none.
    """
    trial = recorded.trial
    if trial.epoch is None or trial.score is None:
        raise SettingsError(
            f"rerun: trial {trial.number} of study '{recorded.study.settings.name}' "
            f"must be complete, got {trial.state}; take another, 'tunefold best' lists "
            "them"
        )
    return trial.epoch, trial.score


def final_job(
    settings: Settings, trial: Trial, data: RerunData, *, number: int, keep_model: bool
) -> FinalJob:
    """Return the training of a complete trial on all training rows.

    Args:
        settings: The study's.
        trial: Its configuration, trained for its common epoch.
        data: The study's.
        number: Of the seed, from 0.
        keep_model: Whether the model is returned.
    """
    assert trial.epoch is not None  # it is complete
    return FinalJob(
        pipeline=settings.pipeline,
        train_digest=settings.data_digest,
        test_digest=data.test_digest,
        params=trial.params,
        epochs=trial.epoch,
        horizon=trial.epochs,
        seed=derive_seed(settings.seed, number, "rerun"),
        metrics=settings.metrics,
        backend=settings.backend,
        keep_model=keep_model,
        init_digest=settings.init_digest,
    )


@contextmanager
def open_slots(n: int, *, workers: int | None, backend: str) -> Iterator[list[Slot]]:
    """Yield as many slots as are asked for, at most one for each of n trainings."""
    slots = make_slots(min(workers or n_cores(), n), backend=backend)
    try:
        yield slots
    finally:
        for slot in slots:
            slot.close()


@contextmanager
def open_run(
    store: Store,
    study: RecordedStudy,
    *,
    parent: str,
    kind: str,
    key: str,
    test_digest: str,
) -> Iterator[tuple[str, int]]:
    """Create a run that opens the test set; yield its id and which look it is.

    A look is counted before it is taken: it is one even if the run fails after it.

    Args:
        store: The tracking store.
        study: The study.
        parent: The run above it.
        kind: Tag of such runs; they are numbered below their parent.
        key: Of the run, without this number.
        test_digest: Names the test set.
    """
    look = len(store.tagged(TEST_DIGEST, test_digest)) + 1
    earlier = sum(run.data.tags.get(KIND) == kind for run in store.children(parent))
    key = f"{key}-{earlier + 1}"
    run_id = store.create_run(
        study.experiment_id,
        key.replace("/", "-"),
        tags={
            KEY: key,
            KIND: kind,
            PARENT: parent,
            TEST_DIGEST: test_digest,
            "look": str(look),
            "backend": study.settings.backend,
        },
        began=time.time(),
    )
    try:
        yield run_id, look
    except BaseException:
        store.client.set_terminated(run_id, FAILED)
        raise


def train_all(
    slots: Sequence[Slot], jobs: Sequence[FinalJob], *, trials: Sequence[int]
) -> list[FinalResult]:
    """Run all jobs, as many at a time as there are slots.

    Args:
        slots: At least one.
        jobs: In the order of the results.
        trials: The trial of each job: those of one share a process.
    """
    free: queue.Queue[Slot] = queue.Queue()
    for slot in slots:
        free.put(slot)

    def train(place: int) -> FinalResult:
        slot = free.get()
        try:
            return slot.run(run_final, jobs[place], trial=trials[place])
        finally:
            free.put(slot)

    with ThreadPoolExecutor(len(slots)) as threads:
        return list(threads.map(train, range(len(jobs))))


def log_values(
    store: Store,
    run_id: str,
    *,
    curves: Mapping[str, Curves],
    values: Mapping[str, float],
    params: Mapping[str, Scalar],
) -> None:
    """Log what a rerun measured.

    Args:
        store: The tracking store.
        run_id: The rerun's run.
        curves: Of the training rows, under what stands behind each name: `seed_0`.
        values: Single ones.
        params: The configuration.
    """
    from mlflow.entities import Metric, Param

    stamp = int(time.time() * 1000)
    metrics = [
        Metric(f"{name}/{label}", value, stamp, epoch)
        for label, of_label in curves.items()
        for name, curve in of_label.items()
        for epoch, value in enumerate(curve, start=1)
    ]
    metrics += [Metric(name, value, stamp, 0) for name, value in values.items()]
    written = [Param(name, str(value)) for name, value in params.items()]
    store.client.log_batch(run_id, metrics=metrics, params=written)


def named_values(
    scores: Mapping[str, HeldOutScore], *, of: str = ""
) -> dict[str, float]:
    """Return test scores under the names of their MLflow metrics.

    Args:
        scores: By metric.
        of: Stands behind a metric's name: `_average_of_seeds`.
    """
    values = {}
    for name, score in scores.items():
        for part, value in vars(score).items():
            if isinstance(value, float) and not math.isnan(value):
                end = "" if part == "mean" else f"_{part}"
                values[f"test_{name}{of}{end}"] = value
    return values
