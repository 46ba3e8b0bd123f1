"""What a trial may use: seconds, and the memory of its worker.

A training step can neither be interrupted nor does it give memory back, so the worker
process is ended from within, with an exit status that says why. The study records the
trial as failed and goes on in a fresh process.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from search.types import Settings

MEMORY_EXIT, TIME_EXIT = 87, 88
"""Exit statuses that no signal and no interpreter uses."""

OVER = "over a limit: "
"""Begins the reason of every trial that was ended by a limit."""

CHECK_SECONDS = 0.05
"""A network that takes a gigabyte a second is seen 50 MB late."""


@contextmanager
def limited(*, seconds: float | None, memory_mb: float | None) -> Iterator[None]:
    """End this process when what is inside takes longer or more memory.

    Args:
        seconds: Wall time from here on; None for any.
        memory_mb: Resident size of the process, MiB; None for any.
    """
    if seconds is None and memory_mb is None:
        yield
        return
    over = threading.Event()
    deadline = None if seconds is None else time.monotonic() + seconds
    watch = threading.Thread(
        target=_watch, args=(over, deadline, memory_mb), daemon=True
    )
    watch.start()
    try:
        yield
    finally:
        over.set()


def reason_to_end(exitcode: int | None, settings: Settings) -> str | None:
    """Say by which limit a worker ended itself; None where it was something else.

    Args:
        exitcode: Of its process; None where it is not known.
        settings: The study's.
    """
    if exitcode == MEMORY_EXIT:
        return (
            f"{OVER}its worker may take {settings.max_memory:,} MB (--max-memory) and "
            "needed more"
        )
    return _over_time(settings) if exitcode == TIME_EXIT else None


def reason_over(seconds: float, settings: Settings) -> str | None:
    """Say that a trial's folds took too long together; None where they did not.

    No worker sees it where several train folds of one trial side by side.
    """
    limit = settings.max_seconds
    return None if limit is None or seconds <= limit else _over_time(settings)


def _over_time(settings: Settings) -> str:
    return (
        f"{OVER}its folds may take {settings.max_seconds:g} s together "
        "(--max-seconds) and needed more"
    )


def _watch(
    over: threading.Event, deadline: float | None, memory_mb: float | None
) -> None:
    import psutil

    process = psutil.Process()
    while not over.wait(CHECK_SECONDS):
        resident = process.memory_info().rss / 2**20
        if memory_mb is not None and resident > memory_mb:
            os._exit(MEMORY_EXIT)
        if deadline is not None and time.monotonic() > deadline:
            os._exit(TIME_EXIT)
