"""Stores that are refused before anything is begun."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from search.errors import TrackingError
from search.server import server_version

MIN_MAJOR = 3
"""Earlier servers have no logged models: a rerun would fail at its very end."""

VERSION_SECONDS = 5.0

CREATION_SECONDS = 60.0
"""So long another process may take to create a database; it takes some seconds."""


def refuse_old(uri: str, name: str) -> str:
    """Refuse a server that is too old; return its version, empty where it is not told.

    Args:
        uri: The server.
        name: As it may be shown.

    Raises:
        TrackingError: It is.
    """
    version = ""
    with suppress(Exception):  # not every server's proxy lets this address through
        version = server_version(uri, timeout=VERSION_SECONDS)
    major = version.partition(".")[0]
    if major.isdecimal() and int(major) < MIN_MAJOR:
        raise TrackingError(
            f"{name}: its MLflow must be {MIN_MAJOR}.0 or later, which keeps models, "
            f"got {version[:20]}; upgrade the server, or name another store by "
            "--tracking-uri"
        )
    return version


def refuse_unwritable(file: Path) -> None:
    """Refuse a database that cannot be written; its folder is made.

    Raises:
        TrackingError: It cannot.
    """
    # MLflow itself tries for two minutes to open a database that cannot be.
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.open("ab").close()
    except OSError as error:
        raise TrackingError(
            f"sqlite:///{file}: the tracking store cannot be written in "
            f"{file.parent.resolve()} ({error.strerror}); search from a folder where "
            "you may write, or name another store by --tracking-uri"
        ) from None


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Let one process at a time create a database, or look whether it is there.

    MLflow creates its tables step by step; two that do so at once both fail.
    """
    from filelock import FileLock

    lock = FileLock(file.with_name(f"{file.name}.lock"), fallback_to_soft=False)
    with ExitStack() as held:
        # a network's folder may know no locks; what is stuck is told by MLflow
        with suppress(OSError):
            held.enter_context(lock.acquire(timeout=CREATION_SECONDS))
        yield
