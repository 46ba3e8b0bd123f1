"""Find finished work in the tracking store, and nowhere else."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from search.errors import SettingsError, TrackingError
from search.leaderboard import Row, make_rows
from search.metrics import METRICS
from search.objectives import SCORE, pareto_front
from search.scoring import rank
from search.selecting import select
from search.store import KIND, PARENT, Store
from search.stored_study import (
    RecordedStudy,
    RecordedTrial,
    read_recorded_trial,
    read_study,
    read_trial,
)
from search.trial_runs import number_of
from search.types import Trial, TrialState

READERS = 8
"""Records of trials read at once."""


def load_study(store: Store, name: str | None) -> RecordedStudy:
    """Read a study; the latest one when none is named.

    Raises:
        TrackingError: There is none of that name, or its artifact is damaged.
    """
    return read_study(store, store.find_study(name))


def best_trials(
    store: Store, study: RecordedStudy, n: int | None
) -> list[RecordedTrial]:
    """Read the n best complete trials of a study, all for None, best first.

    They are ranked by the scores in the store; only those returned are read whole.
    """
    return [read_recorded_trial(store, study, run) for run in _scored(store, study)[:n]]


def best_trained(store: Store, study: RecordedStudy, n: int) -> list[RecordedTrial]:
    """Read the n best complete trials that are no copies of others, best first."""
    return [
        read_recorded_trial(store, study, run) for run in _trained(store, study)[:n]
    ]


def n_chosen_from(store: Store, study: RecordedStudy) -> int:
    """Return how many complete trials a study has, copies of others left out."""
    return len(_trained(store, study))


def n_complete(store: Store, study: RecordedStudy) -> int:
    """Return how many complete trials a study has."""
    return len(_scored(store, study))


def numbered_trial(store: Store, study: RecordedStudy, number: int) -> RecordedTrial:
    """Read one complete trial of a study by its number.

    Raises:
        SettingsError: There is none of that number, or it is not complete, or it was
            trained for fewer epochs than the study's.
    """
    name = study.settings.name
    numbers = {number_of(run): run for run in store.trials(study.run_id)}
    if number not in numbers:
        raise SettingsError(f"study '{name}': has no trial {number}")
    run = numbers[number]
    if not _is_scored(run):
        state = run.data.tags.get("state", "unknown")
        words = "at fewer epochs" if state == "complete" else state
        raise SettingsError(
            f"study '{name}': trial {number} must be complete, it is {words}; "
            f"'tunefold best {name}' lists those that are"
        )
    return read_recorded_trial(store, study, run)


def all_trials(store: Store, study: RecordedStudy) -> list[Trial]:
    """Read the complete trials of a study, in the order of their numbers."""
    recorded = [
        read_recorded_trial(store, study, run).trial for run in _scored(store, study)
    ]
    return sorted(recorded, key=lambda trial: trial.number)


def every_trial(store: Store, study: RecordedStudy) -> list[Trial]:
    """Read all trials of a study that have ended in whatever way, by number.

    With them come those that a study left unfinished. A trial that is being trained
    has no record of its own yet and is left out.
    """
    runs = [
        run
        for run in store.trials(study.run_id)
        if run.data.tags.get("state") != TrialState.RUNNING
    ]
    with ThreadPoolExecutor(READERS) as pool:  # a server is asked over and over
        trials = pool.map(lambda run: read_trial(store, run), runs)
    return sorted(trials, key=lambda trial: trial.number)


def front_trials(store: Store, study: RecordedStudy) -> list[RecordedTrial]:
    """Read the trials that no other beats in one objective and equals in all.

    The front is found by the values in the store; only its trials are read whole,
    the best score first.
    """
    sign = METRICS[study.settings.metrics[0]].sign
    scored = _scored(store, study)
    points = [
        tuple(
            sign(run.data.metrics[name]) if name == SCORE else -run.data.metrics[name]
            for name in study.settings.objectives
        )
        for run in scored
    ]
    front = pareto_front(points)
    return [
        read_recorded_trial(store, study, run)
        for run, on_front in zip(scored, front, strict=True)
        if on_front
    ]


def _scored(store: Store, study: RecordedStudy) -> list[Any]:
    sign = METRICS[study.settings.metrics[0]].sign
    scored = [run for run in store.trials(study.run_id) if _is_scored(run)]
    return sorted(
        scored, key=lambda run: (-sign(run.data.metrics["score"]), number_of(run))
    )


def _trained(store: Store, study: RecordedStudy) -> list[Any]:
    runs = _scored(store, study)
    return [run for run in runs if "copy_of" not in run.data.tags]


def _is_scored(run: Any) -> bool:
    # a trial at fewer epochs has a `rung_score`
    return "score" in run.data.metrics and run.data.tags.get("state") == "complete"


def load_trial(
    store: Store, study_or_run: str | None, *, rule: str = "best"
) -> RecordedTrial:
    """Read one trial: by its run id, or the one that a study's winner is.

    Args:
        store: Holds it.
        study_or_run: A study's name, a trial's run id, None for the latest study.
        rule: By which the winner is taken, one of `search.selecting.RULES`.

    Raises:
        TrackingError: The name is neither a study nor a trial's run id, or the
            study has no complete trial, or the run of the trial's study is gone.
        SettingsError: The rule needs more folds than the study has.
    """
    recorded = trial_of_id(store, study_or_run)
    if recorded is not None:
        return recorded
    study = load_study(store, study_or_run)
    winner = chosen_trial(store, study, rule)
    if winner is None:
        raise TrackingError(
            f"study '{study.settings.name}': has no complete trial yet; "
            f"'tunefold resume {study.settings.name}' goes on with it"
        )
    return winner


def trial_of_id(store: Store, word: str | None) -> RecordedTrial | None:
    """Read a trial by its run id; None for what is no such id."""
    run = run_of_id(store, word, kind="trial")
    if run is None:
        return None
    return read_recorded_trial(store, read_study(store, _parent_of(store, run)), run)


def run_of_id(store: Store, word: str | None, *, kind: str) -> Any | None:
    """Return the run of that id and kind; None for what is no such id."""
    if word is None or len(word) != 32:
        return None
    try:
        run = store.client.get_run(word)
    except Exception:  # noqa: BLE001  (a name of 32 letters is tried as a study)
        return None
    return run if run.data.tags.get(KIND) == kind else None


def chosen_trial(store: Store, study: RecordedStudy, rule: str) -> RecordedTrial | None:
    """Read the trial that a rule takes from a study; None without a complete one.

    Raises:
        SettingsError: The rule needs more folds than the study has.
    """
    # Only the best is read whole where nothing else is asked for.
    recorded = best_trials(store, study, 1 if rule == "best" else None)
    trial = select(study.settings, [each.trial for each in recorded], rule)
    return next((each for each in recorded if each.trial is trial), None)


def joined(
    best: Sequence[RecordedTrial], front: Sequence[RecordedTrial]
) -> list[RecordedTrial]:
    """Return the trials of both, each once, in the order of the leaderboard.

    With a trial there always stands one of the front that beats it.
    """
    metric = METRICS[best[0].study.settings.metrics[0]] if best else None
    if metric is None:
        return []
    by_number = {recorded.trial.number: recorded for recorded in (*best, *front)}
    ranked = rank(metric, [recorded.trial for recorded in by_number.values()])
    return [by_number[trial.number] for trial in ranked]


def rows_of(study: RecordedStudy, trials: Sequence[RecordedTrial]) -> list[Row]:
    """Return the leaderboard's rows of recorded trials."""
    diagnoses = {recorded.trial.number: recorded.diagnosis for recorded in trials}
    return make_rows(study.settings, [recorded.trial for recorded in trials], diagnoses)


def _parent_of(store: Store, run: Any) -> Any:
    """Return the run of a trial's study.

    Raises:
        TrackingError: It is deleted.
    """
    parent_id = run.data.tags.get(PARENT, "none")
    try:
        parent = store.client.get_run(parent_id)
    except Exception as error:
        # A server that fails is another matter: it may well have the run.
        if getattr(error, "error_code", "") != "RESOURCE_DOES_NOT_EXIST":
            raise
        raise TrackingError(
            f"run {run.info.run_id}: the run of its study must be in the store, got "
            "none; take a trial of another study"
        ) from None
    if parent.info.lifecycle_stage == "deleted":
        raise TrackingError(
            f"run {run.info.run_id}: the run of its study is deleted; restore it: "
            f"mlflow runs restore --run-id {parent_id}"
        )
    return parent
