"""Train a searched configuration on all training rows and open the test set once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from search.errors import SettingsError, TrialError
from search.final import FinalJob, FinalResult
from search.held_out import HeldOutScore
from search.pictures.rerun import draw_rerun
from search.plane import Plane, has_plane, run_plane
from search.rerun_end import end_run, log_files
from search.rerun_report import RerunReport
from search.rerun_steps import (
    RerunData,
    check_complete,
    final_job,
    load_data,
    log_values,
    named_values,
    open_run,
    open_slots,
    train_all,
)
from search.results import load_trial
from search.script.export import export
from search.store import Store
from search.types import Trial
from search.workers import Slot


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
    epochs, cv_score = check_complete(recorded)
    data = load_data(store, settings, pipeline=pipeline)
    jobs = [
        final_job(settings, trial, data, number=number, keep_model=number == 0)
        for number in range(n_seeds)
    ]
    with (
        open_slots(n_seeds, workers=workers, backend=settings.backend) as slots,
        open_run(
            store,
            recorded.study,
            parent=recorded.run_id,
            kind="rerun",
            key=f"{settings.name}/{trial.number}/rerun",
            test_digest=data.test_digest,
        ) as (run_id, look),
    ):
        n_train = len(data.train.y)
        with console.status(f"training {n_seeds} times on {n_train:,} rows"):
            results = train_all(slots, jobs, trials=[trial.number] * n_seeds)
            plane = None
            if has_plane(data.pipeline, results[0].examples.shape[1:]):
                plane = _run_plane(slots[0], jobs[0], trial)
        predictions = [result.predictions for result in results]
        repeated = data.repeated()
        metrics = data.scores(settings.metrics, predictions, repeated)
        average = {}
        if n_seeds > 1:
            mean = np.stack(predictions).mean(axis=0)
            average = data.scores(settings.metrics, [mean], repeated)
        log_values(
            store,
            run_id,
            curves={f"seed_{n}": result.curves for n, result in enumerate(results)},
            values={
                **named_values(metrics),
                **named_values(average, of="_average_of_seeds"),
                "n_parameters": results[0].n_parameters,
                "seconds": sum(result.seconds for result in results),
            },
            params=trial.params,
        )
        write = partial(
            _write_files,
            data=data,
            trial=trial,
            results=results,
            metrics=metrics,
            plane=plane,
            repeated=repeated,
        )
        log_files(store, run_id, write, partial(export, recorded))
        model = results[0].model
        assert model is not None  # the first job was asked to keep it
        report = end_run(
            store,
            recorded.study,
            data,
            run_id=run_id,
            look=look,
            model=model,
            metrics=metrics,
            repeated=repeated,
        )
    return RerunReport(
        **vars(report),
        trial=trial.number,
        params=trial.params,
        epochs=epochs,
        cv_score=cv_score,
        average_of_seeds=average,
        n_seeds=n_seeds,
    )


def _write_files(
    folder: Path,
    *,
    data: RerunData,
    trial: Trial,
    results: Sequence[FinalResult],
    metrics: Mapping[str, HeldOutScore],
    plane: Plane | None,
    repeated: NDArray[np.bool_],
) -> None:
    draw_rerun(
        folder,
        pipeline=data.pipeline,
        trial=trial,
        test=data.test,
        results=results,
        scores=metrics,
        plane=plane,
    )
    predictions = [result.predictions for result in results]
    np.savez_compressed(
        folder / "test_predictions.npz",
        y=data.test.y,
        predictions=np.stack(predictions),
        repeated=repeated,
    )
    np.savez_compressed(
        folder / "model_check.npz",
        rows=results[0].examples,
        predictions=predictions[0][: len(results[0].examples)],
    )


def _run_plane(slot: Slot, job: FinalJob, trial: Trial) -> Plane | None:
    """Train once more, to the end of the search's epochs, for a picture alone."""
    assert trial.epoch is not None  # it is complete
    picture = replace(job, epochs=trial.epochs, also_after=(0, trial.epoch))
    try:
        return slot.run(run_plane, picture, trial=trial.number)
    except TrialError:  # it broke down after its best epoch
        return None
