"""Keep a second process from writing the same study."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from search.errors import SettingsError
from search.events import Event, read_object

LOCK_SECONDS = 10.0
"""Nobody holds the file's lock for longer than it takes to read and write a line."""


class StudyLock:
    """Holds the process that works on a study; it is free when that one has died.

    Args:
        path: The file that names the process.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, study: str) -> None:
        """Become the process that may write.

        Raises:
            SettingsError: Another one is working on the study.
        """
        mine = this_process()
        with self._alone():
            owner = _read(self._path)
            if owner != mine and is_alive(owner):
                raise SettingsError(
                    f"study '{study}': process {owner['pid']} is working on it; "
                    "wait for it, or end that process first"
                )
            self._path.write_text(json.dumps(mine))

    def release(self) -> None:
        """Let other processes write; what another has taken since stays its own."""
        if not self._path.exists():
            return
        with self._alone():
            if _read(self._path) == this_process():
                self._path.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let no other process between a look and what follows from it."""
        from filelock import FileLock

        lock = FileLock(self._path.with_name(f"{self._path.name}.lock"))
        with ExitStack() as held:
            with suppress(OSError):  # a network's folder may know no locks
                held.enter_context(lock.acquire(timeout=LOCK_SECONDS))
            yield


@dataclass(frozen=True)
class Holder:
    """The process that took a study last.

    Attributes:
        pid: Its number.
        is_alive: Whether it still works on the study; otherwise it was killed.
    """

    pid: int
    is_alive: bool


def holder(path: Path) -> Holder | None:
    """Return who took a study and has not released it; None for nobody."""
    owner = _read(path)
    return Holder(owner["pid"], is_alive(owner)) if "pid" in owner else None


def _read(path: Path) -> Event:
    try:
        return read_object(path.read_bytes()) or {}
    except FileNotFoundError:
        return {}


def this_process() -> Event:
    """Return what tells this process from all others of this machine."""
    import psutil

    me = psutil.Process()
    return {"pid": me.pid, "started": me.create_time()}


def is_alive(owner: Event) -> bool:
    """Say whether a process of this machine lives, by what `this_process` gave."""
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
