"""JAX's compilation cache on disk: an architecture seen before costs no compiler.

Compiling takes longer than training a small network, and a rerun, a resumed study
or a second worker compiles what another process has compiled before.

The cache is bounded here, now and then, and not by JAX, which looks at every entry
before it writes one: among 20,000 entries, as some dozens of searches leave them, each
new program would wait half a second.
"""

import contextlib
import hashlib
import os
import platform
import time
from pathlib import Path

from pipelines.mapped import user_cache_folder

MAX_BYTES = 2**30
"""Entries beyond one GiB are removed; a dense network takes about half a megabyte."""

TRIM_SECONDS = 3600.0
"""So often the bound is looked after: in an hour two cores add some hundred MiB."""

PAGE_BYTES = 4096
"""A write that is killed, or finds the disk full, ends after whole pages of so many
bytes, or before the first. JAX would warn of such an entry and compile anew each time,
but never replace it. One whole entry in 4,096 has such a size, too, and is made again.
"""

TRIMMED = ".trimmed"
"""File that was written when the bound was looked after last."""


def use_compile_cache() -> None:
    """Point JAX to the user's cache through the environment, unless it is set.

    Must run before JAX is imported, here and in child processes. Removes entries that
    were not used for longest where the cache is full, and such as were cut.
    """
    cache = user_cache_folder()
    if cache is None:
        return
    folder = cache.parent / cache.name / _machine()
    settings = {
        "JAX_COMPILATION_CACHE_DIR": str(folder),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    if os.environ["JAX_COMPILATION_CACHE_DIR"] == str(folder):
        with contextlib.suppress(OSError):  # a cache only saves time
            _trim(folder)


def _trim(folder: Path) -> None:
    marker = folder / TRIMMED
    if marker.exists() and time.time() - marker.stat().st_mtime < TRIM_SECONDS:
        return
    folder.mkdir(parents=True, exist_ok=True)
    marker.touch()  # first: of several processes that start at once, one does it
    entries = []
    for entry in os.scandir(folder):
        with contextlib.suppress(FileNotFoundError):  # another process trims, too
            if entry.is_file() and entry.name != TRIMMED:
                seen = entry.stat()
                if seen.st_size % PAGE_BYTES == 0:
                    Path(entry).unlink(missing_ok=True)
                    continue
                used = max(seen.st_atime, seen.st_mtime)
                entries.append((used, seen.st_size, entry.path))
    size = sum(size for _, size, _ in entries)
    for _, n_bytes, path in sorted(entries):
        if size <= MAX_BYTES:
            return
        Path(path).unlink(missing_ok=True)
        size -= n_bytes


def _machine() -> str:
    # Compiled code fits one kind of processor; a home folder may be shared by many.
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        flags = next(line for line in lines if line.startswith(("flags", "Features")))
    except (OSError, StopIteration):
        flags = platform.processor()
    return f"jax-{hashlib.sha256(flags.encode()).hexdigest()[:12]}"
