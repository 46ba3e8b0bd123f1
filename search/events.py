"""The events of a journal and the records they stand for: JSON and back."""

import json
import math
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np

from search.types import FoldResult, Settings, Trial, TrialState

Event = dict[str, Any]

BEGINNING = ("facts", "began", "budget", "warm")
"""What the first event of a study holds beside its settings."""

_ASKED = (
    "number", "params", "epochs", "rung", "continues", "engine", "sampler", "tags",
)  # fmt: skip
_FOLD = {f.name for f in fields(FoldResult)}
_ENDED = ("score", "epoch", "told", "reason", "n_parameters", "copy_of")


def fold_to_json(result: FoldResult) -> Event:
    """Return a fold as plain data; a value that is not finite becomes null."""
    plain = {f.name: getattr(result, f.name) for f in fields(result)}
    del plain["predictions"], plain["rows"]
    plain["curves"] = {
        name: [value if math.isfinite(value) else None for value in curve]
        for name, curve in result.curves.items()
    }
    return plain


def fold_from_json(event: Event) -> FoldResult:
    """Read what `fold_to_json` wrote; rows are left empty, the splitter has them."""
    plain = {name: value for name, value in event.items() if name in _FOLD}
    plain["curves"] = {
        name: [math.nan if value is None else value for value in curve]
        if None in curve
        else curve
        for name, curve in event["curves"].items()
    }
    return FoldResult(**plain, rows=np.empty(0, np.int64), predictions=None)


def settings_from_json(plain: Event) -> Settings:
    """Read the settings of a study's first line or of its `study.json`."""
    lists: Event = {
        name: tuple(plain[name]) for name in ("metrics", "objectives") if name in plain
    }
    sizes = tuple((n, m) for n, m in plain.get("fold_sizes", ()))
    return Settings(**plain | lists | {"fold_sizes": sizes})


def read_trials(events: list[Event]) -> dict[int, Trial]:
    """Return all trials of a journal by number, as far as they got."""
    trials: dict[int, Trial] = {}
    for event in events:
        take_event(trials, event)
    return trials


def take_event(trials: dict[int, Trial], event: Event) -> Trial | None:
    """Change the trials of a journal by its next event.

    Args:
        trials: All so far, by number.
        event: What comes next.

    Returns:
        The trial it is about as it stands now; None where it changes none.
    """
    match event["event"]:
        case "asked":
            trial = Trial(**_known(event, _ASKED), state=TrialState.RUNNING)
        case "fold":
            trial = trials[event["number"]]
            folds = {f.fold: f for f in (*trial.folds, fold_from_json(event))}
            trial = replace(trial, folds=tuple(folds[n] for n in sorted(folds)))
        case "ended":
            trial = trials[event["number"]]
            source = trials.get(event["copy_of"], trial)
            trial = replace(
                trial,
                state=TrialState(event["state"]),
                # later folds were trained meanwhile and do not count
                folds=source.folds[: event.get("n_folds")],
                told_also=tuple(event.get("told_also", ())),
                **_known(event, _ENDED),
            )
        case _:
            return None
    trials[trial.number] = trial
    return trial


def taken_over(events: list[Event]) -> int:
    """Return the place of the event by which the present engine took over, or 0."""
    places = [i for i, event in enumerate(events) if event["event"] == "engine"]
    return places[-1] if places else 0


def present_settings(events: list[Event]) -> Settings:
    """Return the settings a journal began with, with the engine that took over last."""
    settings = settings_from_json(events[0]["settings"])
    place = taken_over(events)
    if not place:
        return settings
    latest = {name: events[place][name] for name in ("engine", "sampler")}
    return replace(settings, **latest)


def warm_to_json(trial: Trial) -> Event:
    """Return a trial of another study that this one begins with, as plain data."""
    return {
        "number": trial.number,
        "params": trial.params,
        "epochs": trial.epochs,
        "told": trial.told,
        "told_also": list(trial.told_also),
        "n_parameters": trial.n_parameters,
    }


def warm_trials(events: list[Event]) -> list[Trial]:
    """Return the trials a study began with: what an engine is told, without folds."""
    return [
        Trial(
            **plain | {"told_also": tuple(plain["told_also"])},
            state=TrialState.COMPLETE,
        )
        for plain in events[0].get("warm", ())
    ]


def _known(event: Event, names: tuple[str, ...]) -> Event:
    # A journal from before a field was there is read as if it had its default.
    return {name: event[name] for name in names if name in event}


def trial_to_events(trial: Trial) -> Iterator[Event]:
    """Yield the events that make up a trial, as its artifact `trial.json` holds them.

    `read_trials` reads them back; a copy brings its folds along.
    """
    yield asked_event(trial)
    for result in trial.folds:
        yield {"event": "fold", "number": trial.number, **fold_to_json(result)}
    if trial.state is not TrialState.RUNNING:
        yield ended_event(trial)


def asked_event(trial: Trial) -> Event:
    """Return the event of a proposed trial."""
    return {"event": "asked"} | {name: getattr(trial, name) for name in _ASKED}


def ended_event(trial: Trial) -> Event:
    """Return the event of an ended trial."""
    return {
        "event": "ended",
        "number": trial.number,
        "state": trial.state.value,
        "n_folds": len(trial.folds),
        "told_also": list(trial.told_also),
    } | {name: getattr(trial, name) for name in _ENDED}


def read_object(text: bytes | str) -> Event | None:
    """Return the JSON object in a text, None when it is anything else."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
