"""Slots: one process per core, in which folds are trained.

A slot trains one fold at a time. It takes a new process for each trial, because
memory grows with every model whatever is cleared; the next process starts and
imports Keras while the present one trains. Where a process cannot be forked from a
server that has Keras, its imports cost seconds: there it is kept until it has grown.
Each process is pinned to one core and runs one thread: two cores give other last digits
than one, so that only pinned runs can be repeated bit by bit.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from typing import Protocol, TypeVar

from search.cores import available_cores
from search.environment import set_environment
from search.errors import SettingsError, UnfitWorkerError
from search.worker_process import (
    START_METHOD,
    pin,
    start_context,
    start_worker,
    warm_up,
)
from spaces.errors import TunefoldError

Job = TypeVar("Job")
Result = TypeVar("Result")

END_SECONDS = 5.0
"""So long the exit status of a process that has died is waited for."""

ASK_SECONDS = 1.0
"""So often a slot asks whether the fold it trains is still wanted."""

STARTS = 3
"""So often it is tried to start a process."""

MAX_GROWTH_MB = 500.0
"""By so much a process that is kept may grow after its first fold."""


class WorkerDiedError(TunefoldError):
    """The process ended in the middle of a fold: out of memory, killed, crashed.

    Attributes:
        exitcode: Of the process, negative for a signal; None where it is not known.
    """

    def __init__(self, message: str, exitcode: int | None = None) -> None:
        # both stay in `args`: that is what crosses the border of a machine
        super().__init__(message, exitcode)
        self.exitcode = exitcode

    def __str__(self) -> str:
        return str(self.args[0])


class PlaceLostError(TunefoldError):
    """The place where a fold was trained is gone, by no fault of the trial."""


class NoPlaceError(PlaceLostError):
    """There was no place for a fold when it should have begun; it did not."""


class Slot(Protocol):
    """A place where one fold at a time is trained."""

    def is_ready(self) -> bool:
        """Say whether it could train now; on a cluster it may wait for a worker."""
        ...

    def run(self, function: Callable[[Job], Result], job: Job, *, trial: int) -> Result:
        """Run a job and return its result; jobs of one trial share a process.

        Raises:
            WorkerDiedError: The process died; the next call starts another.
            PlaceLostError: The worker left the cluster, or cannot train the study.
            NoPlaceError: It left before the job could begin.
            UnfitWorkerError: No process can be started here.
        """
        ...

    def close(self) -> None:
        """End the processes; running jobs are given up."""
        ...


class ProcessSlot:
    """A slot that keeps a pinned process per trial and a spare one warming up.

    Where processes are spawned, one serves many trials until it has grown by
    `MAX_GROWTH_MB`; only then a spare one is started.

    Args:
        backend: Keras backend of the processes.
        core: Core to pin to; None does not pin.
        start: `forkserver` or `spawn`.
    """

    def __init__(
        self, backend: str, *, core: int | None, start: str = START_METHOD
    ) -> None:
        self._backend = backend
        self._core = core
        self._start_method = start
        self._worn = False  # the next trial gets another process
        self._first_mb: float | None = None
        self._trial: object = None
        self._executor: Executor | None = None
        self._spare: Executor | None = self._start()

    def is_ready(self) -> bool:
        """Always."""
        return True

    def run(
        self,
        function: Callable[[Job], Result],
        job: Job,
        *,
        trial: object,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Result:
        """Run a job in the process of its trial; see `Slot.run`.

        Args:
            function: What to call with the job.
            job: What to run.
            trial: Jobs of equal trials share a process.
            is_wanted: Whether to go on; asked every `ASK_SECONDS`.

        Raises:
            PlaceLostError: It is not wanted any more; its process has ended.
        """
        if self._executor is not None:
            self._worn = self._worn or self._has_grown()
        if self._executor is None or (self._trial != trial and self._worn):
            self._end(self._executor)
            self._executor, self._spare = self._spare or self._start(), None
            self._worn, self._first_mb = self._start_method != "spawn", None
        self._trial = trial
        processes: list[BaseProcess] = []
        try:
            future: Future[Result] = self._executor.submit(function, job)
            processes = _processes(self._executor)
            if self._spare is None and self._worn:
                self._spare = self._start()
            while not wait([future], ASK_SECONDS).done:
                if not is_wanted():
                    self._end(self._executor)
                    self._executor = None
                    raise PlaceLostError("nobody waits for the fold any more")
            return future.result()
        except BrokenProcessPool:
            self._end(self._executor)
            self._executor = None
            raise WorkerDiedError(
                "the worker process died in the middle of a fold "
                "(out of memory, killed or crashed)",
                _exitcode(processes),
            ) from None

    def close(self) -> None:
        """End both processes."""
        for executor in (self._executor, self._spare):
            # While its thread still ends, the interpreter's own end may write into a
            # pipe that was just closed, and complains on stderr.
            self._end(executor, wait=True)
        self._executor = self._spare = None

    def _has_grown(self) -> bool:
        # Between two jobs; imports, data and the first compilation are no growth.
        resident = _resident_mb(self._executor)
        if self._first_mb is None:
            self._first_mb = resident
        return resident - self._first_mb > MAX_GROWTH_MB

    def _start(self) -> Executor:
        last = "no reason given"
        for _ in range(STARTS):
            executor = ProcessPoolExecutor(
                1,
                mp_context=start_context(self._start_method),
                initializer=start_worker,
                initargs=(self._backend, self._core),
            )
            try:
                executor.submit(warm_up)
            except EOFError:  # the fork server died meanwhile; the next one is new
                last = "the process that forks them was killed"
            except OSError as error:
                last = str(error)
            else:
                return executor
        raise UnfitWorkerError(
            f"worker: no process could be started in {STARTS} tries ({last}); free "
            "memory or processes, then 'tunefold resume' goes on"
        )

    @staticmethod
    def _end(executor: Executor | None, *, wait: bool = False) -> None:
        if executor is None:
            return
        # A process that still trains is not waited for: nobody wants its result.
        for process in _processes(executor):
            process.terminate()
        executor.shutdown(wait=wait, cancel_futures=True)


class InProcessSlot:
    """A slot that trains in the calling process, for a debugger.

    Args:
        backend: Keras backend; it must not have been imported with another.
        core: Core to pin to; None does not pin.
    """

    def __init__(self, backend: str, *, core: int | None) -> None:
        set_environment(backend)
        pin(core)

    def is_ready(self) -> bool:
        """Always."""
        return True

    def run(self, function: Callable[[Job], Result], job: Job, *, trial: int) -> Result:  # noqa: ARG002
        """Call the function here."""
        return function(job)

    def close(self) -> None:
        """Nothing to end."""


def make_slots(workers: int, *, backend: str, in_process: bool = False) -> list[Slot]:
    """Make one slot per worker, each on a core of its own as far as there are cores.

    Args:
        workers: Number of slots, at least 1.
        backend: `jax` or `tensorflow`.
        in_process: Train in this process; only for one worker.

    Raises:
        SettingsError: The number is below 1, or above 1 in process.
    """
    if workers < 1:
        raise SettingsError(f"--workers: must be at least 1, got {workers}")
    if in_process and workers > 1:
        raise SettingsError(
            f"--in-process: trains in one process, got --workers {workers}; "
            "use --workers 1"
        )
    set_environment(backend)
    kind = InProcessSlot if in_process else ProcessSlot
    cores = available_cores()
    return [
        kind(backend, core=cores[i % len(cores)] if cores else None)
        for i in range(workers)
    ]


def _processes(executor: Executor | None) -> list[BaseProcess]:
    return list((getattr(executor, "_processes", None) or {}).values())


def _exitcode(processes: Sequence[BaseProcess]) -> int | None:
    for process in processes:
        process.join(END_SECONDS)
        return process.exitcode
    return None


def _resident_mb(executor: Executor | None) -> float:
    import psutil

    try:
        [process] = _processes(executor)
        return float(psutil.Process(process.pid).memory_info().rss / 2**20)
    except (ValueError, psutil.NoSuchProcess):  # gone: the next job finds out
        return 0.0
