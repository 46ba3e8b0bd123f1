"""A study and its trials as the tracking store has them, and how they are read."""

from dataclasses import dataclass
from typing import Any

from search.diagnosis import Diagnosis, Kind, diagnose
from search.errors import TrackingError
from search.events import read_trials, settings_from_json
from search.names import is_plain
from search.splitters import make_splitter
from search.store import KEY, Store
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
        diagnosis: What its curves say, beside those of the study's other trials once
            the study has ended.
        overconfidence: Mean confidence minus accuracy of its out-of-fold
            predictions; None for a regression and for the copy of another trial.
    """

    study: RecordedStudy
    trial: Trial
    run_id: str
    diagnosis: Diagnosis
    overconfidence: float | None


def read_study(store: Store, run: Any) -> RecordedStudy:
    """Read a study from its run.

    Raises:
        TrackingError: Its artifact is damaged.
    """
    plain = store.read_json(run.info.run_id, "study.json")
    try:
        settings = settings_from_json(plain["settings"])
        if not is_plain(settings.name) or settings.name != run.data.tags.get(KEY):
            raise TypeError(f"its name is {settings.name!r}")  # files are named by it
        return RecordedStudy(
            settings=settings,
            facts=dict(plain["facts"]),
            run_id=run.info.run_id,
            experiment_id=run.info.experiment_id,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TrackingError(
            f"run {run.info.run_id}: study.json must hold a study's settings "
            f"({error}); was it written by another version?"
        ) from None


def read_recorded_trial(store: Store, study: RecordedStudy, run: Any) -> RecordedTrial:
    """Read a complete trial from its run.

    Raises:
        TrackingError: Its artifact is damaged, or misses folds.
    """
    trial = read_trial(store, run)
    cv = study.settings.cv
    n_folds = make_splitter(cv, seed=0, stratified=False).n_folds
    if len(trial.folds) != n_folds:  # means over other folds are not comparable
        raise TrackingError(
            f"run {run.info.run_id}: trial.json must hold {n_folds} folds ({cv}), got "
            f"{len(trial.folds)}; it was changed: delete the run, or search again"
        )
    return RecordedTrial(
        study=study,
        trial=trial,
        run_id=run.info.run_id,
        diagnosis=_diagnosis_of(run, trial),
        overconfidence=run.data.metrics.get("overconfidence"),
    )


def read_trial(store: Store, run: Any) -> Trial:
    """Read folds and parameters of a trial in whatever state.

    Raises:
        TrackingError: Its artifact is damaged.
    """
    run_id = run.info.run_id
    events = store.read_json_of(run, "trial.json")
    try:
        # The events of a copy hold its folds themselves.
        (trial,) = read_trials(events).values()
    except (KeyError, TypeError, ValueError) as error:
        raise TrackingError(
            f"run {run_id}: trial.json must hold the events of one trial ({error})"
        ) from None
    return trial


def _diagnosis_of(run: Any, trial: Trial) -> Diagnosis:
    # That others show a trial to be underfit stands in its tag alone; a trial from
    # before there were such tags is judged by itself.
    alone = diagnose(trial.folds)
    underfit = run.data.tags.get("diagnosis") == Kind.UNDERFIT
    return Diagnosis(Kind.UNDERFIT) if underfit else alone
