"""Folds that nobody waits for any more; what waited is killed for real."""

import subprocess
import sys
import time

import psutil
import pytest
from dask_cluster import DaskCluster
from native_stack import kill_tree
from real_command import environment, wait_until
from rich.console import Console

from search.cluster.cluster import Cluster, ClusterAddress

pytestmark = pytest.mark.slow

CLIENT = """
import sys
from rich.console import Console
from search.cluster.cluster import Cluster, ClusterAddress
with Cluster(ClusterAddress(address=sys.argv[1]), Console(stderr=True)) as cluster:
    [slot] = cluster.make_slots(1, backend="jax")
    slot.run(exec, sys.argv[2], trial=0)
"""
TRAINS = """
import os, pathlib, time
pathlib.Path({path!r}).write_text(str(os.getpid()))
time.sleep(600)
"""
END_SECONDS = 10.0


@pytest.fixture(params=["--nanny", "--no-nanny"])
def dask(tmp_path, request):
    cluster = DaskCluster(tmp_path)
    cluster.start_worker(request.param)
    yield cluster
    cluster.close()


@pytest.fixture
def fold(dask, tmp_path):
    """A client and the process of a worker that trains its fold."""
    path = tmp_path / "pid"
    words = [sys.executable, "-c", CLIENT, dask.address, TRAINS.format(path=str(path))]
    client = subprocess.Popen(words, env=environment(), start_new_session=True)
    wait_until(lambda: path.is_file() and path.read_text())
    yield client, psutil.Process(int(path.read_text()))
    kill_tree(client.pid)
    client.wait()


def seconds_until_gone(process):
    began = time.monotonic()
    process.wait(60)
    return time.monotonic() - began


def test_it_stops_when_its_study_was_killed_and_its_place_is_free(dask, fold):
    client, training = fold
    client.kill()
    assert seconds_until_gone(training) < END_SECONDS
    where = ClusterAddress(address=dask.address)
    with Cluster(where, Console(stderr=True)) as cluster:
        [slot] = cluster.make_slots(1, backend="jax")
        assert slot.run(eval, "6 * 7", trial=0) == 42


def test_it_stops_when_the_scheduler_was_killed(dask, fold):
    _client, training = fold
    dask.scheduler.kill()
    assert seconds_until_gone(training) < END_SECONDS
