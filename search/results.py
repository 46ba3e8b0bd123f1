"""Read finished work back from the tracking store, and from nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from search.errors import TrackingError
from search.events import read_trials, settings_from_json
from search.leaderboard import Row, make_rows
from search.metrics import METRICS
from search.store import KEY, KIND, PARENT, Store
from search.types import Settings, Trial


@dataclass(frozen=True, kw_only=True)
class RecordedStudy:
    """A study as the tracking store has it.

    Attributes:
        settings: What defined it.
        facts: Versions and machine at the time of the search.
        run_id: Its run.
        experiment_id: Its experiment.
    """

    settings: Settings
    facts: dict[str, str]
    run_id: str
    experiment_id: str


@dataclass(frozen=True, kw_only=True)
class RecordedTrial:
    """A trial as the tracking store has it.

    Attributes:
        study: The study it belongs to.
        trial: Its folds and parameters.
        run_id: Its run.
    """

    study: RecordedStudy
    trial: Trial
    run_id: str


def load_study(store: Store, name: str | None) -> RecordedStudy:
    """Read a study; the latest one when none is named.

    Raises:
        TrackingError: There is none of that name, or its artifact is damaged.
    """
    return _study_of(store, store.find_study(name))


def best_trials(store: Store, study: RecordedStudy, n: int) -> list[RecordedTrial]:
    """Read the n best complete trials of a study, best first.

    They are ranked by the scores in the store; only those returned are read whole.
    """
    sign = METRICS[study.settings.metrics[0]].sign
    scored = [
        run
        for run in store.children(study.run_id)
        if "score" in run.data.metrics and run.data.tags.get("state") == "complete"
    ]
    scored.sort(key=lambda run: (-sign(run.data.metrics["score"]), _number(run)))
    return [_trial_of(store, study, run.info.run_id) for run in scored[:n]]


def load_trial(store: Store, study_or_run: str | None) -> RecordedTrial:
    """Read one trial: by its run id, or the best of a study, or of the latest.

    Raises:
        TrackingError: The name is neither a study nor a trial's run id, or the
            study has no complete trial.
    """
    if study_or_run is not None and len(study_or_run) == 32:
        try:
            run = store.client.get_run(study_or_run)
        except Exception:  # noqa: BLE001  (a name of 32 letters is tried as a study)
            run = None
        if run is not None and run.data.tags.get(KIND) == "trial":
            parent = store.client.get_run(run.data.tags[PARENT])
            return _trial_of(store, _study_of(store, parent), run.info.run_id)
    study = load_study(store, study_or_run)
    best = best_trials(store, study, 1)
    if not best:
        raise TrackingError(
            f"study '{study.settings.name}': has no complete trial yet; "
            f"'tunefold resume {study.settings.name}' goes on with it"
        )
    return best[0]


def rows_of(study: RecordedStudy, trials: Sequence[RecordedTrial]) -> list[Row]:
    """Return the leaderboard's rows of recorded trials."""
    return make_rows(study.settings, [recorded.trial for recorded in trials])


def _study_of(store: Store, run: Any) -> RecordedStudy:
    plain = store.read_json(run.info.run_id, "study.json")
    try:
        return RecordedStudy(
            settings=settings_from_json(plain["settings"]),
            facts=dict(plain["facts"]),
            run_id=run.info.run_id,
            experiment_id=run.info.experiment_id,
        )
    except (KeyError, TypeError) as error:
        raise TrackingError(
            f"run {run.info.run_id}: study.json must hold a study's settings "
            f"({error}); was it written by another version?"
        ) from None


def _trial_of(store: Store, study: RecordedStudy, run_id: str) -> RecordedTrial:
    events = store.read_json(run_id, "trial.json")
    try:
        # The events of a copy hold its folds themselves.
        (trial,) = read_trials(events).values()
    except (KeyError, TypeError, ValueError) as error:
        raise TrackingError(
            f"run {run_id}: trial.json must hold the events of one trial ({error})"
        ) from None
    return RecordedTrial(study=study, trial=trial, run_id=run_id)


def _number(run: Any) -> int:
    return int(run.data.tags[KEY].rpartition("/")[2])
