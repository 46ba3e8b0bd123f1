"""Do things in order in the background, and again until they work."""

import queue
import threading
import time
from collections.abc import Callable

PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before each further try; the last one is repeated."""

_Item = Callable[[], None] | threading.Event | None
"""An action, what to set when all before it is done, or the end."""


class BackgroundWriter:
    """Runs actions one after another in a thread of its own.

    An action that raises is tried again, later ones wait behind it: order is kept
    and nothing is skipped. Actions must be repeatable, and must not raise what trying
    again cannot cure.

    Args:
        assure: Called before each try; raises where nothing may be done now.
    """

    def __init__(self, assure: Callable[[], None] = lambda: None) -> None:
        self.last_error: Exception | None = None
        self._assure = assure
        self._put = self._done = 0
        self._actions: queue.Queue[_Item] = queue.Queue()
        self._give_up = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def put(self, action: Callable[[], None]) -> None:
        """Add an action; never blocks."""
        self._put += 1
        self._actions.put(action)

    @property
    def behind(self) -> int:
        """How many actions are not done yet."""
        return self._put - self._done

    def give_up(self) -> int:
        """Leave the rest undone and return how many actions it is."""
        self._give_up.set()
        return self.behind

    def settle(self, *, patience: float) -> int:
        """Wait until all that was put is done, as long as it moves on.

        Args:
            patience: Seconds without progress after which the rest is given up.

        Returns:
            How many actions were given up.
        """
        settled = threading.Event()
        self._actions.put(settled)
        left, since = self.behind, time.monotonic()
        while self._thread.is_alive() and not settled.wait(0.1):
            if self.behind != left:
                left, since = self.behind, time.monotonic()
            elif self.last_error and time.monotonic() - since > patience:
                return self.give_up()
        return self.behind

    def close(self, *, patience: float) -> int:
        """Do as `settle`; then the thread ends."""
        left = self.settle(patience=patience)
        self._actions.put(None)
        return left

    def _work(self) -> None:
        while (action := self._actions.get()) is not None:
            if isinstance(action, threading.Event):
                action.set()
                continue
            tries = 0
            while not self._give_up.is_set():
                try:
                    self._assure()
                    action()
                except Exception as error:  # noqa: BLE001  (any failure of a server)
                    self.last_error = error
                    self._give_up.wait(PAUSES[min(tries, len(PAUSES) - 1)])
                    tries += 1
                else:
                    self.last_error = None
                    self._done += 1
                    break
