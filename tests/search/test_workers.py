"""Slots with real processes. Jobs are Python expressions: `eval` is importable."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import psutil
import pytest

from search import workers as workers_module
from search.cores import available_cores
from search.errors import SettingsError, TrialError
from search.workers import InProcessSlot, ProcessSlot, WorkerDiedError, make_slots

linux = pytest.mark.skipif(sys.platform != "linux", reason="pinning, forkserver")

PID = "__import__('os').getpid()"
CORES = "sorted(__import__('os').sched_getaffinity(0))"
BACKEND = "__import__('keras').backend.backend()"
SLEEP = "__import__('time').sleep(60)"
KILL = "__import__('os').kill(__import__('os').getpid(), 9)"

STUDY = """
import json, signal, sys, threading, time
import psutil
from search.workers import make_slots

if __name__ == "__main__":
    signal.signal(signal.SIGINT, lambda *_: print("Ctrl-C", flush=True))
    [slot] = make_slots(1, backend="jax")
    slot.run(eval, "1", trial=0)
    done = []
    job = threading.Thread(
        target=lambda: done.append(slot.run(eval, sys.argv[1], trial=0))
    )
    job.start()
    time.sleep(0.5)
    started = psutil.Process().children(recursive=True)
    print(json.dumps([p.pid for p in started]), flush=True)
    job.join()
    print(done[0])
    slot.close()
"""


@pytest.fixture
def environment():
    """Put environment and cores of this process back in place."""
    before = dict(os.environ)
    cores = available_cores()
    yield
    os.environ.clear()
    os.environ.update(before)
    if cores:
        os.sched_setaffinity(0, cores)


@pytest.fixture
def slot(environment):
    [made] = make_slots(1, backend="jax")
    yield made
    made.close()


def workers():
    """Processes that train, not the fork server that started them."""
    found = set()
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it ends meanwhile
            if child.parent() != psutil.Process():
                found.add(child.pid)
    return found


def wait_until(condition, *, seconds=5.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())


# Without a process


@pytest.mark.parametrize("workers", [0, -1])
def test_too_few_workers(workers):
    with pytest.raises(SettingsError, match="--workers: must be at least 1"):
        make_slots(workers, backend="jax")


def test_one_process_holds_one_worker():
    with pytest.raises(SettingsError, match=r"--in-process: .* got --workers 2"):
        make_slots(2, backend="jax", in_process=True)


@linux
def test_in_process_everything_happens_here(environment):
    first = available_cores()[0]
    [slot] = make_slots(1, backend="jax", in_process=True)
    assert isinstance(slot, InProcessSlot)
    assert slot.run(eval, PID, trial=0) == os.getpid()
    assert available_cores() == [first]
    assert os.environ["KERAS_BACKEND"] == "jax"
    assert os.environ["OMP_NUM_THREADS"] == "1"
    with pytest.raises(ZeroDivisionError):
        slot.run(eval, "1 / 0", trial=0)
    slot.close()


# The fork server imports Keras once: 3-5 s for the first of these, .1 s for others


@pytest.mark.slow
@pytest.mark.ci
@linux
def test_a_job_runs_pinned_in_another_process_with_its_backend(slot):
    assert slot.run(eval, PID, trial=0) != os.getpid()
    assert slot.run(eval, CORES, trial=0) == available_cores()[:1]
    assert slot.run(eval, BACKEND, trial=0) == "jax"
    assert slot.run(eval, "__import__('os').environ['OMP_NUM_THREADS']", trial=0) == "1"
    # The fork server ignores a preload that fails: then every worker imports Keras.
    server = psutil.Process(slot.run(eval, PID, trial=0)).parent()
    assert any("jaxlib" in part.path for part in server.memory_maps())


@pytest.mark.slow
@linux
def test_slots_take_different_cores_in_turn(environment):
    cores = available_cores()
    slots = make_slots(len(cores) + 1, backend="jax")
    try:
        got = [slot.run(eval, CORES, trial=n) for n, slot in enumerate(slots)]
    finally:
        for slot in slots:
            slot.close()
    assert got == [[core] for core in [*cores, cores[0]]]


@pytest.mark.slow
def test_a_process_per_trial(slot):
    pids = [slot.run(eval, PID, trial=trial) for trial in (0, 0, 0, 1, 1, 0)]
    assert len({*pids[:3]}) == len({*pids[3:5]}) == 1
    assert len(set(pids)) == 3  # coming back to a trial is a new process too
    assert wait_until(lambda: not any(map(psutil.pid_exists, {pids[0], pids[3]})))


GROW = "__import__('builtins').__dict__.setdefault('kept', []).append(b'1' * 2**27)"


@pytest.mark.slow
def test_a_spawned_process_is_kept_until_it_has_grown(environment, monkeypatch):
    monkeypatch.setattr(workers_module, "MAX_GROWTH_MB", 100.0)
    slot = ProcessSlot("jax", core=None, start="spawn")
    try:
        pids = {slot.run(eval, PID, trial=trial) for trial in (0, 0, 1, 2)}
        assert len(pids) == 1
        assert len(spawned()) == 1  # none warms up for nothing
        slot.run(eval, GROW, trial=3)  # 128 MiB
        assert {slot.run(eval, PID, trial=3)} == pids  # not in the middle of a trial
        assert wait_until(lambda: len(spawned()) == 2)
        spare = spawned() - pids
        assert {slot.run(eval, PID, trial=trial) for trial in (4, 5)} == spare
        assert wait_until(lambda: spawned() == spare)
        with pytest.raises(WorkerDiedError):
            slot.run(eval, KILL, trial=5)
        assert slot.run(eval, PID, trial=5) not in {*pids, *spare}
    finally:
        slot.close()
    assert wait_until(lambda: not spawned())


def spawned():
    """Processes that train, where no fork server starts them."""
    found = set()
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if "spawn_main" in " ".join(child.cmdline()):
                found.add(child.pid)
    return found


@pytest.mark.slow
def test_the_next_process_is_ready_before_it_is_needed(slot):
    slot.run(eval, PID, trial=0)
    assert wait_until(lambda: len(workers()) == 2)
    spare = workers() - {slot.run(eval, PID, trial=0)}
    assert {slot.run(eval, PID, trial=1)} == spare


@pytest.mark.slow
def test_a_process_that_dies_is_replaced(slot):
    before = slot.run(eval, PID, trial=0)
    with pytest.raises(WorkerDiedError, match="died in the middle of a fold"):
        slot.run(eval, KILL, trial=0)
    after = slot.run(eval, PID, trial=0)
    assert after != before
    assert slot.run(eval, PID, trial=0) == after
    for _ in range(3):
        with pytest.raises(WorkerDiedError):
            slot.run(eval, KILL, trial=1)
    assert slot.run(eval, "1 + 1", trial=1) == 2


@pytest.mark.slow
def test_a_spare_process_that_died_is_replaced(slot):
    current = slot.run(eval, PID, trial=0)
    assert wait_until(lambda: len(workers()) == 2)
    [spare] = workers() - {current}
    psutil.Process(spare).kill()
    assert wait_until(lambda: spare not in workers())
    # Either it is noticed at once, or the study opens the fold once more.
    try:
        got = slot.run(eval, PID, trial=1)
    except WorkerDiedError:
        got = slot.run(eval, PID, trial=1)
    assert got not in (current, spare)


@pytest.mark.slow
@linux
def test_a_fork_server_that_dies_while_it_starts_a_process_is_replaced(slot):
    server = psutil.Process(slot.run(eval, PID, trial=0)).parent()
    server.suspend()
    threading.Timer(1.0, server.kill).start()
    # the job has a process; the next one's would come from the server
    assert slot.run(eval, "1", trial=1) == 1
    assert slot.run(eval, "2", trial=2) == 2
    assert psutil.Process(slot.run(eval, PID, trial=2)).parent() != server


@pytest.mark.slow
def test_errors_come_back_and_the_process_stays(slot):
    before = slot.run(eval, PID, trial=0)
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        slot.run(eval, "1 / 0", trial=0)
    error = "__import__('search.errors').errors.TrialError('too large')"
    with pytest.raises(TrialError, match=r"^too large$"):
        slot.run(eval, f"(_ for _ in ()).throw({error})", trial=0)
    assert slot.run(eval, PID, trial=0) == before


@pytest.mark.slow
def test_nothing_is_left_after_close(environment):
    before = workers()
    slots = make_slots(2, backend="jax")
    for slot in slots:
        slot.run(eval, PID, trial=0)
    assert wait_until(lambda: len(workers() - before) == 4)
    for slot in slots:
        slot.close()
        slot.close()  # twice is no error
    assert wait_until(lambda: not workers() - before)


@pytest.mark.slow
def test_close_gives_up_a_running_job(environment):
    slot = ProcessSlot("jax", core=None)
    slot.run(eval, PID, trial=0)
    outcome = []

    def train():
        try:
            slot.run(eval, SLEEP, trial=0)
        except WorkerDiedError as error:
            outcome.append(error)

    thread = threading.Thread(target=train)
    thread.start()
    time.sleep(0.2)
    slot.close()
    thread.join(10)
    assert not thread.is_alive()
    assert len(outcome) == 1
    assert wait_until(lambda: not workers())


# A study in a process of its own


@pytest.fixture
def study(tmp_path):
    """Start a script that trains one expression; its processes end with the test."""
    script = tmp_path / "study.py"
    script.write_text(STUDY)
    started = []

    def start(job):
        process = subprocess.Popen(
            [sys.executable, script, job],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout is not None
        pids = json.loads(process.stdout.readline())
        assert len(pids) >= 3  # fork server, worker, spare
        return process, [psutil.Process(pid) for pid in pids]

    yield start
    for process in started:
        if process.poll() is None:
            for left in psutil.Process(process.pid).children(recursive=True):
                left.kill()
            process.kill()
            process.wait()
        process.stdout.close()


def is_gone(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.slow
@pytest.mark.ci
@linux
def test_no_process_of_a_killed_study_lives_on(study):
    process, descendants = study(SLEEP)
    assert not any(map(is_gone, descendants))
    process.send_signal(signal.SIGKILL)
    process.wait()
    alive = wait_until(lambda: all(map(is_gone, descendants)), seconds=5)
    left = [p for p in descendants if not is_gone(p)]
    for p in left:
        p.kill()
    assert alive, left


@pytest.mark.slow
@linux
def test_ctrl_c_does_not_end_a_job(study):
    process, descendants = study("__import__('time').sleep(2) or 'finished'")
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert out.split() == ["Ctrl-C", "finished"]
    assert process.returncode == 0
    assert wait_until(lambda: all(map(is_gone, descendants)))


PRODUCTS = """
(lambda jax: max(
    part.count(" dot(")
    for part in jax.jit(lambda x, a, b: jax.nn.relu(jax.nn.relu(x @ a) @ b))
    .lower(*3 * (jax.numpy.ones((256, 256)),)).compile().as_text().split("\\n\\n")
))(__import__("jax"))
"""


def test_xla_makes_no_kernel_of_two_products(environment):
    slot = ProcessSlot("jax", core=None)
    assert slot.run(eval, PRODUCTS.strip(), trial=0) == 1
    slot.close()
