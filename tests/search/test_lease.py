"""Who works on a study, said in the store by one process and read by another."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest
from mlflow.exceptions import MlflowException

from search import lease as lease_module
from search.errors import FatalError, SettingsError
from search.lease import CLAIM, LEASE, LEASE_SECONDS, Lease, holder_of, is_held
from search.recorder import Recorder


@pytest.fixture
def run_id(store, make_settings):
    recorder = Recorder(store, make_settings(), began=1.0)
    recorder.begin({})
    return recorder.run_id


@pytest.fixture
def lease(store):
    return Lease(store, "a")


def said(store, run_id):
    return holder_of(store.client.get_run(run_id))


def say(store, run_id, tag=LEASE, **changes):
    """Let another machine say that it works on the study."""
    other = {"host": "far", "pid": 7, "started": 1.0, "seen": time.time()} | changes
    store.client.set_tag(run_id, tag, json.dumps(other))


def test_who_works_on_a_study_says_so_and_takes_it_back(store, run_id, lease):
    lease.check()
    with lease.held():
        holder = said(store, run_id)
        assert (holder["host"], holder["pid"]) == (socket.gethostname(), os.getpid())
        lease.check()  # this process may go on
    assert said(store, run_id) is None


def test_it_is_said_again_and_again(store, run_id, lease, monkeypatch):
    monkeypatch.setattr(lease_module, "RENEW_SECONDS", 0.05)
    with lease.held():
        first = said(store, run_id)["seen"]
        deadline = time.monotonic() + 20
        while said(store, run_id)["seen"] == first and time.monotonic() < deadline:
            time.sleep(0.05)
        assert said(store, run_id)["seen"] > first


def test_another_machine_is_believed_until_it_is_silent_for_long(store, run_id, lease):
    say(store, run_id, seen=time.time() - 20)
    with pytest.raises(SettingsError) as raised:
        lease.check()
    assert str(raised.value).startswith("study 'a': far (process 7) is working on it, ")
    assert "if it is gone, try again in " in str(raised.value)
    say(store, run_id, seen=time.time() - LEASE_SECONDS - 1)
    lease.check()


def test_a_process_of_this_machine_is_looked_for(store, run_id, lease):
    here = {"host": socket.gethostname()}
    living = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    import psutil

    here |= {"pid": living.pid, "started": psutil.Process(living.pid).create_time()}
    say(store, run_id, **here)
    with pytest.raises(SettingsError, match="is working on it"):
        lease.check()
    living.kill()
    living.communicate()
    lease.check()  # at once: it is known to be dead


@pytest.mark.parametrize("first", [True, False])
def test_of_two_that_claim_it_at_once_one_goes_away(first, store, run_id, lease):
    # sorts before or after all hexadecimal numbers
    tag = CLAIM + ("." if first else "z")
    say(store, run_id, tag=tag)
    if first:
        with pytest.raises(SettingsError, match=r"far \(process 7\) is working on it"):
            lease.held().__enter__()
        assert said(store, run_id) is None
    else:
        leaving = threading.Timer(1.0, store.client.delete_tag, (run_id, tag))
        leaving.start()
        with lease.held():
            leaving.join()
            assert said(store, run_id)["pid"] == os.getpid()
    tags = store.client.get_run(run_id).data.tags
    assert [name for name in tags if name.startswith(CLAIM)] == ([tag] * first)


def test_a_claim_of_a_process_that_has_died_is_soon_too_old(store, run_id, lease):
    say(store, run_id, tag=CLAIM + ".", seen=time.time() - LEASE_SECONDS - 1)
    with lease.held():
        assert said(store, run_id)["pid"] == os.getpid()


TAKE = """
import sys, time
from pathlib import Path
from search.errors import FatalError, SettingsError
from search.lease import Lease
from search.store import Store

store, me, other = Store(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
set_tag, first = store.client.set_tag, True

def set_tag_together(*words):  # both have looked before one writes
    global first
    if first:
        first = False
        me.touch()
        while not other.exists():
            time.sleep(0.01)
    set_tag(*words)

store.client.set_tag = set_tag_together
try:
    with Lease(store, "a").held():
        print("took", flush=True)
        input()
except SettingsError as error:
    print(error, flush=True)
"""


@pytest.mark.slow
@pytest.mark.ci
def test_one_of_two_processes_takes_it(store, run_id, tmp_path):
    words = [str(tmp_path / "one"), str(tmp_path / "two")]
    both = [
        subprocess.Popen(
            [sys.executable, "-c", TAKE, store.uri, *order],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for order in (words, words[::-1])
    ]
    try:
        lines = sorted(process.stdout.readline().strip() for process in both)
        assert lines[1] == "took"
        assert lines[0].startswith("study 'a': ")
        assert "is working on it" in lines[0]
        assert said(store, run_id)["pid"] in {process.pid for process in both}
    finally:
        for process in both:
            process.communicate("\n", timeout=60)
    assert said(store, run_id) is None


@pytest.fixture
def eager(monkeypatch):
    monkeypatch.setattr(lease_module, "RENEW_SECONDS", 0.05)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("ended", [False, True])
def test_who_was_replaced_stops_and_leaves_the_other_alone(ended, store, run_id, lease):
    reasons, told = [], threading.Event()
    with lease.held():
        lease.when_lost(lambda reason: (reasons.append(reason), told.set()))
        deadline = time.monotonic() + 30
        while not told.wait(0.1) and time.monotonic() < deadline:
            # again: it may have come between a look and a word
            if ended:
                with suppress(MlflowException):  # it is gone already
                    store.client.delete_tag(run_id, LEASE)
            else:
                say(store, run_id)
        with pytest.raises(FatalError):
            lease.assure()
    [reason] = reasons
    who = "another process" if ended else "far (process 7)"
    assert reason == (
        f"study 'a': {who} has taken it over while the tracking store did not hear of "
        "this process; go on there, or here after moving tunefold-studies/a away, "
        "which has what this process found since"
    )
    assert (said(store, run_id) is None) is ended


def test_who_was_silent_for_long_looks_before_it_writes(store, run_id, lease):
    with lease.held():
        say(store, run_id)
        lease.assure()  # the store has just heard of this process
        lease._said_at -= LEASE_SECONDS
        with pytest.raises(FatalError, match="has taken it over"):
            lease.assure()


@pytest.mark.usefixtures("eager")
def test_a_run_that_is_written_anew_is_taken_again(store, run_id, lease, make_settings):
    lost = []
    with lease.held():
        lease.when_lost(lost.append)
        store.client.delete_run(run_id)
        lease.assure()
        recorder = Recorder(store, make_settings(), began=1.0)
        recorder.begin({})
        deadline = time.monotonic() + 30
        while said(store, recorder.run_id) is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert said(store, recorder.run_id)["pid"] == os.getpid()
    assert lost == []
    assert said(store, recorder.run_id) is None


@pytest.mark.parametrize(
    "text",
    ["", "no json", "[1]", "{}", '{"host": 1, "pid": 2, "started": 3, "seen": 4}'],
)
def test_what_is_no_lease_holds_nothing(text, store, run_id, lease):
    store.client.set_tag(run_id, LEASE, text)
    lease.check()
    assert said(store, run_id) is None


def test_a_store_that_fails_stops_no_search(store, run_id, lease, monkeypatch):
    def fail(*words):
        raise ConnectionError

    monkeypatch.setattr(store.client, "set_tag", fail)
    monkeypatch.setattr(store.client, "delete_tag", fail)
    with lease.held():
        pass


def test_a_lease_of_the_future_is_held():
    # a clock that goes ahead: better believed than written twice
    holder = {"host": "far", "pid": 7, "started": 1.0, "seen": time.time() + 60}
    assert is_held(holder)
