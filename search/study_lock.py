"""Keep a second process from writing the same study."""

import json
from dataclasses import dataclass
from pathlib import Path

from search.errors import SettingsError
from search.events import Event, read_object


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
        owner = _read(self._path)
        if owner != mine and is_alive(owner):
            raise SettingsError(
                f"study '{study}': process {owner['pid']} is working on it; "
                "wait for it, or end that process first"
            )
        self._path.write_text(json.dumps(mine))

    def release(self) -> None:
        """Let other processes write."""
        self._path.unlink(missing_ok=True)


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
