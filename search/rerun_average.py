"""Train networks, open the test set once for their mean, and save it as one model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from search.common_inputs import Noun, Rescale, common_inputs
from search.final import FinalJob, FinalResult
from search.held_out import HeldOutReport, HeldOutScore
from search.one_model import Network, as_one_file
from search.pictures.rerun import draw_on_test
from search.rerun_end import end_run, log_files
from search.rerun_steps import (
    RerunData,
    log_values,
    named_values,
    open_run,
    open_slots,
    train_all,
)
from search.script.sections import Exported
from search.store import Store
from search.stored_study import RecordedStudy
from spaces.params import Scalar


@dataclass(frozen=True, kw_only=True, eq=False)
class Average:
    """What is trained, and how it is recorded.

    Attributes:
        noun: What a network belongs to; its number is that of this.
        jobs: By number, in the order of the mean; each keeps its model.
        counts: How often each counts in the mean.
        trials: The trial of each.
        parent: The run above.
        kind: Tag of such runs.
        key: Of the run, without its number.
        params: Logged with it.
        write: Writes further files into the folder of the run's artifacts.
        export: Returns what is trained as code, or refuses to.
    """

    noun: Noun
    jobs: Mapping[int, FinalJob]
    counts: Sequence[int]
    trials: Sequence[int]
    parent: str
    kind: str
    key: str
    params: Mapping[str, Scalar]
    write: Callable[[Path], None]
    export: Callable[[], Exported]


@dataclass(frozen=True, kw_only=True)
class Averaged:
    """What came of it.

    Attributes:
        report: Of the mean.
        alone: Test scores of each network by metric, in the order of the jobs.
    """

    report: HeldOutReport
    alone: Sequence[Mapping[str, HeldOutScore]]


def rerun_average(
    store: Store,
    study: RecordedStudy,
    data: RerunData,
    average: Average,
    *,
    workers: int | None,
    console: Console,
) -> Averaged:
    """Train each network once, score the mean of their predictions, and log all.

    Args:
        store: The tracking store.
        study: The study.
        data: Its data.
        average: What is trained.
        workers: Trainings at the same time; None for one per core.
        console: For progress.

    Raises:
        TunefoldError: The networks cannot take the same inputs, or a training failed.
    """
    settings, noun = study.settings, average.noun
    jobs = list(average.jobs.values())
    # before the test set is opened: a refusal is no look
    rescales = common_inputs(
        data.pipeline, data.train, average.jobs, study=settings.name, noun=noun
    )
    with (
        open_slots(len(jobs), workers=workers, backend=settings.backend) as slots,
        open_run(
            store,
            study,
            parent=average.parent,
            kind=average.kind,
            key=average.key,
            test_digest=data.test_digest,
        ) as (run_id, look),
    ):
        with console.status(f"training {len(jobs)} networks"):
            results = train_all(slots, jobs, trials=average.trials)
        predictions = [result.predictions for result in results]
        weights = np.array(average.counts) / sum(average.counts)
        mean = np.average(predictions, axis=0, weights=weights).astype(np.float32)
        repeated = data.repeated()
        metrics = data.scores(settings.metrics, [mean], repeated)
        alone = [
            data.scores(settings.metrics, [each], repeated) for each in predictions
        ]
        labels = [f"{noun}_{number}" for number in average.jobs]
        values = named_values(metrics)
        for label, scores in zip(labels, alone, strict=True):
            for name, score in scores.items():
                values[f"test_{name}/{label}"] = score.mean
        values["n_parameters"] = sum(result.n_parameters for result in results)
        values["seconds"] = sum(result.seconds for result in results)
        curves = {
            label: result.curves for label, result in zip(labels, results, strict=True)
        }
        log_values(store, run_id, curves=curves, values=values, params=average.params)

        def write(folder: Path) -> None:
            _write_files(folder, data, results, mean, metrics, repeated, noun)
            average.write(folder)

        log_files(store, run_id, write, average.export)
        report = end_run(
            store,
            study,
            data,
            run_id=run_id,
            look=look,
            model=_as_one(results, labels, average.counts, rescales, data),
            metrics=metrics,
            repeated=repeated,
        )
    return Averaged(report=report, alone=alone)


def _as_one(
    results: Sequence[FinalResult],
    labels: Sequence[str],
    counts: Sequence[int],
    rescales: Sequence[Rescale],
    data: RerunData,
) -> bytes:
    networks = []
    for result, label, count, rescale in zip(
        results, labels, counts, rescales, strict=True
    ):
        assert result.model is not None  # each job was asked to keep it
        networks.append(
            Network(name=label, model=result.model, count=count, rescale=rescale)
        )
    return as_one_file(networks, task=data.pipeline.task)


def _write_files(
    folder: Path,
    data: RerunData,
    results: Sequence[FinalResult],
    mean: NDArray[np.float32],
    metrics: Mapping[str, HeldOutScore],
    repeated: NDArray[np.bool_],
    noun: Noun,
) -> None:
    words = f"average of {len(results)} {noun}s"
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
