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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields, replace
from io import RawIOBase
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from search.errors import FatalError, SettingsError
from search.types import FoldResult, Settings, Trial, TrialState

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
            event = _read_object(line)
            if event is None:
                raise FatalError(
                    f"{self._path}: line {number} must be one JSON object, got "
                    f"{line[:40]!r}; restore the file from a copy"
                )
            events.append(event)
        return events

    def asked(self, trial: Trial) -> None:
        """Record what the engine proposed."""
        self._append(asked_event(trial))

    def fold(self, number: int, result: FoldResult) -> FoldResult:
        """Record a finished fold and return it without its predictions.

        Predictions are written first: a fold that is in the journal is whole.
        """
        assert result.predictions is not None  # they are dropped here and only here
        predictions = result.predictions
        self._write_whole(
            self._fold_path(number, result.fold),
            lambda file: np.save(file, predictions, allow_pickle=False),
        )
        stored = replace(result, predictions=None)
        self._append({"event": "fold", "number": number, **fold_to_json(stored)})
        return stored

    def ended(self, trial: Trial) -> None:
        """Record how a trial ended."""
        self._append(ended_event(trial))

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
        self._write_whole(path, lambda file: np.savez_compressed(file, **arrays))  # type: ignore[arg-type]
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

    def _write_whole(self, path: Path, write: Callable[[BinaryIO], None]) -> None:
        # Under another name first: a file that is there is whole.
        new = path.with_suffix(".new")
        with _explained(path, self.folder.name):
            with new.open("wb") as file:
                write(file)
                file.flush()
                _sync(file.fileno())
            new.replace(path)

    def _append(self, event: Event) -> None:
        line = json.dumps(event, allow_nan=False, separators=(",", ":")) + "\n"
        with (
            _explained(self._path, self.folder.name),
            self._path.open("ab", buffering=0) as file,
        ):
            size = file.tell()
            try:
                _write(file, line.encode())
                _sync(file.fileno())
            except OSError:
                with suppress(OSError):  # half a line must not stand before another
                    file.truncate(size)
                raise


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
    return {
        "event": "asked",
        "number": trial.number,
        "params": trial.params,
        "epochs": trial.epochs,
    }


def ended_event(trial: Trial) -> Event:
    """Return the event of an ended trial."""
    return {
        "event": "ended",
        "number": trial.number,
        "state": trial.state.value,
        "score": trial.score,
        "epoch": trial.epoch,
        "told": trial.told,
        "reason": trial.reason,
        "copy_of": trial.copy_of,
    }


class _StudyLock:
    """Keeps a second process from writing the same study."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, study: str) -> None:
        import psutil

        me = psutil.Process()
        mine = {"pid": me.pid, "started": me.create_time()}
        owner = self._read_owner()
        if owner != mine and _is_alive(owner):
            raise SettingsError(
                f"study '{study}': process {owner['pid']} is working on it; "
                "wait for it, or end that process first"
            )
        self._path.write_text(json.dumps(mine))

    def release(self) -> None:
        self._path.unlink(missing_ok=True)

    def _read_owner(self) -> Event:
        try:
            return _read_object(self._path.read_bytes()) or {}
        except FileNotFoundError:
            return {}


def _is_alive(owner: Event) -> bool:
    import psutil

    try:
        process = psutil.Process(owner["pid"])
        # the same number may have gone to another process since
        return (
            process.create_time() == owner["started"]
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except (KeyError, psutil.NoSuchProcess):
        return False


def _read_object(text: bytes | str) -> Event | None:
    """Return the JSON object in a text, None when it is anything else."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


@contextmanager
def _explained(path: Path, study: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FatalError(
            f"{path}: cannot be written ({error.strerror or error}); make room, then "
            f"'tunefold resume {study}'"
        ) from None


def _write(file: RawIOBase, data: bytes) -> None:
    while data:  # a full disk first takes a part, then refuses the rest
        data = data[file.write(data) or 0 :]


def _sync(descriptor: int) -> None:
    os.fsync(descriptor)
