"""What the machine has to offer, and the studies in the working folder."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil

from pipelines.mapped import user_cache_folder
from search.compile_cache import use_compile_cache
from search.cores import n_cores
from search.doctor.check import Check, Status, size_text
from search.environment import BACKENDS
from search.events import read_trials
from search.journal import FOLDER, LOCK_FILE, Journal, studies_in
from search.study_lock import holder
from search.types import TrialState
from spaces.errors import TunefoldError

SECTION = "machine"
STUDIES = "studies"
MIN_FREE_BYTES = 2 * 2**30
WORKER_BYTES = 2**30
"""Keras in one process: 782 MB after the first of 25 tiny trials, 1,028 after the
last (keras 3.15.1)."""


def check_machine(artifacts: Path | None) -> Iterator[Check]:
    """Look at cores, memory, disk and the cache.

    Args:
        artifacts: Folder of a local store's artifacts, None for a server's.
    """
    n = n_cores()
    in_all = os.cpu_count() or n
    yield _check("cores", f"{n} of {in_all} usable" if n < in_all else f"{n}")
    yield _check_memory(n)
    yield _check_backend()
    cache = user_cache_folder()
    folders = {"working folder": Path.cwd(), "artifacts": artifacts, "cache": cache}
    for use, folder in folders.items():
        if folder is not None:
            yield _check_disk(use, folder)
    use_compile_cache()
    if compiled := os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        n_bytes = sum(f.stat().st_size for f in Path(compiled).glob("*") if f.is_file())
        yield _check("compile cache", f"{compiled}, {size_text(n_bytes)}")


def check_studies() -> Iterator[Check]:
    """List the studies of the working folder that are not finished."""
    root = Path.cwd() / FOLDER
    folders = studies_in(root)
    yield Check(
        section=STUDIES,
        name="folder",
        status=Status.OK,
        found=f"{root}: {len(folders)}",
    )
    for folder in folders:
        try:
            trials = read_trials(Journal(folder).events()).values()
        except (TunefoldError, OSError, KeyError) as error:
            yield _unfinished(folder, f"cannot be read ({error})", "")
            continue
        open_ = sum(trial.state is TrialState.RUNNING for trial in trials)
        worker = holder(folder / LOCK_FILE)
        resume = f"tunefold resume {folder.name}"
        if worker is not None and worker.is_alive:
            found = f"{worker.who} is working on it"
            yield Check(
                section=STUDIES, name=folder.name, status=Status.OK, found=found
            )
        elif worker is not None or open_:
            how = "its process has died" if worker else "was interrupted"
            yield _unfinished(folder, f"{how}; trials not finished: {open_}", resume)


def _unfinished(folder: Path, found: str, cure: str) -> Check:
    return Check(
        section=STUDIES,
        name=folder.name,
        status=Status.WARNING,
        found=found,
        cure=cure,
    )


def _check_memory(n_workers: int) -> Check:
    memory = psutil.virtual_memory()
    fitting = max(1, memory.available // WORKER_BYTES)
    found = f"{size_text(memory.available)} of {size_text(memory.total)} available"
    if fitting < n_workers:
        return _check(
            "memory",
            f"{found}; a worker takes about {size_text(WORKER_BYTES)}",
            f"close other programs, or search with --workers {fitting}",
        )
    return _check("memory", found)


def _check_backend() -> Check:
    asked = os.environ.get("KERAS_BACKEND")
    if not asked:
        return _check("keras backend", f"{BACKENDS[0]} (default)")
    if asked in BACKENDS:
        return _check("keras backend", f"{asked} (KERAS_BACKEND)")
    return Check(
        section=SECTION,
        name="keras backend",
        status=Status.BROKEN,
        found=f"KERAS_BACKEND is {asked!r}",
        cure=f"unset it, or set it to {' or '.join(BACKENDS)}",
    )


def _check_disk(use: str, folder: Path) -> Check:
    there = next(f for f in (folder, *folder.parents) if f.exists())
    free = shutil.disk_usage(there).free
    found = f"{size_text(free)} free in {folder}"
    if not os.access(there, os.W_OK):
        found, cure = f"{folder} cannot be written", "change its permissions"
        if use == "working folder":
            cure = "search from a folder where you may write"
        return _check(f"disk, {use}", found, cure)
    cure = "make room: predictions and models need it" if free < MIN_FREE_BYTES else ""
    return _check(f"disk, {use}", found, cure)


def _check(name: str, found: str, cure: str = "") -> Check:
    status = Status.WARNING if cure else Status.OK
    return Check(section=SECTION, name=name, status=status, found=found, cure=cure)
