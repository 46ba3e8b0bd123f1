"""Slots on a real scheduler with real workers. Jobs are code: `exec` is importable."""

import contextlib
import io
import signal
import threading
import time

import psutil
import pytest
from certificates import certificates
from dask_cluster import DaskCluster
from native_stack import kill_tree
from real_command import wait_until
from rich.console import Console

from search.cluster import cluster as cluster_module
from search.cluster import leases as leases_module
from search.cluster.cluster import Cluster, ClusterAddress
from search.errors import FatalError, SettingsError
from search.workers import NoPlaceError, PlaceLostError
from spaces.errors import DataError, TunefoldError

pytestmark = pytest.mark.slow

OTHER_DATA = """
import os
from spaces.errors import DataError
if os.environ.get("OTHER_DATA"):
    raise DataError("data: must have the digest d, got e")
"""


@pytest.fixture
def dask(tmp_path):
    cluster = DaskCluster(tmp_path)
    yield cluster
    cluster.close()


@pytest.fixture
def said():
    return io.StringIO()


@pytest.fixture
def connect(said):
    """Return a function that connects to a cluster; closed after the test."""
    opened = []

    def connect(dask, **tls):
        where = ClusterAddress(address=dask.address, **tls)
        opened.append(Cluster(where, Console(file=said, width=300)))
        return opened[-1]

    yield connect
    for cluster in opened:
        cluster.__exit__()


@pytest.mark.ci
def test_jobs_run_on_workers_that_come_and_go(dask, connect):
    first = dask.start_worker()
    cluster = connect(dask)
    assert cluster.n_places == 1
    one, two = cluster.make_slots(2, backend="jax")
    assert one.run(eval, "6 * 7", trial=0) == 42
    with pytest.raises(ZeroDivisionError):  # the job's own, as it was
        one.run(eval, "1 / 0", trial=0)
    assert not two.is_ready()
    second = dask.start_worker()
    wait_until(two.is_ready)
    pids = [slot.run(eval, "__import__('os').getpid()", trial=0) for slot in (one, two)]
    assert len(set(pids)) == 2

    for slot, worker in ((one, first), (two, second)):
        killer = threading.Timer(2.0, kill_tree, [worker.pid])
        killer.start()
        began = time.monotonic()
        with pytest.raises(PlaceLostError, match="went away"):
            slot.run(time.sleep, 120, trial=1)
        assert time.monotonic() - began < 2.0 + 30.0
    assert not one.is_ready()
    dask.start_worker()
    wait_until(one.is_ready)
    assert one.run(eval, "6 * 7", trial=2) == 42


def test_a_worker_whose_process_alone_dies_is_restarted(dask, connect):
    nanny = dask.start_worker()
    [slot] = connect(dask).make_slots(1, backend="jax")
    assert slot.run(eval, "6 * 7", trial=0) == 42
    [worker, *_] = [
        child
        for child in psutil.Process(nanny.pid).children()
        if "resource_tracker" not in " ".join(child.cmdline())
    ]
    killer = threading.Timer(2.0, kill_tree, [worker.pid])
    killer.start()
    with pytest.raises(PlaceLostError):
        slot.run(time.sleep, 120, trial=0)
    wait_until(slot.is_ready)
    assert slot.run(eval, "6 * 7", trial=0) == 42


def test_a_worker_with_other_data_is_left_out(dask, connect, said):
    dask.start_worker(OTHER_DATA=1)
    cluster = connect(dask)
    [slot] = cluster.make_slots(1, backend="jax")
    for use in (lambda: slot.run(exec, OTHER_DATA, trial=0), slot.is_ready):
        with pytest.raises(FatalError, match="can train this study: data: must"):
            use()
    dask.start_worker()
    wait_until(lambda: ready_in_spite(slot))
    slot.run(exec, OTHER_DATA, trial=0)
    assert said.getvalue().count("is left out: data: must have the digest d") == 1


def ready_in_spite(slot):
    try:
        return slot.is_ready()
    except FatalError:
        return False


def test_a_fold_without_a_place_does_not_wait_for_one(dask, connect):
    worker = dask.start_worker()
    [slot, other] = connect(dask).make_slots(2, backend="jax")
    assert slot.is_ready()
    with pytest.raises(NoPlaceError, match="no worker has a place"):
        other.run(eval, "6 * 7", trial=0)
    kill_tree(worker.pid)
    wait_until(lambda: not slot.is_ready())
    with pytest.raises(NoPlaceError, match="no worker has a place"):
        slot.run(eval, "6 * 7", trial=0)


def test_a_worker_that_may_start_no_processes_says_how_it_may(dask, connect):
    dask.start_worker(DASK_DISTRIBUTED__WORKER__DAEMON="True")
    [slot] = connect(dask).make_slots(1, backend="jax")
    with pytest.raises(FatalError, match="start it with DASK_DISTRIBUTED__WORKER__DAE"):
        slot.run(eval, "6 * 7", trial=0)


def test_studies_use_workers_that_no_other_study_uses(dask, connect):
    dask.start_worker("--nworkers", 4)
    wait_until(lambda: dask.n_workers() == 4)
    studies = [connect(dask) for _ in range(2)]
    lent, folds = [], []
    for study in studies:
        for _ in range(2):
            lent.append(study.leases.take())
            folds.append(study.submit(time.sleep, 300, address=lent[-1].address))
        time.sleep(leases_module.LOOK_SECONDS)  # the scheduler has heard of it
    assert len({lease.address for lease in lent}) == 4


def test_a_trial_begins_where_nobody_else_trains_and_stays_there(dask, connect):
    dask.start_worker("--nworkers", 2)
    wait_until(lambda: dask.n_workers() == 2)
    cluster, other = connect(dask), connect(dask)
    [slot] = cluster.make_slots(1, backend="jax")
    assert slot.is_ready()
    blocks = other.submit(time.sleep, 300, address=slot._lease.address)  # it came later
    time.sleep(2 * leases_module.LOOK_SECONDS)
    pid = slot.run(eval, "__import__('os').getpid()", trial=0)
    assert not blocks.done()
    assert slot.run(eval, "__import__('os').getpid()", trial=0) == pid


def test_a_worker_that_hangs_keeps_nobody_else_waiting(
    dask, connect, said, monkeypatch
):
    monkeypatch.setattr(cluster_module, "ANSWER_SECONDS", 10.0)
    monkeypatch.setattr(leases_module, "SILENT_SECONDS", 2.0)
    for _ in range(2):
        hangs = dask.start_worker()
    slots = connect(dask).make_slots(2, backend="jax")
    processes = [psutil.Process(hangs.pid), *psutil.Process(hangs.pid).children()]
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    answers, began = [], time.monotonic()
    threads = [
        threading.Thread(target=lambda slot=slot: answers.append(slot.is_ready()))
        for slot in slots
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20.0)
    assert answers == [True, False]
    assert time.monotonic() - began < 20.0
    for _ in range(2):  # asked again
        wait_until(lambda: sum(slot.is_ready() for slot in slots) == 1)
        time.sleep(3.0)
    assert said.getvalue().count("does not answer") == 1
    for process in processes:
        process.send_signal(signal.SIGCONT)
    wait_until(lambda: all(slot.is_ready() for slot in slots))


def test_a_scheduler_that_comes_back_is_waited_for(dask, connect, said, monkeypatch):
    dask.start_worker()
    cluster = connect(dask)
    [slot] = cluster.make_slots(1, backend="jax")
    assert slot.run(eval, "6 * 7", trial=0) == 42
    dask.scheduler.kill()
    with pytest.raises(PlaceLostError):
        slot.run(time.sleep, 120, trial=0)
    wait_until(lambda: not slot.is_ready() and "scheduler is gone" in said.getvalue())
    dask.start_scheduler()
    dask.start_worker(wait=False)
    wait_until(slot.is_ready)
    assert slot.run(eval, "6 * 7", trial=0) == 42
    monkeypatch.setattr(cluster_module, "PATIENCE", 0.5)
    dask.scheduler.kill()
    with pytest.raises(FatalError, match="did not come back within"):
        run_until_it_fails(slot)


def run_until_it_fails(slot):
    while True:
        with contextlib.suppress(PlaceLostError):
            slot.run(time.sleep, 0.1, trial=0)


def test_no_scheduler_and_no_worker_are_one_line(dask, connect, monkeypatch):
    monkeypatch.setattr(cluster_module, "WORKER_SECONDS", 1.0)
    with pytest.raises(SettingsError, match="a worker must join it, got none within"):
        connect(dask)
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 1.0)
    dask.scheduler.kill()
    dask.scheduler.wait()
    with pytest.raises(SettingsError, match="no scheduler answers at tcp://127"):
        connect(dask)


def test_errors_of_a_job_keep_their_kind(dask, connect):
    dask.start_worker()
    [slot] = connect(dask).make_slots(1, backend="jax")
    code = "from search.errors import ModelTooLargeError as E; raise E(9, 5)"
    with pytest.raises(TunefoldError, match="too large: at most 5 weights, got 9"):
        slot.run(exec, code, trial=0)
    assert not issubclass(PlaceLostError, DataError)


def test_tls_lets_only_those_in_who_have_a_certificate(tmp_path, connect):
    files = certificates(tmp_path)
    words = [f"--tls-{name}={path}" for name, path in files.items()]
    dask = DaskCluster(tmp_path, "--protocol", "tls", *words)
    try:
        dask.start_worker()
        assert dask.address.startswith("tls://")
        cluster = connect(
            dask, ca_file=files["ca-file"], cert=files["cert"], key=files["key"]
        )
        [slot] = cluster.make_slots(1, backend="jax")
        assert slot.run(eval, "6 * 7", trial=0) == 42
        with pytest.raises(SettingsError, match="no scheduler answers at tls://"):
            connect(dask)
    finally:
        dask.close()
