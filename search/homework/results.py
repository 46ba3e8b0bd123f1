"""What a homework has measured: one record, from the journals to table and notebook."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.atomic_file import replacing
from search.homework.plan import Plan
from search.types import Curves
from spaces.space import Params

READINGS = ("last", "best")
"""Each configuration is read twice from the same runs: after the last epoch (the
technique alone) and at the common best epoch of its tuning (with early stopping)."""


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """One network of the first step.

    Attributes:
        widths: Of its hidden layers.
        n_parameters: Weights.
        curves: Mean over folds, by epoch.
        overfit_since: The epoch from which on it overfits; None where it does not.
        visible: Whether the figure shows it.
    """

    widths: tuple[int, ...]
    n_parameters: int
    curves: Curves
    overfit_since: int | None
    visible: bool


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One setting of the tuning.

    Attributes:
        technique: Its name.
        setting: What sets it apart.
        score: Mean over folds of the main measure at the common epoch; None where
            the trial failed.
        epoch: The common epoch.
        chosen: Whether it was trained again on the fresh splits.
    """

    technique: str
    setting: str
    score: float | None
    epoch: int | None
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of the table: a chosen setting on the fresh splits.

    Attributes:
        technique: Its name; `baseline` first, `combined` last.
        setting: What was chosen.
        params: The whole configuration.
        fits: Networks trained for it, tuning and fresh splits together.
        seconds: Their training time.
        n_parameters: Weights of all its networks.
        epoch: The common best epoch, chosen by the tuning.
        scores: By reading, then by metric: one value per fresh split.
        curves: Mean over the fresh splits, by epoch.
        overfit_since: The epoch from which on it overfits; None where it does not.
    """

    technique: str
    setting: str
    params: Params
    fits: int
    seconds: float
    n_parameters: int
    epoch: int
    scores: Mapping[str, Mapping[str, Sequence[float]]]
    curves: Curves
    overfit_since: int | None

    def mean(self, reading: str, metric: str) -> float:
        """Return the mean over the fresh splits."""
        return float(np.mean(self.scores[reading][metric]))


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A technique against the baseline, in one reading, by the main measure.

    Attributes:
        technique: Its name.
        reading: `last` or `best`; both are read at the same kind of epoch.
        difference: Technique minus baseline.
        low: Lower end of the 95 % interval; None where there is none.
        high: Upper end.
        p: P-value after Holm over all effects; None below ten paired scores.
        smallest_visible: The difference this design could have seen.
        verdict: `better`, `worse`, `not decided` or `no test`.
        sentence: All of it in words.
    """

    technique: str
    reading: str
    difference: float
    low: float | None
    high: float | None
    p: float | None
    smallest_visible: float | None
    verdict: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class OnTestRows:
    """A configuration on the test rows, in one reading.

    Attributes:
        technique: Its name.
        reading: `last` or `best`.
        epoch: Epochs trained.
        scores: By metric, one value per seed.
        intervals: By metric: 95 % interval over test rows.
    """

    technique: str
    reading: str
    epoch: int
    scores: Mapping[str, Sequence[float]]
    intervals: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Results:
    """Everything the table, the notebook and the summary are made of.

    Attributes:
        name: The homework's.
        plan: What was planned.
        metrics: The main measure, then the one beside it.
        unit: Of a regression's target.
        note: What has to be said wherever the data is used.
        classes: Their names; empty for a regression.
        capacities: The first step.
        tried: The tuning.
        entries: The table.
        effects: Against the baseline.
        test: On the test rows.
        n_test: Test rows.
        look: How often this test set has been opened in this store.
        data_source: Where the data came from.
        split_digests: Of the folds, by study.
        minutes: What the steps took.
    """

    name: str
    plan: Plan
    metrics: tuple[str, ...]
    unit: str
    note: str
    classes: tuple[str, ...]
    capacities: Sequence[Capacity]
    tried: Sequence[Tried]
    entries: Sequence[Entry]
    effects: Sequence[Effect]
    test: Sequence[OnTestRows]
    n_test: int
    look: int
    data_source: str
    split_digests: Mapping[str, str]
    minutes: Mapping[str, float]

    def entry(self, technique: str) -> Entry:
        """Return the table's row of a technique."""
        return next(e for e in self.entries if e.technique == technique)

    def effect(self, technique: str, reading: str) -> Effect:
        """Return what a technique did in one reading."""
        return next(
            e for e in self.effects if (e.technique, e.reading) == (technique, reading)
        )


def write_results(results: Results, path: Path) -> None:
    """Write the record as JSON, complete or not at all."""
    with replacing(path) as file:
        file.write(json.dumps(asdict(results), indent=1).encode() + b"\n")


def read_results(path: Path) -> Results:
    """Read what `write_results` wrote."""
    plain: dict[str, Any] = json.loads(path.read_text("utf-8"))
    plan = plain["plan"]
    lists = {name: tuple(plan[name]) for name in ("techniques", "cut")}
    return Results(
        **plain
        | {
            "plan": Plan(**plan | lists),
            "metrics": tuple(plain["metrics"]),
            "classes": tuple(plain["classes"]),
            "capacities": [Capacity(**each) for each in plain["capacities"]],
            "tried": [Tried(**each) for each in plain["tried"]],
            "entries": [Entry(**each) for each in plain["entries"]],
            "effects": [Effect(**each) for each in plain["effects"]],
            "test": [OnTestRows(**each) for each in plain["test"]],
        }
    )
