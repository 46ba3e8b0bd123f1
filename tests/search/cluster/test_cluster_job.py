"""The real command on a real cluster whose workers are killed and join."""

import time

import pytest
from dask_cluster import DaskCluster
from native_stack import kill_tree
from real_command import (
    ONE_WORKER,
    Recorded,
    n_folds_of,
    refused,
    running,
    search,
    wait_until,
)

pytestmark = pytest.mark.slow
# as one worker: what a trial knows of others does not depend on where it is trained
WORDS = [*ONE_WORKER, "--trials", 3]


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    cluster = DaskCluster(tmp_path_factory.mktemp("dask"))
    yield cluster
    cluster.close()


def test_a_study_is_the_same_on_a_cluster_whose_workers_die(dask, tmp_path):
    search("here", *WORDS, cwd=tmp_path)
    first = dask.start_worker()
    words = ("search", "digits", "--name", "there", *WORDS, "--cluster", dask.address)
    with running(*words, cwd=tmp_path) as process:
        wait_until(lambda: n_folds_of(tmp_path, "there") >= 2)
        dask.start_worker(wait=False)
        kill_tree(first.pid)
        killed = time.monotonic()
        folds = n_folds_of(tmp_path, "there")
        wait_until(lambda: n_folds_of(tmp_path, "there") > folds)
        # a new worker has started and imported Keras meanwhile
        assert time.monotonic() - killed < 60.0
        assert process.wait() == 0
        assert "Traceback" not in process.read_stderr()
    there = Recorded(tmp_path, "there")
    there.check_complete(3)
    assert there.outcome == Recorded(tmp_path, "here").outcome


def test_what_does_not_go_with_a_cluster_is_one_line(dask, tmp_path):
    words = ("search", "digits", "--cluster", dask.address)
    line = refused(*words, "--in-process", cwd=tmp_path, status=2)
    assert "--in-process: trains here, --cluster elsewhere" in line
    line = refused("search", "digits", "--tls-cert", "c", cwd=tmp_path, status=2)
    assert "--tls-cert: is for a --cluster, got none" in line
