"""What runs on a worker of the cluster: a fold, in a pinned process of its own.

The worker's own process trains nothing: a network may take it down, its memory grows
with every model, and its Keras would have one backend for good.
"""

import multiprocessing
import threading
from collections.abc import Callable
from typing import TypeVar

from search.cluster.core import Core
from search.cluster.wanted import asker
from search.environment import set_environment
from search.errors import UnfitWorkerError
from search.facts import gather_facts
from search.worker_process import START_METHOD
from search.workers import ProcessSlot

Job = TypeVar("Job")
Result = TypeVar("Result")

IDLE_SECONDS = 60.0
"""So long a process waits for its next fold. A study that was killed sends none."""

_idle: list["_Place"] = []
_changing = threading.Lock()
_preloaded: str | None = None  # the backend that the fork server has imported


def train(
    function: Callable[[Job], Result], job: Job, *, trial: object, backend: str
) -> Result:
    """Run a job here; called by the worker in a thread of its own.

    Args:
        function: What to call with the job.
        job: What the study sends.
        trial: Jobs of equal trials share a process where they can.
        backend: Keras backend.

    Raises:
        UnfitWorkerError: The worker may not start processes.
        WorkerDiedError: The process died.
        PlaceLostError: The study is gone; so is the process.
    """
    is_wanted = asker()
    place = _take(backend, trial)
    try:
        return place.slot.run(function, job, trial=trial, is_wanted=is_wanted)
    finally:
        place.trial = trial
        _give_back(place)


def look_at(backend: str) -> dict[str, str]:
    """Return versions and processor of this worker.

    Raises:
        UnfitWorkerError: It may not start processes.
    """
    if multiprocessing.current_process().daemon:
        raise UnfitWorkerError(
            "must be allowed to start processes; start it with "
            "DASK_DISTRIBUTED__WORKER__DAEMON=False in its environment"
        )
    return gather_facts(backend)


class _Place:
    """A slot on a core of its own, which ends when it is idle for long."""

    def __init__(self, backend: str) -> None:
        global _preloaded
        set_environment(backend)
        _preloaded = _preloaded or backend
        self.backend = backend
        self.trial: object = None
        self.core = Core()
        start = START_METHOD if backend == _preloaded else "spawn"
        self.slot = ProcessSlot(backend, core=self.core.number, start=start)
        self.timer: threading.Timer | None = None

    def close(self) -> None:
        self.slot.close()
        self.core.release()


def _take(backend: str, trial: object) -> _Place:
    with _changing:
        fitting = [place for place in _idle if place.backend == backend]
        # the process that compiled the trial's model, where there is one
        fitting.sort(key=lambda place: place.trial == trial)
        if not fitting:
            return _Place(backend)
        place = fitting[-1]
        _idle.remove(place)
        if place.timer is not None:
            place.timer.cancel()
        return place


def _give_back(place: _Place) -> None:
    place.timer = threading.Timer(IDLE_SECONDS, _drop, [place])
    place.timer.daemon = True
    with _changing:
        _idle.append(place)
    place.timer.start()


def _drop(place: _Place) -> None:
    with _changing:
        if place not in _idle:  # taken at this moment
            return
        _idle.remove(place)
    place.close()
