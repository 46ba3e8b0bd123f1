"""The lock of a study beside its journal, taken by processes at once."""

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import psutil
import pytest

from search.errors import SettingsError
from search.study_lock import StudyLock, holder, this_process

TAKE = """
import sys
from pathlib import Path
from search.errors import SettingsError
from search.study_lock import StudyLock

path = Path(sys.argv[1])
lock = StudyLock(path)
try:
    lock.take("a")
    lock.announce()
    print("took", flush=True)
    input()
    lock.release()
except SettingsError as error:
    print(error, flush=True)
"""

WITH_CHILDREN = """
import multiprocessing, subprocess, sys, time
from pathlib import Path
from search.study_lock import StudyLock

if __name__ == "__main__":
    lock = StudyLock(Path(sys.argv[1]))
    lock.take("a")
    lock.announce()
    children = []
    for start in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context(start)
        child = context.Process(target=time.sleep, args=(60,))
        child.start()
        children.append(child.pid)
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    children.append(subprocess.Popen(sleep, close_fds=False).pid)
    print(*children, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "running.json"


def start(code, *words, within=()):
    return subprocess.Popen(
        [*within, sys.executable, "-c", code, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@contextmanager
def taken_elsewhere(path, *, within=()):
    """Let another process have the study."""
    process = start(TAKE, path, within=within)
    try:
        assert process.stdout.readline() == "took\n"
        yield process
    finally:
        process.communicate("\n", timeout=60)


def test_one_of_two_processes_takes_it(path):
    both = [start(TAKE, path) for _ in range(2)]
    try:
        lines = sorted(process.stdout.readline().strip() for process in both)
        owner = holder(path)
        assert owner.is_alive
        assert owner.who in [f"process {process.pid}" for process in both]
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(owner.since))
        assert lines == [
            f"study 'a': {owner.who} is working on it, since {since}; wait for it, or "
            "end that process first",
            "took",
        ]
    finally:
        for process in both:
            process.communicate("\n", timeout=60)
    assert holder(path) is None


@pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(["unshare", "--pid", "--fork", "true"], check=False).returncode,
    reason="needs the right to make a container's space of processes",
)
def test_a_process_that_cannot_be_seen_from_here_holds_it(path):
    # As in two containers: to the other one, this process is not there, and it is 1.
    within = ["unshare", "--pid", "--fork", "--mount-proc"]
    lock = StudyLock(path)
    with taken_elsewhere(path, within=within):
        assert holder(path).is_alive
        with pytest.raises(SettingsError, match="is working on it"):
            lock.take("a")
    lock.take("a")
    lock.announce()
    line = start(TAKE, path, within=within).communicate("\n", timeout=60)[0]
    assert "is working on it" in line
    lock.release()


def test_a_process_of_another_host_is_named_with_it(path):
    with taken_elsewhere(path):
        said = json.loads(path.read_text())
        path.write_text(json.dumps(said | {"host": "far"}))
        assert holder(path).who == f"process {said['pid']} of far"
        path.write_text(json.dumps(said))
    assert holder(path) is None


def test_of_a_killed_process_its_children_do_not_have_it(path, tmp_path):
    script = tmp_path / "script.py"  # what is spawned reads it again
    script.write_text(WITH_CHILDREN)
    process = subprocess.Popen(
        [sys.executable, str(script), str(path)], stdout=subprocess.PIPE, text=True
    )
    children = []
    try:
        children = [psutil.Process(int(p)) for p in process.stdout.readline().split()]
        assert holder(path).is_alive
        process.kill()
        process.wait()
        living = [child for child in children if child.is_running()]
        assert len(living) >= 2
        assert not holder(path).is_alive
        lock = StudyLock(path)
        lock.take("a")
        assert any(child.is_running() for child in living)
        lock.release()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        for child in children:
            if child.is_running():
                child.kill()


def test_who_looks_keeps_nobody_out(path):
    over = threading.Event()

    def look():
        while not over.is_set():
            holder(path)

    looking = [threading.Thread(target=look) for _ in range(3)]
    for thread in looking:
        thread.start()
    try:
        lock = StudyLock(path)
        for _ in range(20):
            lock.take("a")
            lock.release()
    finally:
        over.set()
        for thread in looking:
            thread.join()


def test_who_looks_writes_nothing(path):
    assert holder(path) is None
    assert list(path.parent.iterdir()) == []


def test_until_it_is_announced_nothing_changes(path):
    killed = this_process() | {"pid": 7, "host": socket.gethostname(), "since": 1.0}
    path.write_text(json.dumps(killed))
    before = path.read_bytes()
    assert (holder(path).who, holder(path).is_alive) == ("process 7", False)
    lock, other = StudyLock(path), StudyLock(path)
    lock.take("a")
    # not the one that was killed
    with pytest.raises(SettingsError, match="'a': another process is working on it; "):
        other.take("a")
    lock.release()
    assert path.read_bytes() == before
    lock.take("a")
    lock.announce()
    assert holder(path).who == f"process {os.getpid()}"
    lock.release()
    assert holder(path) is None
    lock.release()


def test_where_there_are_no_locks_the_machine_s_processes_are_looked_at(
    path, monkeypatch
):
    fcntl = pytest.importorskip("fcntl")

    def unknown(*words):
        raise OSError(errno.ENOLCK, "No locks available")

    lock = StudyLock(path)
    with taken_elsewhere(path) as process:
        monkeypatch.setattr(fcntl, "flock", unknown)
        assert holder(path).is_alive
        with pytest.raises(SettingsError, match=f"process {process.pid} is working"):
            lock.take("a")
        process.kill()
        process.wait()
        assert not holder(path).is_alive
        lock.take("a")
        lock.announce()
        path.write_text("{}")  # another has come: it is not told apart
        lock.release()
        assert path.read_text() == "{}"


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="file/a: cannot be written"):
        StudyLock(tmp_path / "file" / "a" / "running.json").take("a")
