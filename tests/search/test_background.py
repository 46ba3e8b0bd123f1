import threading
import time

import pytest

from search import background
from search.background import BackgroundWriter


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(background, "PAUSES", (0.01, 0.02))


@pytest.fixture
def writer():
    writer = BackgroundWriter()
    yield writer
    writer.close(patience=0.0)


class Server:
    """Fails as often as it is told to, then takes what comes."""

    def __init__(self, *, failures):
        self.failures = failures
        self.tries = 0
        self.taken = []

    def take(self, value):
        self.tries += 1
        if self.tries <= self.failures:
            raise ConnectionError(f"try {self.tries}")
        self.taken.append(value)


def test_actions_run_in_their_order_in_another_thread(writer):
    done = []
    for number in range(100):
        writer.put(lambda n=number: done.append((n, threading.current_thread())))
    assert writer.close(patience=1.0) == 0
    assert [number for number, _ in done] == list(range(100))
    assert {thread for _, thread in done} != {threading.current_thread()}


def test_an_action_that_fails_is_tried_again_before_the_next(writer):
    server = Server(failures=4)
    for number in range(3):
        writer.put(lambda n=number: server.take(n))
    assert writer.close(patience=5.0) == 0
    assert server.taken == [0, 1, 2]
    assert server.tries == 7
    assert writer.last_error is None


def test_put_never_waits(writer):
    release = threading.Event()
    writer.put(release.wait)
    began = time.monotonic()
    for _ in range(1000):
        writer.put(lambda: None)
    took = time.monotonic() - began
    release.set()
    assert writer.close(patience=1.0) == 0
    assert took < 1.0  # it takes milliseconds


def test_settled_is_what_was_put_so_far_and_more_may_follow(writer):
    done = []
    for number in range(3):
        writer.put(lambda n=number: (time.sleep(0.15), done.append(n)))
    assert writer.settle(patience=0.05) == 0
    assert done == [0, 1, 2]
    writer.put(lambda: done.append(3))
    assert writer.close(patience=1.0) == 0
    assert done == [0, 1, 2, 3]
    assert writer.close(patience=1.0) == 0  # closed twice


@pytest.mark.parametrize("good", [0, 3])
def test_what_cannot_be_done_is_given_up_and_counted(writer, good):
    server = Server(failures=10**9)
    done = []
    for number in range(good):
        writer.put(lambda n=number: done.append(n))
    for number in range(5):
        writer.put(lambda n=number: server.take(n))
    began = time.monotonic()
    assert writer.close(patience=0.3) == 5
    assert 0.3 <= time.monotonic() - began < 3.0
    assert done == list(range(good))
    assert server.taken == []
    assert isinstance(writer.last_error, ConnectionError)


def test_nothing_is_done_after_it_was_given_up(writer):
    down, done = threading.Event(), []

    def fail_until_down():
        if not down.is_set():
            raise ConnectionError

    writer.put(fail_until_down)
    writer.put(lambda: done.append("later"))
    assert writer.close(patience=0.1) == 2
    down.set()
    writer._thread.join(5.0)
    assert not writer._thread.is_alive()
    assert done == []


def test_slow_work_is_waited_for_however_long_it_takes(writer):
    done = []
    for number in range(4):
        writer.put(lambda n=number: (time.sleep(0.15), done.append(n)))
    assert writer.close(patience=0.05) == 0
    assert done == [0, 1, 2, 3]


def test_patience_begins_anew_with_each_step_forward(writer):
    servers = [Server(failures=10) for _ in range(4)]  # .2 s each
    for server in servers:
        writer.put(lambda s=server: s.take(0))
    assert writer.close(patience=0.45) == 0
