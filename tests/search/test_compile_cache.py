import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from search import compile_cache
from search.compile_cache import PAGE_BYTES, TRIMMED, use_compile_cache

NAMES = (
    "JAX_COMPILATION_CACHE_DIR",
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES",
)


@pytest.fixture
def environment(monkeypatch, tmp_path):
    for name in NAMES:
        monkeypatch.setenv(name, "to be restored")
        monkeypatch.delenv(name)
    monkeypatch.setattr(compile_cache, "user_cache_folder", lambda: tmp_path)
    return tmp_path


def test_the_cache_lies_in_the_users_folder_by_processor(environment):
    use_compile_cache()
    folder = Path(os.environ["JAX_COMPILATION_CACHE_DIR"])
    assert folder.parent == environment
    assert folder.name.startswith("jax-")
    assert set(NAMES) <= set(os.environ)
    again = folder.name
    del os.environ["JAX_COMPILATION_CACHE_DIR"]
    use_compile_cache()
    assert Path(os.environ["JAX_COMPILATION_CACHE_DIR"]).name == again


def test_what_the_user_has_set_stays(environment, monkeypatch):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "/elsewhere")
    use_compile_cache()
    assert os.environ["JAX_COMPILATION_CACHE_DIR"] == "/elsewhere"


def test_a_user_without_a_home_has_no_cache(environment, monkeypatch):
    monkeypatch.setattr(compile_cache, "user_cache_folder", lambda: None)
    use_compile_cache()
    assert not set(NAMES) & set(os.environ)


@pytest.mark.slow
def test_jax_writes_there_and_reads_back(environment):
    use_compile_cache()
    # JAX reads the environment once, when it is imported.
    code = (
        "import jax, sys; log = [];"
        "jax.monitoring.register_event_listener(lambda name, **_: log.append(name));"
        "jax.jit(lambda x: x * 3 + 1)(2.0).block_until_ready();"
        "print('/jax/compilation_cache/cache_hits' in log)"
    )
    command = [sys.executable, "-c", code]
    seen = [subprocess.check_output(command, text=True).strip() for _ in range(2)]
    assert seen == ["False", "True"]
    assert any(Path(os.environ["JAX_COMPILATION_CACHE_DIR"]).glob("*-cache"))


def fill(folder, **entries):
    """Write entries of 1,000 bytes, used so many hours ago."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, hours in entries.items():
        (folder / name).write_bytes(bytes(1000))
        then = time.time() - hours * 3600
        os.utime(folder / name, (then, then))


def names(folder):
    return {path.name for path in folder.iterdir()} - {TRIMMED}


@pytest.fixture
def folder(environment, monkeypatch):
    """The cache of this processor, which may hold 2,500 bytes."""
    monkeypatch.setattr(compile_cache, "MAX_BYTES", 2500)
    use_compile_cache()
    return Path(os.environ["JAX_COMPILATION_CACHE_DIR"])


def test_what_was_used_longest_ago_goes_where_the_cache_is_full(folder):
    fill(folder, a=5, b=9, c=1, d=7)
    os.utime(folder / TRIMMED, (0, 0))
    use_compile_cache()
    assert names(folder) == {"a", "c"}


def test_an_entry_that_is_read_again_counts_as_used(folder):
    fill(folder, a=5, b=9, c=1)
    written = time.time() - 9 * 3600
    os.utime(folder / "b", (time.time(), written))  # as the system does on reading
    os.utime(folder / TRIMMED, (0, 0))
    use_compile_cache()
    assert names(folder) == {"b", "c"}


def test_an_entry_whose_writer_was_killed_goes(folder):
    fill(folder, a=5)
    (folder / "not-begun").touch()
    (folder / "cut").write_bytes(bytes(2 * PAGE_BYTES))
    os.utime(folder / TRIMMED, (0, 0))
    use_compile_cache()
    assert names(folder) == {"a"}


def test_a_killed_write_ends_after_whole_pages(tmp_path):
    path, n_bytes = tmp_path / "entry", 2**26 + 1
    code = f"import pathlib; b = b'x' * {n_bytes}; pathlib.Path('entry').write_bytes(b)"
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path) as writer:
        while not (path.exists() and path.stat().st_size):
            time.sleep(0.001)
        writer.kill()
    assert path.stat().st_size in (*range(0, n_bytes, PAGE_BYTES), n_bytes)


def test_the_bound_is_looked_after_once_an_hour(folder):
    fill(folder, a=5, b=9, c=1)
    use_compile_cache()
    assert names(folder) == {"a", "b", "c"}


def test_a_folder_of_the_users_own_is_left_alone(folder, tmp_path, monkeypatch):
    own = tmp_path / "own"
    fill(own, a=5, b=9, c=1)
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(own))
    use_compile_cache()
    assert names(own) == {"a", "b", "c"}


def test_jax_does_not_look_at_every_entry_before_it_writes_one(environment):
    use_compile_cache()
    # It does so where it has a bound of its own.
    code = "import jax; print(jax.config.jax_compilation_cache_max_size)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "-1\n"
