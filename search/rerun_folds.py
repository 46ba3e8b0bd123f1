"""Train the networks of a trial's folds and open the test set once for their mean."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from search.errors import SettingsError
from search.final import FinalJob, final_rows
from search.folds_report import FoldsReport
from search.request import make_jobs
from search.rerun_average import Average, rerun_average
from search.rerun_steps import RerunData, check_complete, final_job, load_data
from search.results import load_trial
from search.store import Store
from search.stored_study import RecordedTrial

KIND = "rerun-folds"
"""Of such runs; `rerun` has one network, with whose weights others may begin."""


def rerun_folds(
    store: Store,
    study_or_run: str | None,
    *,
    workers: int | None,
    console: Console,
    pipeline: str | None = None,
    rule: str = "best",
) -> FoldsReport:
    """Train the networks of a trial's folds once more, and score their mean once.

    Each is trained as in cross-validation: on its fold's training rows, with its
    fold's seed; here for the common epoch. The logged model predicts their mean.

    Args:
        store: Holds the study; nothing else of it is needed.
        study_or_run: A study's name, a trial's run id, or None for the latest study.
        workers: Trainings at the same time; None for one per core.
        console: For progress.
        pipeline: The study's pipeline named again, where the user wrote it.
        rule: By which the winner is taken, one of `search.selecting.RULES`.

    Raises:
        TunefoldError: There is no such trial or it has one fold only, networks cannot
            take the same inputs, the data is not here or not the study's, or a training
            failed.
    """
    recorded = load_trial(store, study_or_run, rule=rule)
    settings, trial = recorded.study.settings, recorded.trial
    epochs, cv_score = check_complete(recorded)
    if len(trial.folds) < 2:
        raise SettingsError(
            f"--folds: averages the networks of several folds, study "
            f"'{settings.name}' has one ({settings.cv}); 'tunefold rerun "
            f"{settings.name} --seeds 5' averages seeds"
        )
    data = load_data(store, settings, pipeline=pipeline)
    jobs = _fold_jobs(recorded, data)
    done = rerun_average(
        store,
        recorded.study,
        data,
        Average(
            noun="fold",
            jobs=jobs,
            counts=[1] * len(jobs),
            trials=[trial.number] * len(jobs),
            parent=recorded.run_id,
            kind=KIND,
            key=f"{settings.name}/{trial.number}/{KIND}",
            params=trial.params,
            write=_write_nothing,
            export=_refuse,
        ),
        workers=workers,
        console=console,
    )
    rows_of = partial(final_rows, data.pipeline, data.train)
    return FoldsReport(
        **vars(done.report),
        trial=trial.number,
        params=trial.params,
        epochs=epochs,
        cv=settings.cv,
        cv_score=cv_score,
        n_rows=[len(rows_of(job)) for job in jobs.values()],
        alone={
            name: [scores[name].mean for scores in done.alone]
            for name in settings.metrics
        },
    )


def _fold_jobs(recorded: RecordedTrial, data: RerunData) -> dict[int, FinalJob]:
    """Return the training of each fold's network, by the fold's number."""
    settings, trial = recorded.study.settings, recorded.trial
    job = final_job(settings, trial, data, number=0, keep_model=True)
    maker = make_jobs(settings, data.pipeline, data.train)
    folds = [
        maker.make(trial.params, fold, epochs=trial.epochs)
        for fold in range(maker.n_folds)
    ]
    return {each.fold: replace(job, fold=each, seed=each.seed) for each in folds}


def _write_nothing(folder: Path) -> None:
    """Add no file: all that was chosen is the trial above."""


def _refuse() -> NoReturn:
    raise SettingsError("export: no plain code is known for the average of folds")
