"""How many places all searches of a user may hold on a cluster together.

The scheduler counts them, by leases of a semaphore of its own. A search that is killed
renews its leases no more; the scheduler takes them back within 40 seconds.
"""

import getpass
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from search.cluster.leases import LOOK_SECONDS
from search.cores import MAX_WORKERS, read_limit


@dataclass(frozen=True)
class _Counter:
    client: Any
    semaphore: Any  # through this client


class Quota:
    """What is left for a search of the places its user may hold; for many threads.

    The limit is in the scheduler's environment, where no user can change it.

    Args:
        client: Returns the connection to the scheduler.
        user: Whose places are counted together; None counts those of the user of this
            machine.
        say: Shows the user a line.
        where: The cluster, in words.

    Attributes:
        limit: Places; None where there is no limit.

    Raises:
        SettingsError: The limit is no number from 1 on.
    """

    def __init__(
        self,
        client: Callable[[], Any],
        user: str | None,
        *,
        say: Callable[[str], None],
        where: str,
    ) -> None:
        given = client().run_on_scheduler(os.getenv, MAX_WORKERS)
        self.limit = read_limit(given or "", f"{where}: {MAX_WORKERS} of its scheduler")
        self._client = client
        self._user = user or _user_here()
        self._say = say
        self._where = where
        self._changing = threading.Lock()
        self._counter: _Counter | None = None
        self._held: dict[object, _Counter] = {}
        self._ask_again = 0.0
        self._told = False

    def take(self, slot: object) -> bool:
        """Say whether a slot may hold a place, and count it once, whichever it is."""
        if self.limit is None:
            return True
        with self._changing:
            if slot in self._held:
                return True
            if time.monotonic() < self._ask_again:
                return False
            try:
                counter = self._here(self.limit)
                if counter.semaphore.acquire(timeout=0):
                    self._held[slot] = counter
                    return True
                self._tell()
            except Exception:  # noqa: BLE001  (of Dask's own kinds)
                self._counter = None  # its scheduler is away, or was started anew
            self._ask_again = time.monotonic() + LOOK_SECONDS
            return False

    def give_back(self, slot: object) -> None:
        """Count a slot no more, if it was counted."""
        with self._changing:
            counter = self._held.pop(slot, None)
            if counter is None:
                return
            if counter.client.status == "running":
                counter.semaphore.release()
            else:  # one that comes back knows of none, and shall not be told of them
                counter.semaphore.refresh_leases = False
                self._counter = None

    def _here(self, limit: int) -> "_Counter":
        from distributed import Semaphore

        client = self._client()
        if self._counter is None or self._counter.client is not client:
            # by it leases that cannot be renewed are told as a traceback
            logging.getLogger("tornado.application").setLevel(logging.CRITICAL)
            semaphore = Semaphore(
                limit,
                name=f"tunefold-{self._user}",
                scheduler_rpc=client.scheduler,
                loop=client.loop,
            )
            self._counter = _Counter(client, semaphore)
        return self._counter

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            self._say(
                f"{self._where}: searches of '{self._user}' train {self.limit} folds "
                "at once, as many as a user may; more wait until one of them ends"
            )


def _user_here() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in some containers
        return "nobody"
