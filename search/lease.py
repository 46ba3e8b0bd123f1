"""A lease on a study in the tracking store: two machines never write one study.

The lock beside the journal tells the processes of one machine apart; this one tells
machines apart, also where they share the folder. Who works on a study says so in a tag
of its run, again and again. One that has said nothing for long is gone, and another may
go on.
"""

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from search.errors import FatalError, SettingsError
from search.events import read_object
from search.journal import FOLDER
from search.store import Store
from search.store_errors import without_login
from search.study_lock import is_alive, this_process

LEASE = "tunefold.lease"
"""Tag of a study's run: who works on it, and when that was said last."""

Holder = dict[str, Any]

RENEW_SECONDS = 30.0
LEASE_SECONDS = 120.0
"""After so long without a word the holder is taken for dead. The clocks of machines
that share a store may differ by less than that."""

CLAIM = "tunefold.claim."
"""Tags of a study's run: who is about to work on it, one tag for each."""

CLAIM_SECONDS = 10.0
"""So long the first of several that claim a study at once waits for the others."""


class Lease:
    """The right to write a study.

    Args:
        store: The tracking store.
        study: The study's name.

    Attributes:
        lost: Why this process may write no more, one line; None while it may.
    """

    def __init__(self, store: Store, study: str) -> None:
        self.lost: str | None = None
        self._store = store
        self._study = study
        self._begun = False
        self._said_on = ""  # the run that has the word of this process
        self._said_at = 0.0  # seconds since 1970
        self._saying = threading.Lock()
        self._when_lost: Callable[[str], None] = lambda _: None

    def check(self) -> None:
        """Refuse a study that another machine, or process, is working on.

        Raises:
            SettingsError: It is.
        """
        run = self._store.find(self._study)
        holder = None if run is None else holder_of(run)
        if holder is not None and is_held(holder):
            raise SettingsError(self._refusal(holder))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Say that this process works on the study until the end.

        A store that does not answer is asked again later: the search goes on without
        it. The study's run must be there, or it is taken later.

        Raises:
            SettingsError: Another process was faster.
        """
        self._claim()
        over = threading.Event()
        renewing = threading.Thread(target=self._go_on, args=(over,), daemon=True)
        renewing.start()
        try:
            yield
        finally:
            over.set()
            with suppress(Exception):
                self._let_go()

    def when_lost(self, stop: Callable[[str], None]) -> None:
        """Name who is told, once, that another process has taken the study over.

        Args:
            stop: Called with the reason, from any thread.
        """
        with self._saying:
            self._when_lost = stop
            if self.lost is not None:
                stop(self.lost)

    def assure(self) -> None:
        """Look before a write whether the study is still that of this process.

        The store is asked only where it has not heard of this process for long, for
        then another may have taken the study over.

        Raises:
            FatalError: It is not.
            Exception: The store does not answer.
        """
        if self.lost is None and time.time() - self._said_at > LEASE_SECONDS / 2:
            self._renew()
        if self.lost is not None:
            raise FatalError(self.lost)

    def _claim(self) -> None:
        with suppress(Exception):
            self._renew()
        if self.lost is not None:
            raise SettingsError(self.lost)
        self._begun = True

    def _go_on(self, over: threading.Event) -> None:
        while self.lost is None and not over.wait(RENEW_SECONDS):
            with suppress(Exception):
                self._renew()

    def _renew(self) -> None:
        """Say again who works on the study, unless another has said so since."""
        with self._saying:
            run = self._store.find(self._study)
            if run is None or self.lost is not None:  # deleted: it is written anew
                return
            if run.info.run_id != self._said_on:
                other = self._enter(run.info.run_id)
                if other is not None:
                    self._lose(other)
                return
            holder = holder_of(run)
            if holder is None or not _is_mine(holder):
                self._lose(holder)
            else:
                self._say(run.info.run_id)

    def _enter(self, run_id: str) -> Holder | None:
        """Take a study that nobody has; return who has it or was faster.

        A tag has no compare-and-set. So each first writes a claim, in a tag of its own,
        and then looks: of two at once, the later to write sees the other's. Who sees a
        claim that sorts before its own goes away, the first one waits until all have.
        What stands at last is the lease, before the claim goes.

        Source: the doorway of Lamport's bakery, Communications of the ACM 17 (1974).
        """
        client, mine = self._store.client, CLAIM + uuid.uuid4().hex
        client.set_tag(run_id, mine, _word(time.time()))
        give_up = time.monotonic() + CLAIM_SECONDS
        try:
            while True:
                run = client.get_run(run_id)
                holder = holder_of(run)
                if holder is not None and is_held(holder):
                    return holder
                claims = {
                    tag: claim
                    for tag in run.data.tags
                    if tag.startswith(CLAIM) and tag != mine
                    if (claim := holder_of(run, tag)) and is_held(claim)
                }
                if not claims:
                    self._say(run_id)
                    return None
                if min(claims) < mine or time.monotonic() > give_up:
                    return claims[min(claims)]
                time.sleep(0.1)
        finally:
            with suppress(Exception):  # a claim that stays is soon too old to count
                client.delete_tag(run_id, mine)

    def _say(self, run_id: str) -> None:
        now = time.time()
        self._store.client.set_tag(run_id, LEASE, _word(now))
        self._said_on, self._said_at = run_id, now

    def _lose(self, holder: Holder | None) -> None:
        self.lost = (
            self._refusal(holder)
            if holder is not None and not self._begun
            else self._taken_over(holder)
        )
        self._when_lost(self.lost)

    def _let_go(self) -> None:
        with self._saying:
            run = self._store.find(self._study)
            if run is None:
                return
            holder = holder_of(run)
            if holder is not None and _is_mine(holder):
                self._store.client.delete_tag(run.info.run_id, LEASE)

    def _refusal(self, holder: Holder) -> str:
        ago = max(0.0, time.time() - holder["seen"])
        return (
            f"study '{self._study}': {holder['host']} (process {holder['pid']}) is "
            f"working on it, seen {ago:.0f} s ago; wait for it, or, if it is gone, try "
            f"again in {max(0.0, LEASE_SECONDS - ago):.0f} s"
        )

    def _taken_over(self, holder: Holder | None) -> str:
        who = (
            "another process"  # which has ended since
            if holder is None
            else f"{holder['host']} (process {holder['pid']})"
        )
        return (
            f"study '{self._study}': {who} has taken it over while the tracking store "
            "did not hear of this process; go on there, or here after moving "
            f"{FOLDER}/{self._study} away, which has what this process found since"
        )


def holder_of(run: Any, tag: str = LEASE) -> Holder | None:
    """Return who said last to work on a study, by its run; None for nobody."""
    said = read_object(run.data.tags.get(tag, ""))
    kinds = {"host": str, "pid": int, "started": float, "seen": float}
    if said is None or not all(
        isinstance(said.get(name), kind) for name, kind in kinds.items()
    ):
        return None
    return said | {"host": without_login(said["host"])[:100]}


def is_held(holder: Holder) -> bool:
    """Say whether who holds a study still works on it."""
    if _is_mine(holder):
        return False
    if holder["host"] == socket.gethostname() and not is_alive(holder):
        return False
    return bool(time.time() - holder["seen"] < LEASE_SECONDS)


def _word(seen: float) -> str:
    return json.dumps({"host": socket.gethostname(), **this_process(), "seen": seen})


def _is_mine(holder: Holder) -> bool:
    me = {"host": socket.gethostname(), **this_process()}
    return {name: holder[name] for name in me} == me
