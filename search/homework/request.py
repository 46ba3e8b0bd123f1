"""What a user asks of a homework, checked, and the full plan it stands for."""

import math
import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.part import Part, digest
from pipelines.pipeline import Pipeline
from search.errors import SettingsError
from search.homework.grid import (
    CHOSEN_FROM,
    MOST_SETTINGS,
    check_techniques,
    fitting_techniques,
)
from search.homework.plain_network import base_params, inputs_of
from search.homework.plan import MAX_ROWS, MOST_SEEDS, SPLITS, Plan, read_plan
from search.homework.seeds import student_seeds
from search.request import default_backend
from spaces.dense import DENSE

ALL = "all"
"""Stands for every technique that fits the rows and the task."""

MIN_EPOCHS = 8
"""In fewer, no curve can be seen to fall and to rise again."""


@dataclass(frozen=True, kw_only=True)
class HomeworkRequest:
    """What a user asks for; attributes as the options of `tunefold homework`."""

    pipeline: str
    techniques: tuple[str, ...] | None = None
    minutes: float | None = None
    cv: str = "kfold:3"
    n_rows: int | None = None
    epochs: int | None = None
    student: str = ""
    plan: Path | None = None
    name: str | None = None
    experiment: str | None = None
    backend: str | None = None
    workers: int | None = None
    template: Path | None = None


def check_request(request: HomeworkRequest, pipeline: Pipeline) -> None:
    """Refuse what can be refused before the data is looked at.

    Raises:
        SettingsError: With the reason.
    """
    if pipeline.in_order:
        raise SettingsError(
            f"homework: {pipeline.name} is a series in time, and fresh random splits "
            "would learn from its future; take a pipeline whose rows may be shuffled"
        )
    if request.epochs is not None and request.epochs < MIN_EPOCHS:
        raise SettingsError(
            f"--epochs: overfitting needs at least {MIN_EPOCHS} epochs to be seen, got "
            f"{request.epochs}; leave it out for twice a search's"
        )
    if request.minutes is not None and not 0 < request.minutes < math.inf:
        raise SettingsError(f"--minutes: must be above 0, got {request.minutes:g}")


def full_plan(
    request: HomeworkRequest, spec: str, pipeline: Pipeline, data: Part
) -> Plan:
    """Return the plan before anything is timed or cut; a given one as it is.

    With a student's name it has that student's seeds instead of its own.

    Args:
        request: Checked by `check_request`.
        spec: The pipeline's word, complete.
        pipeline: What is learned.
        data: The training part.

    Raises:
        SettingsError: Techniques or rows do not fit the data, or the given plan is for
            other data.
    """
    n, data_digest = len(data.y), digest(data)
    if request.plan is not None:
        plan = read_plan(request.plan)
        if (plan.pipeline, plan.data_digest) != (spec, data_digest):
            raise SettingsError(
                f"--plan: {request.plan} is for {plan.pipeline} with the data digest "
                f"{plan.data_digest[:16]}, got {spec} with {data_digest[:16]}; plan "
                "anew without --plan"
            )
        return with_seeds(plan, request.student) if request.student else plan
    if request.n_rows is not None and not 1 <= request.n_rows <= n:
        raise SettingsError(
            f"--rows: must lie between 1 and the {n:,} training rows, got "
            f"{request.n_rows:,}"
        )
    n_rows = min(request.n_rows or MAX_ROWS, MAX_ROWS, n)
    seed, tuning_seed, fresh_seed = student_seeds(request.student)
    return Plan(
        pipeline=spec,
        student=request.student,
        techniques=_techniques(request, pipeline, data),
        base=base_params(pipeline, n_rows),
        epochs=request.epochs or 2 * pipeline.epochs,
        cv=request.cv,
        n_rows=rows_or_all(n_rows, n),
        n_settings=MOST_SETTINGS,
        n_splits=SPLITS[0],
        n_seeds=MOST_SEEDS,
        notebook_rows=n_rows,
        asked_minutes=request.minutes,
        data_digest=data_digest,
        seed=seed,
        tuning_seed=tuning_seed,
        fresh_seed=fresh_seed,
        backend=request.backend or default_backend(DENSE),
    )


def with_seeds(plan: Plan, student: str) -> Plan:
    """Return a plan with the seeds that belong to a name."""
    seed, tuning_seed, fresh_seed = student_seeds(student)
    return replace(
        plan,
        student=student,
        seed=seed,
        tuning_seed=tuning_seed,
        fresh_seed=fresh_seed,
    )


def same_plan(begun: Plan, wanted: Plan, name: str) -> Plan:
    """Return the plan a homework goes on with: the one it has begun.

    Args:
        begun: Its plan.
        wanted: The full plan of what is asked for now.
        name: The homework's.

    Raises:
        SettingsError: Now another homework is asked for.
    """
    for field in ("pipeline", "student", "techniques", "epochs", "cv", "data_digest"):
        then, now = getattr(begun, field), getattr(wanted, field)
        if then != now:
            raise SettingsError(
                f"homework '{name}': was begun with {field} {then}, got {now}; give "
                "another --name"
            )
    return begun


def rows_or_all(wanted: int, available: int) -> int | None:
    """Return a number of rows, None where that is all of them."""
    return None if wanted >= available else wanted


def default_name(pipeline: Pipeline, student: str) -> str:
    """Return the homework's name where none is given."""
    letters = unicodedata.normalize("NFKD", student.lower())
    plain = letters.encode("ascii", "ignore").decode()
    words = re.findall("[a-z0-9]+", plain)
    return "-".join(("homework", pipeline.name, *words))


def _techniques(
    request: HomeworkRequest, pipeline: Pipeline, data: Part
) -> tuple[str, ...]:
    inputs = inputs_of(data)
    if request.techniques is None:
        return fitting_techniques(pipeline.task, inputs)
    if request.techniques == (ALL,):
        return fitting_techniques(pipeline.task, inputs, CHOSEN_FROM)
    check_techniques(request.techniques, task=pipeline.task, inputs=inputs)
    return request.techniques
