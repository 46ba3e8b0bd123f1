"""A limit on the places of one user, counted by a real scheduler for real searches."""

import contextlib
import getpass
import subprocess
import sys
import time

import pytest
from dask_cluster import DaskCluster
from native_stack import kill_tree
from real_command import ONE_WORKER, environment, refused, running, wait_until

from search.commands.on_cluster import opened_cluster
from search.cores import MAX_WORKERS

pytestmark = pytest.mark.slow

LIMIT, WORKERS = 2, 3
LEASE_SECONDS = 60
"""Dask's 30 s, what its scheduler needs to look, and a busy machine."""

HOLDER = """
import sys, time
from rich.console import Console
from search.cluster.cluster import Cluster, ClusterAddress
where, console = ClusterAddress(address=sys.argv[1]), Console(stderr=True, width=300)
with Cluster(where, console, user=sys.argv[2]) as cluster:
    slots = cluster.make_slots(int(sys.argv[3]), backend="jax")
    while True:
        print(sum([slot.is_ready() for slot in slots]), flush=True)
        time.sleep(0.2)
"""


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    with limited(LIMIT):
        cluster = DaskCluster(tmp_path_factory.mktemp("dask"))
    for _ in range(WORKERS):
        cluster.start_worker(wait=False)
    wait_until(lambda: cluster.n_workers() == WORKERS)
    yield cluster
    cluster.close()


@contextlib.contextmanager
def limited(limit):
    """What is started meanwhile has the limit in its environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MAX_WORKERS, str(limit))
        yield


class Holder:
    """A client process that takes all the places it gets, and says how many."""

    def __init__(self, dask, user, folder, *, slots=3):
        self._file = folder / f"{time.monotonic_ns()}.txt"
        with self._file.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", HOLDER, dask.address, user, str(slots)],
                env=environment(),
                stdout=out,
                stderr=out,
            )

    def said(self):
        return self._file.read_text().splitlines()

    def holds(self):
        numbers = [line for line in self.said() if line.isdecimal()]
        return int(numbers[-1]) if numbers else None

    def kill(self):
        kill_tree(self.process.pid)
        self.process.wait()


@pytest.mark.ci
def test_a_user_holds_so_many_places_from_however_many_clients(dask, tmp_path):
    with contextlib.ExitStack() as stack:

        def start(user):
            holder = Holder(dask, user, tmp_path)
            stack.callback(holder.kill)
            return holder

        first = start("ada")
        wait_until(lambda: first.holds() == LIMIT)
        second, other = start("ada"), start("grace")
        wait_until(lambda: other.holds() == LIMIT)
        wait_until(lambda: second.holds() is not None)
        time.sleep(3)
        assert (first.holds(), second.holds()) == (LIMIT, 0)
        [line] = [line for line in second.said() if not line.isdecimal()]
        assert "searches of 'ada' train 2 folds at once, as many as a user" in line
        first.kill()
        wait_until(lambda: second.holds() == LIMIT, LEASE_SECONDS)


def test_a_search_trains_no_more_folds_than_others_of_its_user_leave(dask, tmp_path):
    from distributed import Client

    words = ["--trials", 2, "--cluster", dask.address, *ONE_WORKER, "--workers", 2]
    other, at_once = Holder(dask, getpass.getuser(), tmp_path, slots=1), []
    try:
        wait_until(lambda: other.holds() == 1)
        with (
            Client(dask.address, set_as_default=False) as client,
            running("search", "digits", *words, cwd=tmp_path) as search,
        ):
            while search.poll() is None:
                at_once.append(sum(map(len, client.processing().values())))
                time.sleep(0.1)
            assert search.wait() == 0, search.read_stderr()
    finally:
        other.kill()
    assert max(at_once) == LIMIT - 1
    assert "Traceback" not in search.read_stderr()


def test_the_login_of_the_tracking_server_is_counted(dask):
    ada = "http://lovelace:secret@127.0.0.1:1"
    with opened_cluster(dask.address, None, None, None, store_uri=ada) as cluster:
        assert cluster.n_places == LIMIT
        slots = cluster.make_slots(3, backend="jax")
        assert sum([slot.is_ready() for slot in slots]) == LIMIT
        with opened_cluster(dask.address, None, None, None, store_uri=ada) as more:
            [slot] = more.make_slots(1, backend="jax")
            assert not slot.is_ready()
            slots[0].close()
            wait_until(slot.is_ready)
            slot.close()


def test_a_scheduler_that_comes_back_counts_anew(dask_of_its_own, capfd):
    dask = dask_of_its_own
    uri = "sqlite:///mlflow.db"
    with opened_cluster(dask.address, None, None, None, store_uri=uri) as cluster:
        slots = cluster.make_slots(2, backend="jax")
        assert sum([slot.is_ready() for slot in slots]) == 1
        dask.scheduler.kill()
        dask.scheduler.wait()
        wait_until(lambda: not any(slot.is_ready() for slot in slots))
        with limited(1):
            dask.start_scheduler()
        dask.start_worker(wait=False)
        wait_until(lambda: any(slot.is_ready() for slot in slots))
        time.sleep(3)
        assert sum([slot.is_ready() for slot in slots]) == 1
    assert "Traceback" not in capfd.readouterr().err


@pytest.fixture
def dask_of_its_own(tmp_path):
    with limited(1):
        cluster = DaskCluster(tmp_path)
    cluster.start_worker()
    yield cluster
    cluster.close()


def test_a_limit_that_is_no_number_is_one_line(tmp_path):
    with limited("many"):
        dask = DaskCluster(tmp_path)
    try:
        words = ("search", "digits", "--cluster", dask.address)
        line = refused(*words, cwd=tmp_path, status=2)
        assert "TUNEFOLD_MAX_WORKERS of its scheduler: must be a number of at" in line
    finally:
        dask.close()
