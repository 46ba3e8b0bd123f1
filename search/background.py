"""Do things in order in the background, and again until they work."""

import queue
import threading
import time
from collections.abc import Callable

PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before each further try; the last one is repeated."""


class BackgroundWriter:
    """Runs actions one after another in a thread of its own.

    An action that raises is tried again, later ones wait behind it: order is kept
    and nothing is skipped. Actions must be repeatable.
    """

    def __init__(self) -> None:
        self.last_error: Exception | None = None
        self._actions: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._give_up = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def put(self, action: Callable[[], None]) -> None:
        """Add an action; never blocks."""
        self._actions.put(action)

    def close(self, *, patience: float) -> int:
        """Wait until everything is done, as long as it moves on.

        Args:
            patience: Seconds without progress after which the rest is given up.

        Returns:
            How many actions were given up.
        """
        self._actions.put(None)
        left, since = self._actions.qsize(), time.monotonic()
        while self._thread.is_alive():
            self._thread.join(timeout=0.1)
            if self._actions.qsize() != left:
                left, since = self._actions.qsize(), time.monotonic()
            elif self.last_error and time.monotonic() - since > patience:
                self._give_up.set()
                return left  # the one that fails is out of the queue, the end is in
        return 0

    def _work(self) -> None:
        while (action := self._actions.get()) is not None:
            tries = 0
            while not self._give_up.is_set():
                try:
                    action()
                except Exception as error:  # noqa: BLE001  (any failure of a server)
                    self.last_error = error
                    self._give_up.wait(PAUSES[min(tries, len(PAUSES) - 1)])
                    tries += 1
                else:
                    self.last_error = None
                    break
