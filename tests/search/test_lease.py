"""Who works on a study, said in the store by one process and read by another."""

import json
import os
import socket
import subprocess
import sys
import time

import pytest

from search import lease as lease_module
from search.errors import SettingsError
from search.lease import LEASE, LEASE_SECONDS, Lease, holder_of, is_held
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


def say(store, run_id, **changes):
    """Let another machine say that it works on the study."""
    other = {"host": "far", "pid": 7, "started": 1.0, "seen": time.time()} | changes
    store.client.set_tag(run_id, LEASE, json.dumps(other))


def test_who_works_on_a_study_says_so_and_takes_it_back(store, run_id, lease):
    lease.check()
    with lease.held(run_id):
        holder = said(store, run_id)
        assert (holder["host"], holder["pid"]) == (socket.gethostname(), os.getpid())
        lease.check()  # this process may go on
    assert said(store, run_id) is None


def test_it_is_said_again_and_again(store, run_id, lease, monkeypatch):
    monkeypatch.setattr(lease_module, "RENEW_SECONDS", 0.05)
    with lease.held(run_id):
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
    with lease.held(run_id):
        pass


def test_a_lease_of_the_future_is_held():
    # a clock that goes ahead: better believed than written twice
    holder = {"host": "far", "pid": 7, "started": 1.0, "seen": time.time() + 60}
    assert is_held(holder)
