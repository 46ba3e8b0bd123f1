"""The record of a study that a crash cannot take: one JSON line per event.

    study   settings, versions and trials of another study to begin with: the first line
    session a process takes the study up, with its budget and the time
    engine  from here on another engine proposes
    asked   a trial was proposed: number, params, epochs, by whom
    fold    a fold is finished: curves, seconds; predictions lie beside the journal
    ended   a trial ended: state, folds that count, score, common epoch, told, reason
    told    the engine was told of it
    stopped why the loop ended

Lines are written one by one and committed in groups: a slot begins its next fold when
the disk has what it finished before. A crash takes a tail at most. The order of `asked`
and `told` is the order in which the engine was called: replaying it restores the
engine.
"""

import os
import threading
from contextlib import suppress
from dataclasses import asdict
from io import FileIO, RawIOBase
from pathlib import Path

from pipelines.atomic_file import sync_folder
from search.disk import explained
from search.errors import FatalError, SettingsError
from search.event_schema import EventChecker
from search.events import Event, asked_event, ended_event, fold_to_json
from search.journal_line import read_line, write_line
from search.prediction_files import PredictionFiles
from search.study_lock import StudyLock
from search.types import Budget, FoldResult, Settings, Trial

FOLDER = "tunefold-studies"
FILE = "journal.jsonl"
LOCK_FILE = "running.json"


class Journal:
    """The journal of one study, in a folder of its own.

    Lines are written by one thread at a time, the one that holds the study's lock;
    `commit` and `predictions` may be used by many.

    Args:
        folder: Folder of the study; see `create` and `open`.

    Attributes:
        predictions: Those of its folds and trials.
        written: Lines written since it was opened; not all may be on the disk yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / FILE
        self.predictions = PredictionFiles(folder)
        self._lock = StudyLock(folder / LOCK_FILE)
        self._file: FileIO | None = None
        self._syncing = threading.Lock()
        self.written = self._committed = 0
        self._failed: FatalError | None = None

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
        if has_begun(folder):
            raise SettingsError(
                f"study '{settings.name}': exists already in {folder.parent}; go on "
                f"with it by 'tunefold resume {settings.name}', or give another --name"
            )
        try:
            journal = cls(folder)
            journal.predictions.create()
        except OSError as error:
            raise SettingsError(
                f"{folder}: cannot be written ({error.strerror}); "
                "search from a folder where you may write"
            ) from None
        journal._lock.take(settings.name)
        journal._path.unlink(missing_ok=True)
        journal._append({"event": "study", "settings": asdict(settings), **facts})
        journal.commit()
        with explained(journal._path, settings.name):
            sync_folder(folder, above=2)
        return journal

    @classmethod
    def open(cls, folder: Path) -> "Journal":
        """Open a journal to go on with it.

        Nothing is written before the first event; a torn last line is cut off then.

        Raises:
            SettingsError: Another process is writing it, or its folder cannot be
                written.
        """
        journal = cls(folder)
        journal._lock.take(folder.name)
        return journal

    def close(self) -> None:
        """Let other processes write the study; this one writes no more."""
        self._failed = FatalError(f"{self._path}: is closed")
        if self._file is not None:
            self._file.close()
            self._file = None
        self._lock.release()

    def commit(self) -> int:
        """Wait until all lines written so far are on the disk; return how many are.

        Threads that wait at the same time share one write to the disk.

        Raises:
            FatalError: The disk did not take them. It may have dropped them for good,
                so this is raised from then on.
        """
        mine = self.written
        with self._syncing:
            if self._committed < mine:
                self._sync()
            return self._committed

    def _sync(self) -> None:
        written = self.written  # more than mine: those of all who wait
        file = self._opened()
        try:
            with explained(self._path, self.folder.name):
                _sync(file.fileno())
        except FatalError as error:
            self._failed = error
            raise
        self._committed = written

    def events(self, *kinds: str) -> list[Event]:
        """Return all whole events in order, or those of some kinds, which is quick.

        Raises:
            FatalError: A line in the middle is damaged.
        """
        begins = tuple(f'{{"event":"{kind}"'.encode() for kind in kinds)
        lines = self._path.read_bytes().split(b"\n")
        events = []
        checker = EventChecker()
        for number, line in enumerate(lines[:-1], start=1):  # the last is torn or empty
            if begins and not line.startswith(begins):
                continue
            event = read_line(line)
            if event is None:
                raise FatalError(damaged(self._path, number, line))
            if not kinds:  # some alone make no story
                check_event(checker, event, self._path, number)
            events.append(event)
        if not events:
            raise FatalError(
                f"{self._path}: must begin with the study's event, got none; restore "
                "the file from a copy"
            )
        return events

    def session(self, budget: Budget, *, began: float) -> None:
        """Record that this process works on the study from now on.

        Args:
            budget: What it may use.
            began: Seconds since 1970.
        """
        self._append({"event": "session", "began": began, "budget": asdict(budget)})

    def engine(self, engine: str, sampler: str) -> None:
        """Record that from here on another engine proposes."""
        self._append({"event": "engine", "engine": engine, "sampler": sampler})

    def asked(self, trial: Trial) -> None:
        """Record what the engine proposed."""
        self._append(asked_event(trial))

    def fold(self, number: int, result: FoldResult) -> None:
        """Record a finished fold whose predictions are kept; see `predictions`."""
        self._append({"event": "fold", "number": number, **fold_to_json(result)})

    def ended(self, trial: Trial) -> None:
        """Record how a trial ended."""
        self._append(ended_event(trial))

    def told(self, number: int) -> None:
        """Record that the engine was told of a trial."""
        self._append({"event": "told", "number": number})

    def stopped(self, reason: str) -> None:
        """Record why the loop ended."""
        self._append({"event": "stopped", "reason": reason})

    def _append(self, event: Event) -> None:
        line = write_line(event)
        with explained(self._path, self.folder.name):
            file = self._opened()
            size = file.seek(0, os.SEEK_END)
            try:
                _write(file, line)
            except OSError:
                with suppress(OSError):  # half a line must not stand before another
                    file.truncate(size)
                raise
        self.written += 1

    def _opened(self) -> FileIO:
        if self._failed is not None:
            raise self._failed
        if self._file is None:
            self._lock.announce()
            self._file = self._path.open("ab", buffering=0)
            self._cut_torn_line(self._file)
        return self._file

    def _cut_torn_line(self, file: FileIO) -> None:
        text = self._path.read_bytes()
        whole = text.rfind(b"\n") + 1
        if whole < len(text):
            file.truncate(whole)
            _sync(file.fileno())


def check_event(checker: EventChecker, event: Event, path: Path, number: int) -> None:
    """Check that an event can stand where it does.

    Raises:
        FatalError: It cannot.
    """
    try:
        checker.check(event)
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        raise FatalError(
            f"{path}: line {number} is no event of this version ({reason}); go on with "
            "the version that wrote it, or restore the file from a copy"
        ) from None


def damaged(path: Path, number: int, line: bytes) -> str:
    """Say what is wrong with a line that is no whole event, and what to do."""
    return (
        f"{path}: line {number} must be an event that fits its checksum, got "
        f"{line[:40]!r}; restore the file from a copy, or move its folder away and "
        f"'tunefold resume {path.parent.name}' with a tracking store that has the study"
    )


def has_begun(folder: Path) -> bool:
    """Say whether a folder holds a study: a journal with at least one whole line."""
    try:
        with (folder / FILE).open("rb") as file:
            return file.readline().endswith(b"\n")
    except (FileNotFoundError, NotADirectoryError):
        return False


def studies_in(root: Path) -> list[Path]:
    """Return the folders that hold a study, the one written last at the end."""
    begun = [path.parent for path in root.glob(f"*/{FILE}") if has_begun(path.parent)]
    return sorted(begun, key=lambda folder: (folder / FILE).stat().st_mtime)


def _write(file: RawIOBase, data: bytes) -> None:
    while data:  # a full disk first takes a part, then refuses the rest
        data = data[file.write(data) or 0 :]


def _sync(descriptor: int) -> None:
    os.fsync(descriptor)
