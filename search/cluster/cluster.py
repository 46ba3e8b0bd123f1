"""The connection to a Dask cluster, shared by the slots of a study."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from search.cluster.leases import Lease, Leases
from search.cluster.quota import Quota
from search.cluster.slot import ClusterSlot
from search.cluster.worker import look_at
from search.errors import (
    FatalError,
    MissingExtraError,
    SettingsError,
    UnfitWorkerError,
)
from search.facts import differing_facts, gather_facts
from search.workers import NoPlaceError

CONNECT_SECONDS = 10.0
CLOSE_SECONDS = 2.0
WORKER_SECONDS = 60.0
"""So long a search waits for the first worker of a cluster."""

ANSWER_SECONDS = 15.0
"""So long a worker has to say who it is."""

PATIENCE = 60.0
"""So long a study waits for a scheduler that went away."""


@dataclass(frozen=True, kw_only=True)
class ClusterAddress:
    """Where a cluster is.

    Attributes:
        address: Of the scheduler, `tcp://HOST:PORT` or `tls://HOST:PORT`.
        ca_file: Certificate of the authority, PEM; None leaves it to Dask's settings.
        cert: The client's own certificate, PEM.
        key: Its key, PEM.
    """

    address: str
    ca_file: str | None = None
    cert: str | None = None
    key: str | None = None

    @property
    def name(self) -> str:
        """The cluster in words."""
        return f"cluster {self.address}"


class Cluster:
    """An open connection; to be closed as a context manager.

    Args:
        where: The cluster.
        console: For what happens to workers; stderr.
        user: Whose searches share a limit on places; None is the user of this machine.

    Attributes:
        leases: The places of its workers.
        quota: How many of them the user may hold.
        token: Sets this study's jobs apart from those of others.

    Raises:
        SettingsError: The scheduler does not answer, or no worker joined it.
        MissingExtraError: Dask is not installed.
    """

    def __init__(
        self, where: ClusterAddress, console: Console, *, user: str | None = None
    ) -> None:
        self.token = uuid.uuid4().hex
        self._where = where
        self._console = console
        self._client = _connect(where)
        self._away_since: float | None = None
        self._admitting = threading.Lock()
        self._admitted: set[tuple[str, str]] = set()
        self.leases = Leases(
            self._threads,
            others=self._others,
            seed=self.token,
            say=self._say,
            where=where.name,
        )
        self.quota = Quota(lambda: self._client, user, say=self._say, where=where.name)
        self._wait_for_workers()

    @property
    def n_places(self) -> int:
        """How many folds it can train at once now, for one user."""
        return min(self.leases.n_places, self.quota.limit or self.leases.n_places)

    def make_slots(self, n: int, *, backend: str) -> list[ClusterSlot]:
        """Make slots; more than there are places now wait for workers to come.

        Raises:
            SettingsError: The number is below 1.
        """
        if n < 1:
            raise SettingsError(f"--workers: must be at least 1, got {n}")
        return [ClusterSlot(self, backend) for _ in range(n)]

    def submit(
        self, function: Callable[..., Any], *args: Any, address: str, **named: Any
    ) -> Any:
        """Let a worker call a function; return the future of its result.

        Raises:
            NoPlaceError: The connection is gone.
        """
        try:
            return self._client.submit(
                function,
                *args,
                workers=[address],
                key=f"tunefold-{self.token}-{uuid.uuid4().hex}",
                pure=False,
                **named,
            )
        except Exception as error:  # noqa: BLE001  (of Dask's own kind)
            raise NoPlaceError(f"worker {address}: {error}") from None

    def admits(self, lease: Lease, backend: str) -> bool:
        """Say whether a worker may train; looked at when it is lent for the first time.

        One that lacks the package or may not start processes is left out, one that
        does not answer passed over. Where its versions differ, the user is told.
        """
        key = (lease.address, backend)
        if key in self._admitted:
            return True
        try:
            # beside its threads, which may be busy
            found = self._client.run(
                look_at,
                backend,
                workers=[lease.address],
                callback_timeout=ANSWER_SECONDS,
            )
            facts = found[lease.address]
        except UnfitWorkerError as error:
            self.leases.refuse(lease.address, str(error))
            return False
        except TimeoutError:
            self.leases.pass_over(lease.address)
            return False
        except (OSError, ValueError, KeyError):  # gone at this moment
            return False
        except Exception as error:  # noqa: BLE001  (whatever it cannot import)
            reason = f"{type(error).__name__}: {_first_line(error)}"
            self.leases.refuse(
                lease.address, f"tunefold must be installed there ({reason})"
            )
            return False
        with self._admitting:
            if key in self._admitted:  # by another slot meanwhile
                return True
            self._admitted.add(key)
        for line in differing_facts(gather_facts(backend), facts):
            self._say(
                f"note: worker {lease.address}: {line}; scores may differ in the "
                "last digits"
            )
        return True

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close(timeout=CLOSE_SECONDS)

    def _threads(self) -> Mapping[str, int]:
        try:
            if self._client.status == "closed":
                self._client = _connect(self._where)
            present: Mapping[str, int] = self._client.nthreads()
        except Exception as error:  # noqa: BLE001  (of Dask's own kinds)
            now = time.monotonic()
            if self._away_since is None:
                self._away_since = now
                self._say(f"{self._where.name}: the scheduler is gone; waiting for it")
            if now - self._away_since > PATIENCE:
                raise FatalError(
                    f"{self._where.name}: the scheduler did not come back within "
                    f"{PATIENCE:.0f} s ({_first_line(error)}); start it again, then "
                    "'tunefold resume'"
                ) from None
            return {}
        self._away_since = None
        return dict(sorted(present.items()))

    def _others(self) -> Mapping[str, int]:
        try:  # what the scheduler knows at this moment, not the workers' heartbeats
            tasks = self._client.processing()
        except Exception:  # noqa: BLE001  (`_threads` says that it is gone)
            return {}
        return {
            address: sum(self.token not in str(key) for key in keys)
            for address, keys in tasks.items()
        }

    def _wait_for_workers(self) -> None:
        deadline = time.monotonic() + WORKER_SECONDS
        while not self.leases.n_places:
            if time.monotonic() > deadline:
                self._client.close(timeout=CLOSE_SECONDS)
                raise SettingsError(
                    f"{self._where.name}: a worker must join it, got none within "
                    f"{WORKER_SECONDS:.0f} s; start one: dask worker "
                    f"{self._where.address} --nthreads 1"
                )
            time.sleep(0.5)

    def _say(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)


def _connect(where: ClusterAddress) -> Any:
    try:
        from distributed import Client, Security
    except ImportError:
        raise MissingExtraError(
            "--cluster: needs the package distributed; install it: "
            "pip install 'tunefold[cluster]'"
        ) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    files = {
        "tls_ca_file": where.ca_file,
        "tls_client_cert": where.cert,
        "tls_client_key": where.key,
    }
    named = {name: value for name, value in files.items() if value is not None}
    security = Security(require_encryption=True, **named) if named else None
    try:
        return Client(
            where.address,
            security=security,
            timeout=CONNECT_SECONDS,
            set_as_default=False,
            name="tunefold",
        )
    except Exception as error:  # noqa: BLE001  (of Dask's own kinds)
        raise SettingsError(
            f"--cluster: no scheduler answers at {where.address} "
            f"({_first_line(error)}); start one: dask scheduler"
        ) from None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
