"""Keep a second process from writing the same study.

A lock of the operating system on a file in the study's folder, held for as long as the
process works on the study. It tells the processes of a host apart, also of containers
that share the folder and do not see each other's processes. The kernel takes it back
when the process dies, however that happens; processes that it started do not have it.
A file beside it says who that is, for people.

Machines are told apart by the lease in the tracking store, see `search.lease`.
"""

import errno
import json
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from search.errors import SettingsError
from search.events import Event, read_object

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOOK_SECONDS = 1.0
"""Who only looks whether a study is held keeps it from others for a moment."""

NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}
"""Errors of folders, of a network say, that know no locks."""


class StudyLock:
    """Holds the process that works on a study; it is free when that one has died.

    Args:
        path: The file that names the process; its lock is a file beside it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: BaseFileLock | None = None

    def take(self, study: str) -> None:
        """Become the process that may write; nothing that is there changes.

        The folder is made if need be.

        Raises:
            SettingsError: Another one is working on the study, or its folder cannot be
                written.
        """
        from filelock import FileLock, Timeout

        # A soft lock would outlive a process that is killed.
        lock = FileLock(
            _lock_file(self._path), thread_local=False, fallback_to_soft=False
        )
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=LOOK_SECONDS, poll_interval=0.02)
        except Timeout:
            raise SettingsError(_refusal(study, self._path)) from None
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise SettingsError(
                    f"{self._path.parent}: cannot be written ({error.strerror}); make "
                    "room, or have it made writable for you"
                ) from None
            owner = _read(self._path)
            if owner != owner | this_process() and is_alive(owner):
                raise SettingsError(_refusal(study, self._path)) from None
        self._lock = lock

    def announce(self) -> None:
        """Say who works on the study, once it is about to be written.

        Raises:
            OSError: It cannot be written.
        """
        if self._lock is not None:
            who = {"host": socket.gethostname(), "since": time.time()}
            self._path.write_text(json.dumps(this_process() | who))

    def release(self) -> None:
        """Let other processes write; nothing changes where nothing was announced."""
        if self._lock is None:
            return
        owner = _read(self._path)  # where there are no locks, another may have come
        if owner and owner == owner | this_process():
            self._path.unlink(missing_ok=True)
        self._lock.release()
        self._lock = None


@dataclass(frozen=True)
class Holder:
    """The process that took a study last.

    Attributes:
        who: Its number, and its host where that is another one.
        since: When it began to write, seconds since 1970; None if it has not.
        is_alive: Whether it still works on the study; otherwise it was killed.
    """

    who: str
    since: float | None
    is_alive: bool


def holder(path: Path) -> Holder | None:
    """Return who took a study and has not released it; None for nobody.

    Args:
        path: As of the `StudyLock`. Nothing is written.
    """
    owner = _read(path)
    try:
        held = _is_locked(_lock_file(path))
    except FileNotFoundError:
        held = False
    except OSError:  # see `StudyLock.take`
        held = is_alive(owner)
    here = owner.get("host") == socket.gethostname()
    if held and here and not is_alive(owner):
        owner = {}  # one that was killed; the present one has written nothing yet
    if not owner:
        return Holder("another process", None, is_alive=True) if held else None
    who = f"process {owner['pid']}" + ("" if here else f" of {owner['host']}")
    return Holder(who, owner["since"], is_alive=held)


def _refusal(study: str, path: Path) -> str:
    owner = holder(path)
    who = "another process" if owner is None else owner.who
    since = (
        ""
        if owner is None or owner.since is None
        else time.strftime(", since %Y-%m-%d %H:%M", time.localtime(owner.since))
    )
    return (
        f"study '{study}': {who} is working on it{since}; wait for it, or end that "
        "process first"
    )


def _lock_file(path: Path) -> Path:
    return path.with_suffix(".lock")


def _is_locked(path: Path) -> bool:
    """Look whether a process has a lock, and have it for no longer than that.

    Raises:
        OSError: There is no such file, or its folder knows no locks.
    """
    if sys.platform == "win32":
        from filelock import FileLock, Timeout

        try:
            with FileLock(path).acquire(timeout=0):
                return False
        except Timeout:
            return True
    import fcntl

    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # many may look at once
        except BlockingIOError:
            return True
    return False


def _read(path: Path) -> Event:
    try:
        said = read_object(path.read_bytes()) or {}
    except FileNotFoundError:
        return {}
    kinds = {"pid": int, "started": float, "host": str, "since": float}
    whole = all(isinstance(said.get(name), kind) for name, kind in kinds.items())
    return said if whole else {}


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
