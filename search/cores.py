"""How many folds this machine may train at the same time, and on which cores."""

import os

from search.errors import SettingsError

MAX_WORKERS = "TUNEFOLD_MAX_WORKERS"
"""Environment variable: so many folds a search may train at the same time."""


def available_cores() -> list[int]:
    """Return the cores this process may use; empty where they cannot be chosen."""
    if not hasattr(os, "sched_getaffinity"):  # Windows, macOS
        return []
    return sorted(os.sched_getaffinity(0))


def n_cores() -> int:
    """Return how many cores this process may use."""
    return len(available_cores()) or os.cpu_count() or 1


def allowed_workers(wanted: int) -> int:
    """Return how many of the wanted workers this machine's administrator allows.

    Raises:
        SettingsError: The limit is no number from 1 on.
    """
    limit = os.environ.get(MAX_WORKERS, "").strip()
    if not limit:
        return wanted
    if not limit.isdecimal() or int(limit) < 1:
        raise SettingsError(
            f"{MAX_WORKERS}: must be a number of at least 1, got {limit!r}"
        )
    return min(wanted, int(limit))
