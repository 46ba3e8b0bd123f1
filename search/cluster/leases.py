"""Who trains where: each place of a cluster's workers is lent to one slot at a time.

Studies do not know of each other, but the scheduler knows what every worker does. The
worker with the smallest share of its threads in use is lent first; among equal ones
each study has an order of its own, as those that begin at the same moment see the same.
"""

import math
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from search.errors import FatalError

LOOK_SECONDS = 1.0
"""How old the list of workers may be. A fold on a worker that is gone waits so long."""

SILENT_SECONDS = 30.0
"""So long a worker that did not answer is not asked again."""


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
        others: Returns how many tasks of others each worker has now.
        seed: Of the order among workers that are equal; it changes no score.
        say: Shows the user a line.
        where: The cluster, in words.
    """

    def __init__(
        self,
        threads: Callable[[], Mapping[str, int]],
        *,
        others: Callable[[], Mapping[str, int]],
        seed: str,
        say: Callable[[str], None],
        where: str,
    ) -> None:
        self._threads = _Recent(threads)
        self._others = _Recent(others)
        self._order: dict[str, float] = defaultdict(random.Random(seed).random)
        self._say = say
        self._where = where
        self._changing = threading.Lock()
        self._lent: set[Lease] = set()
        self._refused: dict[str, str] = {}  # why, by address
        self._silent: dict[str, float] = {}  # until when, by address
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
            return self._lend(present, below=math.inf)

    def take_better(self, lease: Lease) -> Lease | None:
        """Lend a place on an idle thread, where a lease's worker has too few threads.

        Raises:
            FatalError: As `take`.
        """
        with self._changing:
            present = self._look()
            n_threads = present.get(lease.address)
            if n_threads is None or self._n_used()[lease.address] <= n_threads:
                return None
            return self._lend(present, below=1.0)

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

    def pass_over(self, address: str) -> None:
        """Lend a worker that does not answer to nobody for a while."""
        with self._changing:
            if address not in self._silent:
                self._say(f"worker {address} does not answer; not used until it does")
            self._silent[address] = time.monotonic() + SILENT_SECONDS

    def _lend(self, present: Mapping[str, int], *, below: float) -> Lease | None:
        """Lend a place of the worker with the smallest share of its threads in use."""
        now, lent = time.monotonic(), self._n_lent()
        free = [
            address
            for address, n_threads in present.items()
            if lent[address] < n_threads and self._silent.get(address, now) <= now
        ]
        if not free:
            return None
        used = self._n_used()
        shares = {address: used[address] / present[address] for address in free}
        best = min(free, key=lambda address: (shares[address], self._order[address]))
        if shares[best] >= below:
            return None
        places = (Lease(best, thread) for thread in range(present[best]))
        lease = next(place for place in places if place not in self._lent)
        self._lent.add(lease)
        return lease

    def _n_lent(self) -> Counter[str]:
        return Counter(lease.address for lease in self._lent)

    def _n_used(self) -> Counter[str]:
        return self._n_lent() + Counter(self._others())

    def _look(self) -> dict[str, int]:
        present = self._threads()
        fit = {a: n for a, n in present.items() if a not in self._refused}
        if present and not fit:
            reason = self._refused[next(iter(present))]
            raise FatalError(f"{self._where}: no worker can train this study: {reason}")
        return fit

    def _tell(self, *, alone: bool) -> None:
        if alone and not self._alone:
            self._say(
                f"{self._where}: no worker is there; waiting for one (Ctrl-C ends)"
            )
        self._alone = alone


class _Recent:
    """What a function returned, at most `LOOK_SECONDS` ago."""

    def __init__(self, ask: Callable[[], Mapping[str, int]]) -> None:
        self._ask = ask
        self._known: Mapping[str, int] = {}
        self._at = -math.inf

    def __call__(self) -> Mapping[str, int]:
        now = time.monotonic()
        if now - self._at > LOOK_SECONDS:
            self._known, self._at = self._ask(), now
        return self._known
