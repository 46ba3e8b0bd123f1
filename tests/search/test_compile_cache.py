import os
import subprocess
import sys
from pathlib import Path

import pytest

from search import compile_cache
from search.compile_cache import use_compile_cache

NAMES = (
    "JAX_COMPILATION_CACHE_DIR",
    "JAX_COMPILATION_CACHE_MAX_SIZE",
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
    assert any(Path(os.environ["JAX_COMPILATION_CACHE_DIR"]).iterdir())


@pytest.mark.slow
def test_the_oldest_entries_go_where_the_cache_is_full(environment, monkeypatch):
    limit = 20_000  # bytes; the smallest entry has about 2,000
    monkeypatch.setattr(compile_cache, "MAX_BYTES", limit)
    use_compile_cache()
    folder = Path(os.environ["JAX_COMPILATION_CACHE_DIR"])
    code = (
        "import jax, sys\n"
        "for n in range(*map(int, sys.argv[1:])):\n"
        "    jax.jit(lambda x: x * n + n)(float(n)).block_until_ready()\n"
    )
    kept = []
    for begin in (0, 20):
        words = [str(begin), str(begin + 20)]
        subprocess.check_call([sys.executable, "-c", code, *words])
        entries = list(folder.glob("*-cache"))
        kept.append({entry.name for entry in entries})
        assert sum(entry.stat().st_size for entry in entries) <= limit
    first, second = kept
    assert second - first
    assert first - second
    assert len(second) < 20
