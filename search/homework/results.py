"""What a homework has measured: one record, from the journals to table and notebook."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.atomic_file import replacing
from search.compare import Comparison, compare_pairs
from search.diagnosis import Kind, diagnose
from search.homework.engines import overfits_visibly
from search.homework.grid import BASELINE
from search.homework.plan import Plan
from search.metrics import METRICS
from search.scoring import mean_curves
from search.types import Curves, Trial
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


def make_capacity(trial: Trial) -> Capacity:
    """Read a trial of the first step."""
    params = trial.params
    return Capacity(
        widths=tuple(
            int(params[f"width_{i}"]) for i in range(1, int(params["n_layers"]) + 1)
        ),
        n_parameters=trial.folds[0].n_parameters,
        curves=mean_curves(trial.folds),
        overfit_since=_overfit_since(trial),
        visible=overfits_visibly(trial.folds),
    )


def make_entry(
    fresh: Trial,
    *,
    tuned: Trial,
    fits: int,
    seconds: float,
    metrics: Sequence[str],
) -> Entry:
    """Read a trial of the fresh splits.

    Args:
        fresh: Complete.
        tuned: The same configuration in the tuning: it chose the common epoch. The
            combination with an ensemble was tuned without it.
        fits: Networks trained for it, tuning included.
        seconds: What they took.
        metrics: What is read.
    """
    assert tuned.epoch is not None  # it was chosen for its score
    epochs = {"last": fresh.epochs, "best": tuned.epoch}
    return Entry(
        technique=fresh.tags["technique"],
        setting=fresh.tags["setting"],
        params=fresh.params,
        fits=fits,
        seconds=seconds,
        n_parameters=fresh.folds[0].n_parameters,
        epoch=tuned.epoch,
        scores={
            reading: {
                name: [
                    fold.curves[f"val_{METRICS[name].curve}"][epoch - 1]
                    for fold in fresh.folds
                ]
                for name in metrics
            }
            for reading, epoch in epochs.items()
        },
        curves=mean_curves(fresh.folds),
        overfit_since=_overfit_since(fresh),
    )


def make_effects(
    entries: Sequence[Entry], metric: str, *, valid_share: float
) -> list[Effect]:
    """Compare each technique with the baseline in both readings, Holm over all."""
    asked = [
        (reading, entry.technique)
        for reading in READINGS
        for entry in entries
        if entry.technique != BASELINE
    ]
    compared = compare_pairs(
        [(_named(BASELINE, reading), _named(name, reading)) for reading, name in asked],
        {
            _named(entry.technique, reading): entry.scores[reading][metric]
            for entry in entries
            for reading in READINGS
        },
        METRICS[metric],
        n_train=1 - valid_share,
        n_valid=valid_share,
    )
    return [
        _effect(technique, reading, comparison)
        for (reading, technique), comparison in zip(asked, compared, strict=True)
    ]


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


def _overfit_since(trial: Trial) -> int | None:
    found = diagnose(trial.folds)
    return found.since if found.kind is Kind.OVERFIT else None


def _named(technique: str, reading: str) -> str:
    return f"{technique} (at the {reading} epoch)"  # scores need names of their own


def _effect(technique: str, reading: str, comparison: Comparison) -> Effect:
    difference = comparison.difference
    low, high = difference.interval or (None, None)
    return Effect(
        technique=technique,
        reading=reading,
        difference=difference.mean,
        low=low,
        high=high,
        p=comparison.p_adjusted,
        smallest_visible=difference.smallest_visible,
        verdict=comparison.verdict,
        sentence=comparison.sentence.replace(_named("", reading), ""),
    )
