"""What a homework's trials say: rows of its table, read from their folds."""

from collections.abc import Sequence

from search.compare import Comparison, compare_pairs
from search.diagnosis import Kind, diagnose
from search.homework.engines import overfits_visibly
from search.homework.grid import BASELINE
from search.homework.results import READINGS, Capacity, Effect, Entry
from search.metrics import METRICS
from search.scoring import mean_curves
from search.types import Trial


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
