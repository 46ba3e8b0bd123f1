"""All pictures of a rerun, and the report by class."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.part import Part
from pipelines.pipeline import Pipeline
from search.final import FinalResult
from search.numbers import with_unit, write_score
from search.pictures.boundaries import draw_boundaries, over_time
from search.pictures.confusion import draw_confusion
from search.pictures.curves import draw_curves
from search.pictures.residuals import draw_residuals
from search.plane import Plane
from search.rerun_report import HeldOutScore
from search.types import Trial


def draw_rerun(
    folder: Path,
    *,
    pipeline: Pipeline,
    trial: Trial,
    test: Part,
    results: Sequence[FinalResult],
    scores: Mapping[str, HeldOutScore],
    plane: Plane | None,
) -> None:
    """Write the pictures that suit the task into a folder.

    Args:
        folder: Exists.
        pipeline: Task, classes, unit.
        trial: The searched trial.
        test: The test part.
        results: One per seed.
        scores: By metric, the searched one first.
        plane: Of the first seed at the start, at the best and at the last epoch;
            None where rows do not lie in a plane.
    """
    draw_curves(
        folder / "curves.png",
        trial=trial,
        reruns=[result.curves for result in results],
        metrics=list(scores),
        unit=pipeline.unit,
    )
    name, score = next(iter(scores.items()))
    title = (
        f"{pipeline.name}: test {with_unit(name, pipeline.unit)} "
        f"{write_score(score.mean)}, mean of {len(results)} seeds, "
        f"{len(test.y):,} test rows"
    )
    predictions = [result.predictions for result in results]
    if pipeline.task == "regression":
        draw_residuals(
            folder / "residuals.png",
            y=test.y,
            predictions=predictions[0],
            unit=pipeline.unit,
            title=title + "; points: first seed",
        )
        return
    draw_confusion(
        folder / "confusion_matrix.png",
        y=test.y,
        predictions=predictions,
        classes=pipeline.classes,
        title=title,
    )
    report = _report(pipeline.classes, test, predictions[0])
    (folder / "classification_report.txt").write_text(
        f"First of {len(results)} seeds, {len(test.y):,} test rows\n\n{report}"
    )
    if plane is not None and trial.epoch is not None:
        draw_boundaries(
            folder / "boundaries.png",
            over_time(plane, best=trial.epoch, last=trial.epochs),
            classes=pipeline.classes,
        )


def _report(
    classes: Sequence[str], test: Part, predictions: NDArray[np.float32]
) -> str:
    from sklearn.metrics import classification_report

    return str(
        classification_report(
            test.y,
            predictions.argmax(axis=1),
            labels=range(len(classes)),
            target_names=list(classes),
            digits=4,
            zero_division=0.0,
        )
    )
