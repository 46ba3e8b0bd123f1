"""What runs on a worker, called here. Jobs are expressions: `eval` is importable."""

import os
import time

import psutil
import pytest
from real_command import wait_until

from search.cluster import worker
from search.cluster.core import FOLDER
from search.cores import available_cores
from search.workers import WorkerDiedError

pytestmark = pytest.mark.slow

PID = "__import__('os').getpid()"


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    before = dict(os.environ)
    yield
    for place in list(worker._idle):
        worker._drop(place)
    os.environ.clear()
    os.environ.update(before)


def run(job, *, trial, backend="jax"):
    return worker.train(eval, job, trial=trial, backend=backend)


def test_folds_of_a_trial_share_a_process_and_trials_do_not():
    first = run(PID, trial=("a", 0))
    assert first != os.getpid()
    assert run(PID, trial=("a", 0)) == first
    assert run(PID, trial=("b", 0)) != first  # of another study
    assert len(worker._idle) == 1


def test_it_is_pinned_to_a_core_that_nobody_else_has():
    cores = "sorted(__import__('os').sched_getaffinity(0))"
    assert run(cores, trial=0) == available_cores()[:1]


def test_another_backend_gets_a_process_of_its_own():
    backend = "__import__('keras').backend.backend()"
    assert run(backend, trial=0) == "jax"
    assert run(backend, trial=0, backend="tensorflow") == "tensorflow"
    assert run(backend, trial=0) == "jax"


def test_a_process_that_died_is_replaced():
    with pytest.raises(WorkerDiedError) as raised:
        run("__import__('os')._exit(88)", trial=0)
    assert raised.value.exitcode == 88
    assert run("6 * 7", trial=0) == 42


def test_an_idle_process_ends(monkeypatch):
    monkeypatch.setattr(worker, "IDLE_SECONDS", 1.0)
    pid = run(PID, trial=0)
    assert run(PID, trial=0) == pid  # in time
    time.sleep(0.5)
    assert run(PID, trial=0) == pid
    wait_until(lambda: not psutil.pid_exists(pid))
    assert worker._idle == []
    assert run("6 * 7", trial=0) == 42
