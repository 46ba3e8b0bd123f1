"""Train one model on one fold: a function of its job, wherever it runs."""

import multiprocessing
import sys
import time

import numpy as np

from pipelines.mapped import open_mapped
from pipelines.registry import get_pipeline
from search.errors import FatalError
from search.fit import choose_training_rows, fit_all
from search.initial_weights import initial_weights
from search.limits import limited
from search.measure import OnEpoch, measured_rows
from search.rows import find_fold
from search.types import FoldJob, FoldResult


def run_fold(job: FoldJob, *, on_epoch: OnEpoch | None = None) -> FoldResult:
    """Prepare, build, train and evaluate on one fold.

    The same job gives the same curves and predictions bit for bit on the same kind
    of processor with the same library versions and one core; design and reasons in
    `search.seeding` and `search.workers`.

    Args:
        job: What to train.
        on_epoch: Hears what the network reached after each epoch; None for nobody.

    Returns:
        Curves of `job.epochs` values; fewer where a value was not finite (the last
        one of a curve then is NaN) or fell below the job's floor. Where early
        stopping trained fewer epochs, the last values stand for those left out.

    Raises:
        DataError: The data is not here or is not the study's.
        FatalError: The process runs another Keras backend, or splits otherwise, or
            does not have the weights to begin with.
        ModelTooLargeError: The model has more weights than the job allows.
        TrialError: The configuration asks for more training rows than the fold has.

    A process that takes more memory or time than the job allows ends itself.
    """
    with limited(seconds=job.max_seconds, memory_mb=job.max_memory):
        return _run(job, on_epoch)


def _run(job: FoldJob, on_epoch: OnEpoch | None) -> FoldResult:
    began = time.perf_counter()
    check_backend(job.backend)
    pipeline = get_pipeline(job.pipeline)
    data = open_mapped(
        pipeline.load,
        name=pipeline.name,
        part="train",
        expected_digest=job.data_digest,
    )
    y = np.asarray(data.y)
    fold = find_fold(job, data, stratified=pipeline.task == "classification")
    train = choose_training_rows(fold.train, job.params, seed=job.split_seed)
    given = data.X[train]
    transform = pipeline.prepare(given, y[train], job.params)
    X_train, X_valid = transform(given), transform(data.X[fold.valid])
    del given  # a copy of the data
    looked_at = measured_rows(train, len(fold.valid), seed=job.split_seed)
    fitted = fit_all(
        pipeline,
        job.params,
        X_train,
        y[train],
        train=(X_train[looked_at], y[train][looked_at]),
        valid=(X_valid, y[fold.valid]),
        metrics=job.metrics,
        epochs=job.epochs,
        seed=job.seed,
        floor=job.floor,
        max_parameters=job.max_parameters,
        init=initial_weights(job.init_digest),
        on_epoch=on_epoch,
    )
    return FoldResult(
        fold=job.fold,
        curves=fitted.curves,
        rows=fold.valid,
        predictions=np.stack(fitted.predictions),
        n_parameters=fitted.n_parameters,
        seconds=time.perf_counter() - began,
        epoch_seconds=list(fitted.epoch_seconds),
        measure_seconds=fitted.measure_seconds,
        peak_memory_mb=peak_memory_mb(),
        ended=time.time(),
    )


def run_cold_fold(job: FoldJob) -> FoldResult:
    """Run a fold as the first one of a configuration that was never compiled.

    Only in a worker that is given up afterwards: JAX decides about its cache on disk
    once per process.
    """
    if job.backend == "jax" and multiprocessing.parent_process() is not None:
        import jax

        jax.config.update("jax_enable_compilation_cache", False)  # type: ignore[no-untyped-call]
    return run_fold(job)


def check_backend(wanted: str) -> None:
    """Refuse to train on another Keras backend than the study's.

    Raises:
        FatalError: This process has imported another one.
    """
    import keras

    if keras.backend.backend() != wanted:
        raise FatalError(
            f"worker: must run the Keras backend {wanted}, got "
            f"{keras.backend.backend()}; set KERAS_BACKEND before the first search "
            "of a process"
        )


def peak_memory_mb() -> float:
    """Return the largest resident size of this process so far, in MiB."""
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / 2**20
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, KiB here
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
