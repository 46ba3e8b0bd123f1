"""All pictures of a rerun, and the report by class."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.part import Part
from pipelines.pipeline import Pipeline
from search.final import FinalResult
from search.held_out import HeldOutScore
from search.numbers import with_unit, write_score
from search.pictures.boundaries import draw_boundaries, over_time
from search.pictures.confusion import draw_confusion
from search.pictures.curves import draw_curves
from search.pictures.residuals import draw_residuals
from search.plane import Plane
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
    n = len(results)
    draw_on_test(
        folder,
        pipeline=pipeline,
        test=test,
        predictions=[result.predictions for result in results],
        scores=scores,
        of=f"mean of {n} seeds",
        shown=f"first of {n} seeds",
    )
    if plane is not None and trial.epoch is not None:
        draw_boundaries(
            folder / "boundaries.png",
            over_time(plane, best=trial.epoch, last=trial.epochs),
            classes=pipeline.classes,
        )


def draw_on_test(
    folder: Path,
    *,
    pipeline: Pipeline,
    test: Part,
    predictions: Sequence[NDArray[np.float32]],
    scores: Mapping[str, HeldOutScore],
    of: str,
    shown: str,
) -> None:
    """Write confusion matrix and report by class, or residuals of a regression.

    Args:
        folder: Exists.
        pipeline: Task, classes, unit.
        test: The test part.
        predictions: One array per trained model, (n, n_outputs) or (n,).
        scores: By metric, the searched one first.
        of: What is scored: `mean of 3 seeds`.
        shown: Whose points and report these are, where not all can be shown.
    """
    name, score = next(iter(scores.items()))
    title = (
        f"{pipeline.name}: test {with_unit(name, pipeline.unit)} "
        f"{write_score(score.mean)}, {of}, {len(test.y):,} test rows"
    )
    if pipeline.task == "regression":
        draw_residuals(
            folder / "residuals.png",
            y=test.y,
            predictions=predictions[0],
            unit=pipeline.unit,
            title=f"{title}; points: {shown}",
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
        f"{shown[0].upper()}{shown[1:]}, {len(test.y):,} test rows\n\n{report}"
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
