"""Train an ensemble's members on all training rows and open the test set once."""

import json
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console

from search.ensemble_record import FILE, KIND, as_plain
from search.ensemble_report import EnsembleReport, MemberReport
from search.rerun_average import Average, rerun_average
from search.rerun_steps import final_job, load_data
from search.results import load_study
from search.script.ensemble import export_ensemble
from search.store import Store
from search.study_ensemble import find_ensemble


def rerun_ensemble(
    store: Store,
    study: str | None,
    *,
    size: int,
    workers: int | None,
    console: Console,
    pipeline: str | None = None,
) -> EnsembleReport:
    """Choose an ensemble by out-of-fold predictions, train it, and score it once.

    Each member is trained once, for its common epoch. What is scored is the weighted
    mean of their predictions, and the logged model predicts it.

    Args:
        store: Holds the study; nothing else of it is needed.
        study: A study's name, or None for the latest one.
        size: Members at most, at least 2.
        workers: Trainings at the same time; None for one per core.
        console: For progress.
        pipeline: The study's pipeline named again, where the user wrote it.

    Raises:
        TunefoldError: There is no such study or nothing to choose from, members cannot
            take the same inputs, the data is not here or not the study's, or a training
            failed.
    """
    with console.status("choosing trials"):
        found = find_ensemble(store, load_study(store, study), size=size)
    settings, members = found.study.settings, found.members
    data = load_data(store, settings, pipeline=pipeline)
    jobs = {
        member.trial.number: final_job(
            settings, member.trial, data, number=0, keep_model=True
        )
        for member in members
    }

    def write(folder: Path) -> None:
        (folder / FILE).write_text(json.dumps(as_plain(found), indent=2), "utf-8")

    done = rerun_average(
        store,
        found.study,
        data,
        Average(
            noun="trial",
            jobs=jobs,
            counts=[member.count for member in members],
            trials=list(jobs),
            parent=found.study.run_id,
            kind=KIND,
            key=f"{settings.name}/ensemble",
            params={},
            write=write,
            export=partial(export_ensemble, members),
        ),
        workers=workers,
        console=console,
    )
    fitted = found.cross_fitted
    return EnsembleReport(
        **vars(done.report),
        members=[
            MemberReport(
                trial=member.trial.number,
                weight=member.weight,
                params=member.trial.params,
                epochs=job.epochs,
                cv_score=member.trial.score or 0.0,
                metrics=scores,
            )
            for member, job, scores in zip(
                members, jobs.values(), done.alone, strict=True
            )
        ],
        cv_score=None if fitted is None else float(np.mean(fitted.ensemble)),
        cv_single=None if fitted is None else float(np.mean(fitted.single)),
        conclusion=found.conclusion,
    )
