"""JAX's compilation cache on disk: an architecture seen before costs no compiler.

Compiling takes longer than training a small network, and a rerun, a resumed study
or a second worker compiles what another process has compiled before.
"""

import hashlib
import os
import platform
from pathlib import Path

from pipelines.mapped import user_cache_folder

MAX_BYTES = 2**30
"""The oldest entries beyond one GiB are removed; a dense network takes about half
a megabyte."""


def use_compile_cache() -> None:
    """Point JAX to the user's cache through the environment, unless it is set.

    Must run before JAX is imported, here and in child processes.
    """
    cache = user_cache_folder()
    if cache is None:
        return
    settings = {
        "JAX_COMPILATION_CACHE_DIR": str(cache.parent / cache.name / _machine()),
        "JAX_COMPILATION_CACHE_MAX_SIZE": str(MAX_BYTES),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    for name, value in settings.items():
        os.environ.setdefault(name, value)


def _machine() -> str:
    # Compiled code fits one kind of processor; a home folder may be shared by many.
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        flags = next(line for line in lines if line.startswith(("flags", "Features")))
    except (OSError, StopIteration):
        flags = platform.processor()
    return f"jax-{hashlib.sha256(flags.encode()).hexdigest()[:12]}"
