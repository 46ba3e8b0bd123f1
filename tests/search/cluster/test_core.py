"""Cores shared out among processes of a host."""

import os
import subprocess
import sys
import tempfile

import pytest

from search.cluster.core import FOLDER, Core
from search.cores import available_cores

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity"), reason="cores can be chosen"
)

HOLD = """
from search.cluster.core import Core
core = Core()
print(core.number, flush=True)
input()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path / "cores"))


def test_each_gets_its_own_until_there_are_no_more():
    cores = [Core() for _ in available_cores()]
    assert [core.number for core in cores] == available_cores()
    late = Core()
    assert late.number in available_cores()  # shared: better than none
    cores[0].release()
    cores[0].release()  # twice
    late.release()
    assert Core().number == available_cores()[0]


def test_what_a_killed_process_held_is_free_again():
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    first = int(process.stdout.readline())
    with process:
        mine = Core()
        assert mine.number != first or len(available_cores()) == 1
        mine.release()
        process.kill()
    assert Core().number == first


def test_a_folder_that_cannot_be_made_is_no_obstacle(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(FOLDER, str(tmp_path / "file" / "cores"))
    assert Core().number in available_cores()


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The temporary folder that users share; no other one is named."""
    monkeypatch.delenv(FOLDER)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_workers_of_all_users_may_write_in_the_folder_that_is_made(temporary):
    assert Core().number == available_cores()[0]
    mode = (temporary / "tunefold-cores").stat().st_mode
    assert mode & 0o7777 == 0o1777


def test_a_folder_that_is_there_keeps_its_mode(temporary):
    folder = temporary / "tunefold-cores"
    folder.mkdir(mode=0o700)
    first, second = Core(), Core()
    assert first.number == available_cores()[0]
    assert second.number != first.number or len(available_cores()) == 1
    assert folder.stat().st_mode & 0o7777 == 0o700


def test_a_link_in_the_temporary_folder_is_not_followed(temporary):
    private = temporary / "private"
    private.mkdir(mode=0o700)
    (temporary / "tunefold-cores").symlink_to(private)
    assert Core().number in available_cores()
    assert private.stat().st_mode & 0o7777 == 0o700
    assert list(private.iterdir()) == []
