"""How many folds this machine may train at the same time, and on which cores."""

import os

from search.errors import SettingsError

MAX_WORKERS = "TUNEFOLD_MAX_WORKERS"
"""Environment variable: so many folds a search may train at the same time. In that of a
cluster's scheduler: all searches of a user together, see `search.cluster.quota`."""


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
    limit = read_limit(os.environ.get(MAX_WORKERS, ""), MAX_WORKERS)
    return wanted if limit is None else min(wanted, limit)


def read_limit(text: str, name: str) -> int | None:
    """Return a limit on workers that an environment gives; None without one.

    Args:
        text: What it gives.
        name: Whose it is, for the error.

    Raises:
        SettingsError: It is no number from 1 on.
    """
    text = text.strip()
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"{name}: must be a number of at least 1, got {text!r}")
    return int(text)
