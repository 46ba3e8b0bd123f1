"""A slot whose folds are trained by whichever worker of the cluster has a place."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from search.cluster.leases import LOOK_SECONDS, Lease
from search.cluster.worker import train
from search.errors import UnfitWorkerError
from search.workers import NoPlaceError, PlaceLostError
from spaces.errors import DataError

if TYPE_CHECKING:
    from search.cluster.cluster import Cluster

Job = TypeVar("Job")
Result = TypeVar("Result")

FETCH_SECONDS = 30.0
"""So long a finished fold may take from its worker to here before that one is looked
for."""


class ClusterSlot:
    """Implements `search.workers.Slot` over a place that is lent as long as it lives.

    Args:
        cluster: Lends it.
        backend: Keras backend of the study.
    """

    def __init__(self, cluster: "Cluster", backend: str) -> None:
        self._cluster = cluster
        self._backend = backend
        self._lease: Lease | None = None
        self._trial: int | None = None
        self._future: Any = None

    def is_ready(self) -> bool:
        """Say whether a worker has a place for it; the place is then kept.

        Raises:
            FatalError: The scheduler is gone, or no worker can train the study.
        """
        if self._has_place():
            if self._cluster.quota.take(self):
                return True
            self._leave()
        self._cluster.quota.give_back(self)
        return False

    def _has_place(self) -> bool:
        if self._lease is not None and not self._cluster.leases.is_alive(self._lease):
            self._leave()
        if self._lease is None:
            self._lease = self._cluster.leases.take()
        if self._lease is None or self._cluster.admits(self._lease, self._backend):
            return self._lease is not None
        self._leave()
        return False

    def run(self, function: Callable[[Job], Result], job: Job, *, trial: int) -> Result:
        """Run a job on the worker; see `search.workers.Slot.run`.

        Raises:
            PlaceLostError: The worker went away, or cannot train this study.
            NoPlaceError: There is no worker for it.
            FatalError: As `is_ready`.
        """
        if not self.is_ready():  # waiting is for who can be stopped
            raise NoPlaceError("no worker has a place for the fold")
        if trial != self._trial:  # within a trial its worker has compiled the model
            self._move()
        self._trial, lease = trial, self._lease
        assert lease is not None  # it is ready
        self._future = self._cluster.submit(
            train,
            function,
            job,
            trial=(self._cluster.token, trial),
            backend=self._backend,
            address=lease.address,
        )
        try:
            return self._wait(lease)  # type: ignore[no-any-return]
        except (DataError, UnfitWorkerError) as error:
            self._leave()
            self._cluster.leases.refuse(lease.address, str(error))
            raise PlaceLostError(f"worker {lease.address}: {error}") from None
        finally:
            self._future = None

    def close(self) -> None:
        """Give up a running job and the place."""
        if self._future is not None:
            self._future.cancel()
        self._leave()
        self._cluster.quota.give_back(self)

    def _wait(self, lease: Lease) -> Any:
        from concurrent.futures import CancelledError

        from distributed.scheduler import KilledWorker

        future, done = self._future, threading.Event()
        future.add_done_callback(lambda _: done.set())
        while self._cluster.leases.is_alive(lease):
            if not done.wait(LOOK_SECONDS):
                continue
            try:
                return future.result(timeout=FETCH_SECONDS)
            except (CancelledError, KilledWorker):  # with its scheduler or worker
                break
            except TimeoutError:
                if future.status == "error":  # the job's own
                    raise
        future.cancel()
        self._leave()
        raise PlaceLostError(f"worker {lease.address} went away")

    def _move(self) -> None:
        """Leave a worker on which others train too many folds for an idle one."""
        assert self._lease is not None  # it is ready
        better = self._cluster.leases.take_better(self._lease)
        if better is None:
            return
        if self._cluster.admits(better, self._backend):
            self._leave()
            self._lease = better
        else:
            self._cluster.leases.give_back(better)

    def _leave(self) -> None:
        if self._lease is not None:
            self._cluster.leases.give_back(self._lease)
            self._lease = None
