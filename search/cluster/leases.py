"""Who trains where: each place of a cluster's workers is lent to one slot at a time."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from search.errors import FatalError

LOOK_SECONDS = 1.0
"""How old the list of workers may be. A fold on a worker that is gone waits so long."""


@dataclass(frozen=True)
class Lease:
    """A place that one slot has for itself.

    Attributes:
        address: Of the worker.
        thread: Which of the worker's threads, from 0.
    """

    address: str
    thread: int


class Leases:
    """Lends the places of workers as they come and go; for many threads.

    Args:
        threads: Returns the number of threads of each worker that is there now.
        say: Shows the user a line.
        where: The cluster, in words.
    """

    def __init__(
        self,
        threads: Callable[[], Mapping[str, int]],
        *,
        say: Callable[[str], None],
        where: str,
    ) -> None:
        self._threads = threads
        self._say = say
        self._where = where
        self._changing = threading.Lock()
        self._lent: set[Lease] = set()
        self._present: Mapping[str, int] = {}
        self._refused: dict[str, str] = {}  # why, by address
        self._looked: float | None = None
        self._alone = False

    @property
    def n_places(self) -> int:
        """How many folds the workers that are there can train at once.

        Raises:
            FatalError: The scheduler is gone.
        """
        with self._changing:
            return sum(self._look().values())

    def take(self) -> Lease | None:
        """Lend a place that is free; None where there is none.

        Raises:
            FatalError: The scheduler is gone, or every worker there is was refused.
        """
        with self._changing:
            present = self._look()
            self._tell(alone=not present)
            for address, n_threads in present.items():
                for thread in range(n_threads):
                    lease = Lease(address, thread)
                    if lease not in self._lent:
                        self._lent.add(lease)
                        return lease
            return None

    def give_back(self, lease: Lease) -> None:
        """Let another slot have the place."""
        with self._changing:
            self._lent.discard(lease)

    def is_alive(self, lease: Lease) -> bool:
        """Say whether the worker is there.

        Raises:
            FatalError: The scheduler is gone.
        """
        with self._changing:
            return lease.address in self._look()

    def refuse(self, address: str, reason: str) -> None:
        """Train nothing more on a worker, and say why.

        Raises:
            FatalError: Every worker there is was refused.
        """
        with self._changing:
            if address not in self._refused:
                self._refused[address] = reason
                self._say(f"worker {address} is left out: {reason}")
            self._look()

    def _look(self) -> dict[str, int]:
        now = time.monotonic()
        if self._looked is None or now - self._looked > LOOK_SECONDS:
            self._present = self._threads()
            self._looked = now
        fit = {a: n for a, n in self._present.items() if a not in self._refused}
        if self._present and not fit:
            reason = self._refused[next(iter(self._present))]
            raise FatalError(f"{self._where}: no worker can train this study: {reason}")
        return fit

    def _tell(self, *, alone: bool) -> None:
        if alone and not self._alone:
            self._say(
                f"{self._where}: no worker is there; waiting for one (Ctrl-C ends)"
            )
        self._alone = alone
