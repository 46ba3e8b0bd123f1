"""Train an ensemble's members on all training rows and open the test set once."""

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from search.common_inputs import Rescale, common_inputs
from search.ensemble_record import FILE, KIND, as_plain
from search.ensemble_report import EnsembleReport, MemberReport
from search.facts import differing_facts
from search.final import FinalResult
from search.held_out import HeldOutScore
from search.one_model import Network, as_one_file
from search.pictures.rerun import draw_on_test
from search.rerun_script import NO_SCRIPT, write_script
from search.rerun_steps import (
    RerunData,
    final_job,
    load_data,
    log_trained,
    log_values,
    named_values,
    open_run,
    open_slots,
    train_all,
)
from search.results import load_study
from search.script.ensemble import export_ensemble
from search.store import FINISHED, Store
from search.study_ensemble import Member, find_ensemble


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
    jobs = [
        final_job(settings, member.trial, data, number=0, keep_model=True)
        for member in members
    ]
    # before the test set is opened: a refusal is no look
    numbers = [member.trial.number for member in members]
    rescales = common_inputs(
        data.pipeline,
        data.train,
        dict(zip(numbers, jobs, strict=True)),
        study=settings.name,
    )
    with (
        open_slots(len(jobs), workers=workers, backend=settings.backend) as slots,
        open_run(
            store,
            found.study,
            parent=found.study.run_id,
            kind=KIND,
            key=f"{settings.name}/ensemble",
            test_digest=data.test_digest,
        ) as (run_id, look),
    ):
        n_train = len(data.train.y)
        with console.status(f"training {len(jobs)} members on {n_train:,} rows"):
            results = train_all(slots, jobs, trials=numbers)
        weights = [member.weight for member in members]
        predictions = [result.predictions for result in results]
        mean = np.average(predictions, axis=0, weights=weights).astype(np.float32)
        repeated = data.repeated()
        metrics = data.scores(settings.metrics, [mean], repeated)
        alone = [
            data.scores(settings.metrics, [each], repeated) for each in predictions
        ]
        values = named_values(metrics)
        for number, scores in zip(numbers, alone, strict=True):
            for name, score in scores.items():
                values[f"test_{name}/trial_{number}"] = score.mean
        values["n_parameters"] = sum(result.n_parameters for result in results)
        values["seconds"] = sum(result.seconds for result in results)
        curves = {
            f"trial_{number}": result.curves
            for number, result in zip(numbers, results, strict=True)
        }
        log_values(store, run_id, curves=curves, values=values, params={})
        store.client.log_dict(run_id, as_plain(found), FILE)
        with tempfile.TemporaryDirectory() as name:
            _write_files(Path(name), data, results, mean, metrics, repeated)
            reason = write_script(Path(name), partial(export_ensemble, members))
            if reason is not None:
                store.client.set_tag(run_id, NO_SCRIPT, reason)
            store.client.log_artifacts(run_id, name)
        model = _as_one(results, members, rescales, data)
        address, facts = log_trained(store, found.study, run_id, model)
        store.client.set_terminated(run_id, FINISHED)
    fitted = found.cross_fitted
    return EnsembleReport(
        study=settings.name,
        members=[
            MemberReport(
                trial=member.trial.number,
                weight=member.weight,
                params=member.trial.params,
                epochs=job.epochs,
                cv_score=member.trial.score or 0.0,
                metrics=scores,
            )
            for member, job, scores in zip(members, jobs, alone, strict=True)
        ],
        cv_score=None if fitted is None else float(np.mean(fitted.ensemble)),
        cv_single=None if fitted is None else float(np.mean(fitted.single)),
        conclusion=found.conclusion,
        metrics=metrics,
        n_train=n_train,
        n_test=len(data.test.y),
        n_repeated=int(repeated.sum()),
        look=look,
        run_id=run_id,
        model=address,
        differences=differing_facts(found.study.facts, facts),
    )


def _as_one(
    results: Sequence[FinalResult],
    members: Sequence[Member],
    rescales: Sequence[Rescale],
    data: RerunData,
) -> bytes:
    networks = []
    for result, member, rescale in zip(results, members, rescales, strict=True):
        assert result.model is not None  # each job was asked to keep it
        networks.append(
            Network(
                name=f"trial_{member.trial.number}",
                model=result.model,
                count=member.count,
                rescale=rescale,
            )
        )
    return as_one_file(networks, task=data.pipeline.task)


def _write_files(
    folder: Path,
    data: RerunData,
    results: Sequence[FinalResult],
    mean: NDArray[np.float32],
    metrics: dict[str, HeldOutScore],
    repeated: NDArray[np.bool_],
) -> None:
    words = f"average of {len(results)} trials"
    draw_on_test(
        folder,
        pipeline=data.pipeline,
        test=data.test,
        predictions=[mean],
        scores=metrics,
        of=words,
        shown=words,
    )
    np.savez_compressed(
        folder / "test_predictions.npz",
        y=data.test.y,
        predictions=mean[None],
        members=np.stack([result.predictions for result in results]),
        repeated=repeated,
    )
    rows = results[0].examples
    np.savez_compressed(
        folder / "model_check.npz", rows=rows, predictions=mean[: len(rows)]
    )
