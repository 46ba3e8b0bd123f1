"""The lock of a study beside its journal, taken by processes at once."""

import json
import subprocess
import sys

from search.study_lock import StudyLock, holder, this_process

TAKE = """
import sys, time
from pathlib import Path
from search import study_lock
from search.errors import SettingsError

path, me, other = map(Path, sys.argv[1:])
read = study_lock._read

def read_together(path):  # another may look before this one writes
    found = read(path)
    me.touch()
    deadline = time.monotonic() + 1
    while not other.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return found

study_lock._read = read_together
while not other.with_name("go").exists():
    time.sleep(0.01)
try:
    study_lock.StudyLock(path).take("a")
    print("took", flush=True)
    input()
except SettingsError as error:
    print(error, flush=True)
"""


def test_one_of_two_processes_takes_it(tmp_path):
    path = tmp_path / "running.json"
    words = [str(tmp_path / "one"), str(tmp_path / "two")]
    both = [
        subprocess.Popen(
            [sys.executable, "-c", TAKE, str(path), *order],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for order in (words, words[::-1])
    ]
    (tmp_path / "go").touch()
    try:
        lines = sorted(process.stdout.readline().strip() for process in both)
        owner = holder(path)
        assert lines == [
            f"study 'a': process {owner.pid} is working on it; wait for it, or end "
            "that process first",
            "took",
        ]
        assert owner.is_alive
    finally:
        for process in both:
            process.communicate("\n", timeout=60)


def test_only_the_own_lock_is_released(tmp_path):
    path = tmp_path / "running.json"
    lock = StudyLock(path)
    lock.take("a")
    other = this_process() | {"pid": 7}
    path.write_text(json.dumps(other))  # it took this process for dead
    lock.release()
    assert json.loads(path.read_text()) == other
    lock.take("a")  # that one is dead
    lock.release()
    assert holder(path) is None
    lock.release()
