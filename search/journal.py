"""The record of a study that a crash cannot take: one JSON line per event.

    study   settings and versions, the first line
    asked   a trial was proposed: number, params, epochs
    fold    a fold is finished: curves, seconds; predictions lie beside the journal
    ended   a trial ended: state, score, common epoch, told, reason
    told    the engine was told of it
    stopped why the loop ended

Every line is on the disk before the study goes on. The order of `asked` and `told`
is the order in which the engine was called: replaying it restores the engine.
"""

import json
import math
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.errors import FatalError, SettingsError
from search.types import FoldResult, Settings, Suggestion, Trial, TrialState

FOLDER = "tunefold-studies"

Event = dict[str, Any]


class Journal:
    """The journal of one study, in a folder of its own.

    Args:
        folder: Folder of the study; see `create` and `open`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / "journal.jsonl"
        self._predictions = folder / "predictions"
        self._lock = _StudyLock(folder / "running.json")

    @classmethod
    def create(cls, folder: Path, settings: Settings, facts: Event) -> "Journal":
        """Begin a journal; nothing is written when the folder cannot be.

        Args:
            folder: Must not exist.
            settings: What defines the study.
            facts: Versions and machine, for people who compare runs.

        Raises:
            SettingsError: The folder exists or cannot be written.
        """
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            raise SettingsError(
                f"study '{settings.name}': exists already in {folder.parent}; go on "
                f"with it by 'tunefold resume {settings.name}', or give another --name"
            ) from None
        except OSError as error:
            raise SettingsError(
                f"{folder}: cannot be written ({error.strerror}); "
                "search from a folder where you may write"
            ) from None
        journal = cls(folder)
        journal._lock.take(settings.name)
        journal._predictions.mkdir()
        journal._append({"event": "study", "settings": asdict(settings), **facts})
        return journal

    @classmethod
    def open(cls, folder: Path) -> "Journal":
        """Open a journal to go on with it; a torn last line is cut off.

        Raises:
            SettingsError: Another process is writing it.
        """
        journal = cls(folder)
        journal._lock.take(folder.name)
        with journal._path.open("r+b") as file:
            text = file.read()
            whole = text[: text.rfind(b"\n") + 1]
            if len(whole) < len(text):
                file.truncate(len(whole))
                _sync(file.fileno())
        return journal

    def close(self) -> None:
        """Let other processes write the study."""
        self._lock.release()

    def events(self) -> list[Event]:
        """Return all whole events in order.

        Raises:
            FatalError: A line in the middle is damaged.
        """
        lines = self._path.read_bytes().split(b"\n")
        events = []
        for number, line in enumerate(lines[:-1], start=1):  # the last is torn or empty
            try:
                events.append(json.loads(line))
            except ValueError:
                raise FatalError(
                    f"{self._path}: line {number} must be one JSON object, got "
                    f"{line[:40]!r}; restore the file from a copy"
                ) from None
        return events

    def asked(self, suggestion: Suggestion, epochs: int) -> None:
        """Record what the engine proposed."""
        self._append(
            {
                "event": "asked",
                "number": suggestion.number,
                "params": suggestion.params,
                "epochs": epochs,
            }
        )

    def fold(self, number: int, result: FoldResult) -> FoldResult:
        """Record a finished fold and return it without its predictions.

        Predictions are written first: a fold that is in the journal is whole.
        """
        assert result.predictions is not None  # they are dropped here and only here
        _save_array(self._fold_path(number, result.fold), result.predictions)
        stored = replace(result, predictions=None)
        self._append({"event": "fold", "number": number, **fold_to_json(stored)})
        return stored

    def ended(self, trial: Trial) -> None:
        """Record how a trial ended."""
        self._append(
            {
                "event": "ended",
                "number": trial.number,
                "state": trial.state.value,
                "score": trial.score,
                "epoch": trial.epoch,
                "told": trial.told,
                "reason": trial.reason,
                "copy_of": trial.copy_of,
            }
        )

    def told(self, number: int) -> None:
        """Record that the engine was told of a trial."""
        self._append({"event": "told", "number": number})

    def stopped(self, reason: str) -> None:
        """Record why the loop ended."""
        self._append({"event": "stopped", "reason": reason})

    def fold_predictions(self, number: int, fold: int) -> NDArray[np.float32]:
        """Return a running trial's predictions, float32 (epochs, m, n_outputs)."""
        array: NDArray[np.float32] = np.load(
            self._fold_path(number, fold), mmap_mode="r", allow_pickle=False
        )
        return array

    def keep_predictions(self, number: int, arrays: dict[str, NDArray[Any]]) -> Path:
        """Store a trial's predictions at its common epoch, in place of all epochs."""
        path = self.predictions_path(number)
        with path.with_suffix(".new").open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
            _sync(file.fileno())
        path.with_suffix(".new").replace(path)
        return path

    def predictions_path(self, number: int) -> Path:
        """Return where a complete trial's predictions lie."""
        return self._predictions / f"trial-{number:05}.npz"

    def drop_fold_predictions(self, number: int) -> None:
        """Remove the predictions of all epochs of an ended trial."""
        for path in self._predictions.glob(f"trial-{number:05}-fold-*"):
            path.unlink()

    def _fold_path(self, number: int, fold: int) -> Path:
        return self._predictions / f"trial-{number:05}-fold-{fold}.npy"

    def _append(self, event: Event) -> None:
        line = json.dumps(event, allow_nan=False, separators=(",", ":")) + "\n"
        try:
            with self._path.open("ab") as file:
                file.write(line.encode())
                file.flush()
                _sync(file.fileno())
        except OSError as error:
            raise FatalError(
                f"{self._path}: cannot be written ({error.strerror}); make room, then "
                f"'tunefold resume {self.folder.name}'"
            ) from None


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
    known = {f.name for f in fields(FoldResult)}
    plain = {name: value for name, value in event.items() if name in known}
    plain["curves"] = {
        name: [math.nan if value is None else value for value in curve]
        for name, curve in event["curves"].items()
    }
    return FoldResult(**plain, rows=np.empty(0, np.int64), predictions=None)


def settings_from_json(plain: Event) -> Settings:
    """Read the settings of a study's first line or of its `study.json`."""
    return Settings(**{**plain, "metrics": tuple(plain["metrics"])})


def read_trials(events: list[Event]) -> dict[int, Trial]:
    """Return all trials of a journal by number, as far as they got."""
    trials: dict[int, Trial] = {}
    for event in events:
        match event["event"]:
            case "asked":
                trials[event["number"]] = Trial(
                    number=event["number"],
                    params=event["params"],
                    epochs=event["epochs"],
                    state=TrialState.RUNNING,
                )
            case "fold":
                trial = trials[event["number"]]
                folds = {f.fold: f for f in (*trial.folds, fold_from_json(event))}
                trials[trial.number] = replace(
                    trial, folds=tuple(folds[n] for n in sorted(folds))
                )
            case "ended":
                trial = trials[event["number"]]
                source = trials.get(event["copy_of"], trial)
                trials[trial.number] = replace(
                    trial,
                    state=TrialState(event["state"]),
                    folds=source.folds,
                    **{
                        name: event[name]
                        for name in ("score", "epoch", "told", "reason", "copy_of")
                    },
                )
    return trials


def trial_events(events: list[Event], number: int) -> Iterator[Event]:
    """Yield the events of one trial, as its artifact `trial.json` holds them."""
    return (event for event in events if event.get("number") == number)


class _StudyLock:
    """Keeps a second process from writing the same study."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, study: str) -> None:
        import psutil

        me = psutil.Process()
        mine = {"pid": me.pid, "started": me.create_time()}
        with suppress(FileNotFoundError, ValueError, KeyError, psutil.NoSuchProcess):
            owner = json.loads(self._path.read_text())
            alive = psutil.Process(owner["pid"]).create_time() == owner["started"]
            if alive and owner != mine:
                raise SettingsError(
                    f"study '{study}': process {owner['pid']} is working on it; "
                    "wait for it, or end that process first"
                )
        self._path.write_text(json.dumps(mine))

    def release(self) -> None:
        self._path.unlink(missing_ok=True)


def _save_array(path: Path, array: NDArray[Any]) -> None:
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        _sync(file.fileno())
    new.replace(path)


def _sync(descriptor: int) -> None:
    os.fsync(descriptor)
