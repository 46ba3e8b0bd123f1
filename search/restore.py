"""Write a study's journal anew from the tracking store: to go on on another machine.

What the store lacks is what a crash took before it was sent: predictions of trials
that were not complete. Such trials are kept as proposals and trained from their first
fold.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pipelines.atomic_file import replacing, sync_folder
from search.errors import TrackingError
from search.events import (
    BEGINNING,
    Event,
    asked_event,
    read_object,
    read_trials,
    trial_to_events,
)
from search.journal import FILE, LOCK_FILE, has_begun
from search.journal_line import write_line
from search.lag import lag_of
from search.prediction_files import PredictionFiles
from search.results import load_study
from search.run_tags import ASKED, UNFINISHED
from search.store import Store
from search.stored_study import read_trial
from search.study_lock import StudyLock
from search.trial_runs import number_of
from search.types import Settings, Trial, TrialState


@dataclass(frozen=True)
class Restored:
    """What a study could be restored to.

    Attributes:
        ended: Trials that have ended.
        open: Trials that are trained from their first fold.
    """

    ended: int
    open: int


def restore(store: Store, name: str, folder: Path) -> Restored:
    """Write the journal and the predictions of a study.

    Args:
        store: Has it.
        name: The study's.
        folder: Of the study, which has not begun in it. Its journal comes last: what
            failed can be done again.

    Raises:
        SettingsError: Another process restores the study, or the folder cannot be
            written.
        TrackingError: The store's record is damaged, or has a gap.
    """
    study = load_study(store, name)
    runs = store.trials(study.run_id)
    numbered = {number_of(run): run for run in runs}
    trials = [
        _trial_of(store, number, numbered.get(number), study.settings)
        for number in range(max(numbered, default=-1) + 1)
    ]
    began = store.read_json(study.run_id, "study.json")
    events = [
        _first_event(study.settings, began, trials),
        *_events(trials, study.settings),
    ]
    lock = StudyLock(folder / LOCK_FILE)
    lock.take(name)
    try:
        if not has_begun(folder):  # else another process was faster
            _write(store, folder, events, trials, numbered)
    finally:
        lock.release()
    n_ended = sum(map(_has_ended, trials))
    return Restored(ended=n_ended, open=len(trials) - n_ended)


def _write(
    store: Store,
    folder: Path,
    events: Sequence[Event],
    trials: Sequence[Trial],
    runs: Mapping[int, Any],
) -> None:
    """Write what a journal needs, then the journal: only then the study has begun."""
    kept = PredictionFiles(folder)
    kept.create()
    for trial in trials:
        if trial.state is TrialState.COMPLETE and trial.copy_of is None:
            run_id = runs[trial.number].info.run_id
            with (
                suppress(TrackingError),  # its correction and ensembles go without
                store.artifact(run_id, "predictions.npz") as path,
                path.open("rb") as stored,
                replacing(kept.of_trial(trial.number)) as file,
            ):
                shutil.copyfileobj(stored, file)
    with replacing(folder / FILE) as file:
        file.writelines(map(write_line, events))
    sync_folder(folder, above=2)
    for trial in trials:  # their values would be logged a second time
        if not _has_ended(trial):
            store.client.delete_run(runs[trial.number].info.run_id)


def _trial_of(store: Store, number: int, run: Any, settings: Settings) -> Trial:
    if run is None:
        raise TrackingError(
            f"study '{settings.name}': {store.name} must hold trial {number} as it has "
            "later ones; restore its run, or go on where the study was begun"
        )
    if run.data.tags.get("state") not in (TrialState.RUNNING, UNFINISHED):
        return read_trial(store, run)
    asked = read_object(run.data.tags.get(ASKED, ""))
    try:
        [trial] = read_trials([] if asked is None else [asked]).values()
    except (KeyError, TypeError, ValueError) as error:
        raise TrackingError(
            f"run {run.info.run_id}: its tag {ASKED} must hold what was proposed "
            f"({error}); go on where the study was begun"
        ) from None
    return trial


def _has_ended(trial: Trial) -> bool:
    return trial.state is not TrialState.RUNNING


def _first_event(
    settings: Settings, began: Mapping[str, Any], trials: Sequence[Trial]
) -> Event:
    if trials:  # another engine may have taken over since
        first = trials[0]
        settings = replace(settings, engine=first.engine, sampler=first.sampler)
    kept = {name: began[name] for name in BEGINNING if name in began}
    return {"event": "study", "settings": asdict(settings), **kept}


def _events(trials: Sequence[Trial], settings: Settings) -> Iterator[Event]:
    """Yield the events in an order in which they may have happened.

    Proposal k follows the tells of exactly the trials below k - lag.
    """
    lag, n_told = lag_of(settings.workers), 0
    proposer = None if not trials else (trials[0].engine, trials[0].sampler)
    for trial in trials:
        if (trial.engine, trial.sampler) != proposer:
            proposer = (trial.engine, trial.sampler)
            yield {"event": "engine", "engine": trial.engine, "sampler": trial.sampler}
        while n_told < trial.number - lag and _has_ended(trials[n_told]):
            yield {"event": "told", "number": n_told}
            n_told += 1
        yield from _events_of(trial)


def _events_of(trial: Trial) -> Iterator[Event]:
    if not _has_ended(trial):
        yield asked_event(trial)
        return
    for event in trial_to_events(trial):
        if trial.copy_of is None or event["event"] != "fold":
            yield event
