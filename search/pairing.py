"""Which recorded trials are compared, and whether they were measured on the same folds.

The same folds are the same row numbers and the same targets; inputs, pipelines, spaces
and engines may differ.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.errors import SettingsError
from search.metrics import METRICS, Metric, fold_scores
from search.results import (
    all_trials,
    best_trials,
    load_study,
    n_complete,
    numbered_trial,
)
from search.store import Store
from search.stored_study import RecordedStudy
from search.types import Settings, Trial
from spaces.space import Params, unknown


@dataclass(frozen=True, kw_only=True)
class Entrant:
    """One side of comparisons: a trial, or the equal configurations of a study.

    Attributes:
        name: As typed.
        settings: The study's.
        trials: One trial, or one per configuration, in the same order on all sides.
        scores: One per fold, in the order of the folds: the metric's value at each
            trial's common epoch, averaged over the trials.
        n_considered: Complete trials among which the best was chosen; 1 where none
            was chosen.
        n_left_out: Configurations that another side lacks.
    """

    name: str
    settings: Settings
    trials: tuple[Trial, ...]
    scores: tuple[float, ...]
    n_considered: int = 1
    n_left_out: int = 0


def entrants(
    store: Store, names: Sequence[str], *, metric: str | None, every: bool
) -> tuple[Metric, list[Entrant]]:
    """Read what is compared and check that it can be.

    Args:
        store: The tracking store.
        names: `STUDY`, for its best trial, or `STUDY:TRIAL`; the reference first.
        metric: One that all studies followed; None for the one they searched.
        every: Take all configurations that all studies hold instead of the best
            trials.

    Returns:
        The metric, and an entrant per name.

    Raises:
        SettingsError: A name is no study's or stands twice, a trial is not complete,
            folds, targets or searched metric differ, or no configuration is shared.
        TrackingError: A study has no complete trial.
    """
    if len(names) < 2:
        raise SettingsError(
            f"compare: needs two names or more, got {len(names)}; "
            "write tunefold compare STUDY STUDY, or STUDY:3 STUDY:7"
        )
    repeated = [name for i, name in enumerate(names) if name in names[:i]]
    if repeated:
        raise SettingsError(f"compare: '{repeated[0]}' stands twice; name it once")
    studies = [load_study(store, name.partition(":")[0]) for name in names]
    for study in studies[1:]:
        _check_same_folds(studies[0].settings, study.settings)
    chosen = _metric([study.settings for study in studies], metric)
    if every:
        return chosen, _shared(store, names, studies, chosen)
    return chosen, [
        _one(store, name, study, chosen)
        for name, study in zip(names, studies, strict=True)
    ]


def check_whole(option: str, names: Sequence[str]) -> None:
    """Refuse a trial among the names, for an option that takes studies.

    Raises:
        SettingsError: One is `STUDY:TRIAL`.
    """
    for name in names:
        if ":" in name:
            raise SettingsError(
                f"{option}: takes whole studies, got '{name}'; leave out the number"
            )


def _check_same_folds(reference: Settings, other: Settings) -> None:
    if other.split_digest != reference.split_digest:
        words = {
            "--cv": (reference.cv, other.cv),
            "--split-seed": (reference.split_seed, other.split_seed),
            "--rows": (reference.n_rows or "all", other.n_rows or "all"),
            "--groups": (reference.groups or "none", other.groups or "none"),
        }
        differing = [
            f"{option} {theirs} against {ours}"
            for option, (ours, theirs) in words.items()
            if ours != theirs
        ]
        raise SettingsError(
            f"compare: '{other.name}' was not measured on the folds of "
            f"'{reference.name}' ({', '.join(differing) or 'other rows'}); "
            "search both with the same"
        )
    same_data = other.data_digest == reference.data_digest
    digests = (reference.target_digest, other.target_digest)
    if not same_data and (digests[0] != digests[1] or "" in digests):
        reason = (
            "one was recorded before targets were compared; search it again"
            if "" in digests
            else "compare pipelines of the same rows"
        )
        raise SettingsError(
            f"compare: '{other.name}' ({other.pipeline}) must have the targets of "
            f"'{reference.name}' ({reference.pipeline}), got others; {reason}"
        )


def _metric(studies: Sequence[Settings], asked: str | None) -> Metric:
    searched = studies[0].metrics[0]
    for settings in studies:
        if settings.metrics[0] != searched:
            raise SettingsError(
                f"compare: '{settings.name}' chose its epochs by "
                f"{settings.metrics[0]}, '{studies[0].name}' by {searched}; search "
                "both by the same --metric"
            )
        if asked is not None and asked not in settings.metrics:
            wrong = unknown("metric", asked, list(settings.metrics))
            raise SettingsError(f"--metric: {wrong} of study '{settings.name}'")
    return METRICS[asked or searched]


def _one(store: Store, name: str, study: RecordedStudy, metric: Metric) -> Entrant:
    _, colon, number = name.partition(":")
    n_considered = 1
    if colon:
        if not number.isdecimal():
            raise SettingsError(
                f"compare: a trial's number must follow the colon, got '{name}'"
            )
        trial = numbered_trial(store, study, int(number)).trial
    else:
        complete = best_trials(store, study, 1)
        if not complete:
            raise SettingsError(
                f"compare: study '{name}' has no complete trial yet; "
                f"'tunefold resume {name}' goes on with it"
            )
        trial = complete[0].trial
        n_considered = n_complete(store, study)
    return Entrant(
        name=name,
        settings=study.settings,
        trials=(trial,),
        scores=_scores(metric, [trial]),
        n_considered=n_considered,
    )


def _shared(
    store: Store, names: Sequence[str], studies: Sequence[RecordedStudy], metric: Metric
) -> list[Entrant]:
    check_whole("--all-trials", names)
    by_params: list[dict[str, Trial]] = []
    for study in studies:
        found: dict[str, Trial] = {}
        for trial in all_trials(store, study):
            found.setdefault(_key(trial.params), trial)
        by_params.append(found)
    shared = [key for key in by_params[0] if all(key in other for other in by_params)]
    if not shared:
        raise SettingsError(
            "--all-trials: the studies must share a configuration, got none; search "
            "each with the same --sampler grid --engine random and --set"
        )
    return [
        Entrant(
            name=name,
            settings=study.settings,
            trials=tuple(found[key] for key in shared),
            scores=_scores(metric, [found[key] for key in shared]),
            n_left_out=len(found) - len(shared),
        )
        for name, study, found in zip(names, studies, by_params, strict=True)
    ]


def _scores(metric: Metric, trials: Sequence[Trial]) -> tuple[float, ...]:
    by_trial = []
    for trial in trials:
        assert trial.epoch is not None  # it is complete
        curves = [fold.curves for fold in trial.folds]
        by_trial.append(fold_scores(metric, curves, trial.epoch))
    return tuple(np.mean(by_trial, axis=0).tolist())


def _key(params: Params) -> str:
    return json.dumps(params, sort_keys=True)
