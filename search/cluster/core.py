"""A core for each worker process of a host, also where each runs in its container.

Workers of one host do not know of each other, but they see the same cores. Whoever
holds the lock of a core's file trains on it. A process that dies gives its locks back.
"""

import os
import tempfile
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from search.cores import available_cores

FOLDER = "TUNEFOLD_CORES"
"""Environment variable: a folder that all workers of a host share."""


class Core:
    """A core that this process holds, if there was one to hold.

    Attributes:
        number: To pin to; None where cores cannot be chosen.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._lock: BaseFileLock | None = None
        cores = available_cores()
        if not cores:
            return
        self.number = cores[os.getpid() % len(cores)]  # more workers than cores
        folder = _folder()
        if folder is None:
            return
        for core in cores:
            lock = _lock_of(folder / f"core-{core}.lock")
            if lock is not None:
                self.number, self._lock = core, lock
                return

    def release(self) -> None:
        """Let another worker have it."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def _folder() -> Path | None:
    """Return where the locks lie, or None: workers may share a core, which is slow.

    Workers of all users share the cores, and so the folder. Only who makes it says who
    may write there. In the temporary folder anybody may have put a link under its name,
    to a folder that is nobody's business; one that is named is its owner's choice.
    """
    named = os.environ.get(FOLDER)
    folder = Path(named or Path(tempfile.gettempdir()) / "tunefold-cores")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
        folder.chmod(0o1777)  # as a mode of mkdir it would be masked
    except FileExistsError:
        pass
    except OSError:
        return None
    return None if folder.is_symlink() and not named else folder


def _lock_of(path: Path) -> BaseFileLock | None:
    lock = FileLock(path, mode=0o666)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return None
    return lock
