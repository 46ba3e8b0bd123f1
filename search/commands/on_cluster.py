"""`--cluster` of the commands that train."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from search.commands.output import stderr

if TYPE_CHECKING:
    from search.cluster.cluster import Cluster


@contextmanager
def opened_cluster(
    address: str | None,
    ca_file: str | None,
    cert: str | None,
    key: str | None,
    *,
    store_uri: str,
    in_process: bool = False,
) -> "Iterator[Cluster | None]":
    """Open the connection that was asked for; None where none was.

    Args:
        address: Of the scheduler.
        ca_file: See `search.cluster.cluster.ClusterAddress`, as the next two.
        cert: File.
        key: File.
        store_uri: The tracking store; its login is who trains.
        in_process: Whether `--in-process` stands beside it, which is refused.

    Raises:
        SettingsError: It does not answer, or an option does not go with it.
    """
    from search.errors import SettingsError

    tls = {"ca_file": ca_file, "cert": cert, "key": key}
    if address is None:
        for option, file in tls.items():
            if file is not None:
                raise SettingsError(
                    f"--tls-{option.replace('_', '-')}: is for a --cluster, got none"
                )
        yield None
        return
    if in_process:
        raise SettingsError(
            "--in-process: trains here, --cluster elsewhere; leave out one of the two"
        )
    from search.cluster.cluster import Cluster, ClusterAddress
    from search.store import login_of

    where = ClusterAddress(address=address, **tls)
    with Cluster(where, stderr(), user=login_of(store_uri)) as cluster:
        yield cluster
