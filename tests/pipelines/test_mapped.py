import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pipelines.mapped import open_mapped, user_cache_folder
from pipelines.part import Part, digest
from spaces.errors import DataError

ROOT = Path(__file__).parents[2]


def load(part):
    n = {"train": 50, "test": 20}[part]
    X = np.arange(n * 4, dtype=np.uint16).reshape(n, 2, 2)
    return Part(X, np.arange(n) % 3, source="made up", groups=np.arange(n) // 5)


def never(part):
    raise AssertionError("the cache holds the data: the loader must not be called")


def open_train(loader, cache):
    expected = digest(load("train"))
    return open_mapped(
        loader, name="made", part="train", expected_digest=expected, cache=cache
    )


def test_the_first_loads_and_the_others_map_the_same_file(tmp_path):
    cache = tmp_path / "new" / "cache"
    for loader in (load, never):
        mapped = open_train(loader, cache)
        assert digest(mapped) == digest(load("train"))
        assert mapped.source == "made up"
        for array in mapped.arrays().values():
            assert isinstance(array, np.memmap)
            assert not array.flags.writeable
        assert mapped.groups is not None
    [folder] = cache.iterdir()
    assert folder.name == digest(load("train"))
    left = {path.name for path in folder.iterdir()}
    assert left == {"X.npy", "y.npy", "groups.npy", "part.json"}


def test_other_data_is_refused_and_not_stored(tmp_path):
    with pytest.raises(DataError, match="refuses to train on other data") as error:
        open_train(lambda part: load("test"), tmp_path)
    assert digest(load("train")) in str(error.value)
    assert digest(load("test")) in str(error.value)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["X.npy", "y.npy", "groups.npy", "part.json"])
@pytest.mark.parametrize("keep", [None, 0.0, 0.2, 0.99])
def test_a_cut_or_missing_file_is_written_again(name, keep, tmp_path):
    in_use = open_train(load, tmp_path)
    path = tmp_path / digest(in_use) / name
    content = path.read_bytes()
    path.unlink()  # a mapping that is in use keeps its file
    if keep is not None:
        path.write_bytes(content[: int(len(content) * keep)])
    assert digest(open_train(load, tmp_path)) == digest(load("train"))
    assert isinstance(open_train(never, tmp_path).X, np.memmap)
    assert digest(in_use) == digest(load("train"))


def test_a_damaged_header_is_written_again(tmp_path):
    path = tmp_path / digest(open_train(load, tmp_path)) / "X.npy"
    content = path.read_bytes()
    for position in range(128):
        path.unlink()
        path.write_bytes(content[:position] + b"(" + content[position + 1 :])
        assert digest(open_train(load, tmp_path)) == digest(load("train"))


def test_a_cache_that_cannot_be_written_gives_the_loaded_arrays(tmp_path):
    (tmp_path / "file").touch()
    loaded = open_train(load, tmp_path / "file" / "cache")
    assert not isinstance(loaded.X, np.memmap)
    assert digest(loaded) == digest(load("train"))


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="needs a user whom permissions stop",
)
def test_a_read_only_cache_gives_the_loaded_arrays(tmp_path):
    tmp_path.chmod(0o500)
    assert digest(open_train(load, tmp_path)) == digest(load("train"))


RACER = """
import sys, time
from pathlib import Path
import numpy as np
from pipelines.mapped import open_mapped
from pipelines.part import Part, digest

def load(part):
    print("loaded", flush=True)
    X = np.arange(3_000_000, dtype=np.int32).reshape(-1, 3)
    return Part(X, np.arange(len(X)), source="made up")

cache, expected = Path(sys.argv[1]), sys.argv[2]
(cache / f"ready-{sys.argv[3]}").touch()
while not (cache / "go").exists():
    time.sleep(0.001)
part = open_mapped(
    load, name="made", part="train", expected_digest=expected, cache=cache / "cache"
)
assert isinstance(part.X, np.memmap), type(part.X)
assert digest(part) == expected
"""


@pytest.mark.parametrize("damaged", [False, True], ids=["empty", "damaged"])
def test_two_processes_race_for_the_cache(damaged, tmp_path):
    X = np.arange(3_000_000, dtype=np.int32).reshape(-1, 3)
    expected = digest(Part(X, np.arange(len(X)), source=""))
    folder = tmp_path / "cache" / expected
    if damaged:
        folder.mkdir(parents=True)
        for name in ("X.npy", "y.npy", "part.json"):
            (folder / name).write_bytes(b"half")
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path), expected, str(number)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    deadline = time.monotonic() + 30
    while len(list(tmp_path.glob("ready-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    (tmp_path / "go").touch()
    for racer in racers:
        stdout, stderr = racer.communicate(timeout=60)
        assert racer.returncode == 0, stderr
        assert stdout in ("loaded\n", "")
    left = {path.name for path in folder.iterdir()}
    assert left == {"X.npy", "y.npy", "part.json"}


@pytest.mark.skipif(sys.platform != "linux", reason="XDG folders are Linux's")
def test_the_default_is_the_users_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert user_cache_folder() == tmp_path / "home" / ".cache" / "tunefold"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert user_cache_folder() == tmp_path / "xdg" / "tunefold"
    mapped = open_train(load, None)
    assert (tmp_path / "xdg" / "tunefold" / digest(mapped) / "X.npy").is_file()
