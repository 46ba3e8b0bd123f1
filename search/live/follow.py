"""Follow a study by its journal while another process writes it."""

from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from search.errors import FatalError, SettingsError
from search.event_schema import EventChecker
from search.events import Event, settings_from_json, take_event
from search.journal import FILE, LOCK_FILE, check_event, damaged
from search.journal_line import read_line
from search.live.slots import running_folds
from search.live.snapshot import Snapshot
from search.live.tally import Tally
from search.splitters import make_splitter
from search.study_lock import holder
from search.types import Budget, Trial


class JournalReader:
    """Reads what is new in a journal, and only that.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0  # bytes
        self._lines = 0
        self._checker = EventChecker()

    def new_events(self) -> list[Event]:
        """Return the events of the lines that were finished since the last call.

        A last line without its end is left for the next call: it is being written, or
        a crash tore it.

        Raises:
            FatalError: A finished line is damaged.
            SettingsError: The journal is not there any more.
        """
        events = []
        with self._opened() as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                self._lines += 1
                event = read_line(line)
                if event is None:
                    raise FatalError(damaged(self._path, self._lines, line))
                check_event(self._checker, event, self._path, self._lines)
                events.append(event)
        return events

    def _opened(self) -> BinaryIO:
        try:
            return self._path.open("rb")
        except OSError as error:
            raise SettingsError(
                f"{self._path}: cannot be read any more ({error.strerror}); was the "
                "study removed?"
            ) from None


class JournalView:
    """A study of this machine, as its journal and its slots tell it.

    Args:
        folder: The study's; its journal has begun.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reader = JournalReader(folder / FILE)
        self._trials: dict[int, Trial] = {}
        self._outcome: str | None = None
        first, *events = self._reader.new_events()
        settings = settings_from_json(first["settings"])
        budget = first.get("budget")  # a homework's comes with its session
        self._tally = Tally(
            settings,
            n_folds=make_splitter(settings.cv, seed=0, stratified=False).n_folds,
            budget=None if budget is None else Budget(**budget),
            began=first["began"],
        )
        self._take_in(events)

    def look(self, now: float) -> Snapshot:
        """Return the study as it stands.

        Args:
            now: Seconds since 1970.

        Raises:
            FatalError: The journal is damaged.
            SettingsError: It is not there any more.
        """
        # In this order: what ends after its journal was read is not taken for dead.
        owner = holder(self._folder / LOCK_FILE)
        slots = running_folds(self._folder)
        self._take_in(self._reader.new_events())
        if self._outcome is not None:
            return self._tally.snapshot(now, outcome=self._outcome)
        if owner is None or not owner.is_alive:
            name = self._tally.settings.name
            ended = f"its process is gone; go on with it: tunefold resume {name}"
            return self._tally.snapshot(now, outcome=ended)
        return self._tally.snapshot(now, slots)

    def _take_in(self, events: list[Event]) -> None:
        for event in events:
            match event["event"]:
                case "session":
                    self._tally.begin_session(
                        Budget(**event["budget"]), began=event["began"]
                    )
                    self._outcome = None
                case "engine":
                    self._tally.settings = replace(
                        self._tally.settings,
                        engine=event["engine"],
                        sampler=event["sampler"],
                    )
                case "stopped":
                    self._outcome = event["reason"]
                case _:
                    trial = take_event(self._trials, event)
                    if trial is None:
                        continue
                    if event["event"] == "fold":
                        [result] = [f for f in trial.folds if f.fold == event["fold"]]
                        self._tally.fold_trained(result)
                    self._tally.take_in(trial)
