"""A lease on a study in the tracking store: two machines never write one study.

The lock beside the journal tells processes of one folder apart; this one tells
machines apart. Who works on a study says so in a tag of its run, again and again. One
that has said nothing for long is gone, and another may go on.
"""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from search.errors import SettingsError
from search.events import read_object
from search.store import Store
from search.store_errors import without_login
from search.study_lock import is_alive, this_process

LEASE = "tunefold.lease"
"""Tag of a study's run: who works on it, and when that was said last."""

RENEW_SECONDS = 30.0
LEASE_SECONDS = 120.0
"""After so long without a word the holder is taken for dead. The clocks of machines
that share a store may differ by less than that."""


class Lease:
    """The right to write a study.

    Args:
        store: The tracking store.
        study: The study's name.
    """

    def __init__(self, store: Store, study: str) -> None:
        self._store = store
        self._study = study

    def check(self) -> None:
        """Refuse a study that another machine, or process, is working on.

        Raises:
            SettingsError: It is.
        """
        run = self._store.find(self._study)
        holder = None if run is None else holder_of(run)
        if holder is None or not is_held(holder):
            return
        ago = max(0.0, time.time() - holder["seen"])
        raise SettingsError(
            f"study '{self._study}': {holder['host']} (process {holder['pid']}) is "
            f"working on it, seen {ago:.0f} s ago; wait for it, or, if it is gone, try "
            f"again in {max(0.0, LEASE_SECONDS - ago):.0f} s"
        )

    @contextmanager
    def held(self, run_id: str) -> Iterator[None]:
        """Say that this process works on the study until the end.

        Args:
            run_id: The study's run. A store that does not answer is asked again later:
                the search goes on without it.
        """
        over = threading.Event()
        renewing = threading.Thread(
            target=self._renew, args=(run_id, over), daemon=True
        )
        self._say(run_id)
        renewing.start()
        try:
            yield
        finally:
            over.set()
            with suppress(Exception):
                self._store.client.delete_tag(run_id, LEASE)

    def _renew(self, run_id: str, over: threading.Event) -> None:
        while not over.wait(RENEW_SECONDS):
            self._say(run_id)

    def _say(self, run_id: str) -> None:
        said = {"host": socket.gethostname(), **this_process(), "seen": time.time()}
        with suppress(Exception):
            self._store.client.set_tag(run_id, LEASE, json.dumps(said))


def holder_of(run: Any) -> dict[str, Any] | None:
    """Return who said last to work on a study, by its run; None for nobody."""
    said = read_object(run.data.tags.get(LEASE, ""))
    kinds = {"host": str, "pid": int, "started": float, "seen": float}
    if said is None or not all(
        isinstance(said.get(name), kind) for name, kind in kinds.items()
    ):
        return None
    return said | {"host": without_login(said["host"])[:100]}


def is_held(holder: dict[str, Any]) -> bool:
    """Say whether who holds a study still works on it."""
    me = this_process()
    here = holder["host"] == socket.gethostname()
    if here and {name: holder[name] for name in me} == me:
        return False  # this process
    if here and not is_alive(holder):
        return False
    return bool(time.time() - holder["seen"] < LEASE_SECONDS)
