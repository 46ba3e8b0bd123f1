"""Train a configuration on all training rows and predict the test rows once.

The only place where test rows meet a model.
"""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.batches import dense
from pipelines.mapped import open_mapped
from pipelines.part import Part
from pipelines.pipeline import Pipeline, Rows, Transform
from pipelines.registry import get_pipeline
from search.errors import TrialError
from search.fit import Fitted, as_one_model, choose_training_rows, fit_all
from search.fold import check_backend
from search.initial_weights import initial_weights
from search.measure import measured_rows
from search.rows import choose_rows, find_fold
from search.scoring import not_finite
from search.types import Curves, FoldJob
from spaces.space import Params

N_EXAMPLES = 20
"""Prepared test rows kept beside the model, to check it after loading."""


@dataclass(frozen=True, kw_only=True)
class FinalJob:
    """One final training; plain data only.

    Attributes:
        pipeline: Name of the pipeline.
        train_digest: SHA-256 of the training arrays.
        test_digest: SHA-256 of the test arrays.
        params: The configuration.
        epochs: The common epoch found by cross-validation.
        horizon: Epochs of the trial, which its schedules were laid over.
        seed: Training seed.
        metrics: Followed on the training rows.
        backend: Keras backend.
        keep_model: Whether the model is returned.
        n_rows: Train on that many rows, drawn as a study draws them; None for all.
        rows_seed: Seed of the draw.
        also_after: Predict with the weights after these epochs, too; 0 is before the
            first.
        init_digest: Digest of the weights to begin with; None begins with fresh ones.
        fold: Train on this fold's training rows; None for all.
    """

    pipeline: str
    train_digest: str
    test_digest: str
    params: Params
    epochs: int
    horizon: int
    seed: int
    metrics: tuple[str, ...]
    backend: str
    keep_model: bool
    n_rows: int | None = None
    rows_seed: int = 0
    also_after: tuple[int, ...] = ()
    init_digest: str | None = None
    fold: FoldJob | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class FinalResult:
    """What one final training gave.

    Attributes:
        seed: The training seed.
        curves: Of the training rows, one value per epoch.
        predictions: Of the test rows, float32 (n, n_outputs) or (n,).
        also: The same after the epochs of `also_after`, by epoch.
        seconds: Wall time.
        n_parameters: Weights of the model.
        model: The trained model as a `.keras` file's bytes, if it was asked for.
        examples: Some prepared test rows, float32 (m, ...).
    """

    seed: int
    curves: Curves
    predictions: NDArray[np.float32]
    also: Mapping[int, NDArray[np.float32]]
    seconds: float
    n_parameters: int
    model: bytes | None
    examples: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """Networks of a configuration, trained on the training rows, and those rows.

    Attributes:
        transform: The preparation, learned from these rows.
        X: The rows, prepared.
        y: Their targets.
        fitted: The networks.
    """

    transform: Transform
    X: Rows
    y: NDArray[Any]
    fitted: Fitted


def run_final(job: FinalJob) -> FinalResult:
    """Train on the training rows, then predict the test rows once.

    Raises:
        TrialError: A value of the training was not finite.
        DataError: The data is not here or is not the study's.
        FatalError: The process runs another Keras backend.
    """
    began = time.perf_counter()
    pipeline = get_pipeline(job.pipeline)
    trained = train_final(job)
    fitted = trained.fitted
    test = open_mapped(
        pipeline.load, name=pipeline.name, part="test", expected_digest=job.test_digest
    )
    X_test = trained.transform(test.X)
    model = as_one_model(pipeline, job.params, fitted.shape, fitted.networks)
    also = {
        epoch: pipeline.evaluate(
            as_one_model(pipeline, job.params, fitted.shape, networks), X_test
        )
        for epoch, networks in fitted.kept.items()
    }
    return FinalResult(
        seed=job.seed,
        curves=fitted.curves,
        predictions=pipeline.evaluate(model, X_test),
        also=also,
        seconds=time.perf_counter() - began,
        n_parameters=fitted.n_parameters,
        model=_model_bytes(model) if job.keep_model else None,
        examples=dense(X_test[:N_EXAMPLES]),
    )


def train_final(job: FinalJob) -> Trained:
    """Train on the training rows; no test row is read.

    Raises:
        Errors of `run_final`.
    """
    check_backend(job.backend)
    pipeline = get_pipeline(job.pipeline)
    train = open_mapped(
        pipeline.load,
        name=pipeline.name,
        part="train",
        expected_digest=job.train_digest,
    )
    y = np.asarray(train.y)
    rows = final_rows(pipeline, train, job)
    given = train.X[rows]
    transform = pipeline.prepare(given, y[rows], job.params)
    X = transform(given)
    del given  # a copy of the data
    looked_at = measured_rows(rows, len(rows), seed=0)
    fitted = fit_all(
        pipeline,
        job.params,
        X,
        y[rows],
        train=(X[looked_at], y[rows][looked_at]),
        valid=None,
        metrics=job.metrics,
        epochs=job.epochs,
        horizon=job.horizon,
        seed=job.seed,
        init=initial_weights(job.init_digest),
        keep=job.also_after,
    )
    wrong = not_finite(fitted.curves)
    if wrong is not None:
        raise TrialError(f"rerun with seed {job.seed}: {wrong}")
    return Trained(transform=transform, X=X, y=y[rows], fitted=fitted)


def final_rows(pipeline: Pipeline, train: Part, job: FinalJob) -> NDArray[np.int64]:
    """Return the training rows that a job learns from, int64 (n,), ascending.

    Args:
        pipeline: The job's.
        train: The training part.
        job: Says how many, and of which draw.
    """
    stratified = pipeline.task == "classification"
    if job.fold is not None:
        rows = find_fold(job.fold, train, stratified=stratified).train
        return choose_training_rows(rows, job.params, seed=job.fold.split_seed)
    rows = choose_rows(
        np.asarray(train.y),
        job.n_rows,
        seed=job.rows_seed,
        stratified=stratified,
        latest=pipeline.in_order,
    )
    return choose_training_rows(rows, job.params, seed=job.seed)


def _model_bytes(model: object) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)  # type: ignore[attr-defined]
        return path.read_bytes()
