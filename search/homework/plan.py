"""From minutes to a plan: what is trained, on how many rows, how often, how long."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pipelines.atomic_file import replacing
from search.errors import SettingsError
from search.homework.grid import ENSEMBLE, LEAST_SETTINGS, MOST_SETTINGS
from spaces.space import Params

MAX_ROWS, MIN_ROWS = 20_000, 6_000
"""Rows of the tuning folds: more cost time, fewer say too little of 10 classes."""

MOST_SEEDS, LEAST_SEEDS = 3, 1
"""Trainings of each configuration whose test scores are averaged."""

SPLITS = (10, 5, 3)
"""Fresh Monte Carlo splits: from ten on there is a p-value."""

VALID_SHARE = 1 / 3
"""Of a fresh split, as of the three folds of tuning."""

SLOWER = 1.2
"""A technique's time over the baseline's: between 1 and 1.3 for the usual ones
(dropout 1.05, L1 and L2 1.1, early stopping 1.1; measured on 512 units)."""

NOTEBOOK_MINUTES = 8.0
"""The notebook's live cells should take no longer; it promises ten."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one network takes, timed on the first step's.

    Attributes:
        start: Seconds of compilation, once per configuration and process.
        per_row: Seconds of all epochs, per training row.
        workers: Networks trained at the same time.
    """

    start: float
    per_row: float
    workers: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that decides what the homework does; written before it is done.

    Attributes:
        pipeline: Its spec, as on the command line.
        student: The name the seeds belong to; empty for seed 0.
        techniques: What is applied, in the order of the table.
        base: The network that overfits; its learning rate is tuned.
        epochs: Of every training.
        cv: Splitter of the tuning.
        n_rows: Training rows used, None for all.
        n_settings: Settings per technique.
        n_splits: Fresh splits.
        n_seeds: Trainings before the test rows are opened.
        notebook_rows: Rows of the notebook's live cells.
        asked_minutes: What was asked for, None for the plan's own time.
        minutes: Estimated minutes by step.
        cut: What too little time has cut, a line each.
        data_digest: SHA-256 of the training arrays.
        seed: Of training.
        tuning_seed: Seed of the tuning's rows and folds.
        fresh_seed: Seed of the fresh splits and their rows.
        backend: Keras backend.
    """

    pipeline: str
    student: str
    techniques: tuple[str, ...]
    base: Params
    epochs: int
    cv: str
    n_rows: int | None
    n_settings: int
    n_splits: int
    n_seeds: int
    notebook_rows: int
    asked_minutes: float | None
    data_digest: str
    seed: int
    tuning_seed: int
    fresh_seed: int
    backend: str
    minutes: Mapping[str, float] = field(default_factory=dict)
    cut: tuple[str, ...] = ()

    @property
    def members(self) -> int:
        """Networks of the ensemble: as many as other techniques have settings."""
        return self.n_settings

    @property
    def fresh_cv(self) -> str:
        """The splitter of the fresh splits."""
        return f"monte-carlo:{self.n_splits}:{VALID_SHARE:.4f}"

    @property
    def total_minutes(self) -> float:
        """Estimated minutes of all steps."""
        return sum(self.minutes.values())


def fit_to_time(
    wanted: Plan, cost: Cost, *, n_available: int, n_folds: int, spent: float
) -> Plan:
    """Cut a plan until it fits its minutes, and write down what was cut.

    In this order: settings per technique, seeds of the rerun, fresh splits, rows. All
    techniques are cut alike; the epochs that show overfitting stay.

    Args:
        wanted: The full plan; its `asked_minutes` are the limit, None for no limit.
        cost: Of one network.
        n_available: Training rows of the data.
        n_folds: Folds of the tuning.
        spent: Minutes gone so far.

    Returns:
        The plan that fits; the smallest one, with its honest time, where none does.
    """
    full = wanted.n_rows or n_available
    least = min(MIN_ROWS, full)
    steps: list[dict[str, Any]] = [
        *({"n_settings": n} for n in range(MOST_SETTINGS, LEAST_SETTINGS - 1, -1)),
        *({"n_seeds": n} for n in range(MOST_SEEDS - 1, LEAST_SEEDS - 1, -1)),
        *({"n_splits": n} for n in SPLITS[1:]),
        *({"n_rows": full - (full - least) * n // 10} for n in range(1, 11)),
    ]
    plan = wanted
    for step in steps if full > least else steps[:-10]:
        plan = replace(plan, **step)
        plan = _with_minutes(plan, cost, n_rows=plan.n_rows or full, n_folds=n_folds)
        plan = replace(plan, minutes={"overfitting network": spent, **plan.minutes})
        if wanted.asked_minutes is None or plan.total_minutes <= wanted.asked_minutes:
            break
    return replace(plan, cut=tuple(_cuts(plan, full)))


def networks(plan: Plan, n_folds: int) -> dict[str, int]:
    """Return how many networks each step trains, the notebook's left out."""
    ensemble = ENSEMBLE in plan.techniques
    singles = len(plan.techniques) - ensemble + 1  # the baseline is one
    combined = plan.members if ensemble else 1
    most = plan.members if ensemble else 1
    return {
        "tuning": (len(plan.techniques) + 2) * plan.n_settings * n_folds,
        "fresh splits": plan.n_splits
        * (singles + (plan.members if ensemble else 0) + combined),
        "test rows": plan.n_seeds * (1 + most + combined),
    }


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan as JSON, complete or not at all."""
    with replacing(path) as file:
        file.write(json.dumps(asdict(plan), indent=2).encode() + b"\n")


def read_plan(path: Path) -> Plan:
    """Read what `write_plan` wrote.

    Raises:
        SettingsError: There is no such file, or it holds no plan.
    """
    try:
        plain = json.loads(path.read_text("utf-8"))
        lists = {name: tuple(plain[name]) for name in ("techniques", "cut")}
        return Plan(**plain | lists)
    except OSError as error:
        raise SettingsError(
            f"--plan: {path} cannot be read ({error.strerror}); a homework writes its "
            "plan to plan.json in its folder"
        ) from None
    except (ValueError, TypeError, KeyError) as error:
        raise SettingsError(
            f"--plan: {path} must hold the plan of a homework, got something else "
            f"({error}); take a plan.json that a homework has written"
        ) from None


def _with_minutes(plan: Plan, cost: Cost, *, n_rows: int, n_folds: int) -> Plan:
    count = networks(plan, n_folds)
    train_rows = {
        "tuning": n_rows * (n_folds - 1) / n_folds,
        "fresh splits": n_rows * (1 - VALID_SHARE),
        "test rows": float(n_rows),
    }
    configurations = {
        "tuning": (len(plan.techniques) + 2) * plan.n_settings,
        "fresh splits": len(plan.techniques) + 2,
        "test rows": 3 * cost.workers,
    }
    seconds = {
        step: (
            count[step] * train_rows[step] * cost.per_row * SLOWER
            + configurations[step] * cost.start
        )
        / cost.workers
        for step in count
    }
    live = _live_networks(plan)
    notebook_rows = _notebook_rows(live, cost, n_rows)
    train = notebook_rows * (1 - VALID_SHARE)
    seconds["notebook"] = live * (train * cost.per_row * SLOWER + cost.start)
    return replace(
        plan,
        notebook_rows=notebook_rows,
        minutes={step: value / 60 for step, value in seconds.items()},
    )


def _live_networks(plan: Plan) -> int:
    # The ensemble shares its first network with the baseline.
    ensemble = ENSEMBLE in plan.techniques
    singles = len(plan.techniques) - ensemble + 1
    return singles + ((plan.members - 1) + plan.members if ensemble else 1)


def _notebook_rows(live: int, cost: Cost, n_rows: int) -> int:
    train = (60 * NOTEBOOK_MINUTES / live - cost.start) / (cost.per_row * SLOWER)
    return max(min(n_rows, 1_000), min(n_rows, int(train / (1 - VALID_SHARE))))


def _cuts(plan: Plan, full: int) -> Sequence[str]:
    wanted = {
        "settings per technique": (plan.n_settings, MOST_SETTINGS),
        "seeds of the rerun": (plan.n_seeds, MOST_SEEDS),
        "fresh splits": (plan.n_splits, SPLITS[0]),
        "rows": (plan.n_rows or full, full),
    }
    return [
        f"{name}: {got:,} instead of {most:,}"
        for name, (got, most) in wanted.items()
        if got < most
    ]
