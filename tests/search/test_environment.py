"""The environment of a process that trains."""

import os

import pytest

from search.environment import BACKENDS, plain_environment, set_environment


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def test_the_users_own_xla_flags_come_last(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_max_isa=AVX2")
    set_environment("jax")
    ours, theirs = os.environ["XLA_FLAGS"].split()
    assert ours.startswith("--xla_cpu_experimental_ynn_fusion_type=")
    assert theirs == "--xla_cpu_max_isa=AVX2"
    set_environment("jax")
    assert os.environ["XLA_FLAGS"].split() == [ours, theirs]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_script_that_sets_the_plain_environment_has_what_a_worker_has(
    backend, monkeypatch
):
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    set_environment(backend)
    plain = plain_environment(backend)
    assert plain["KERAS_BACKEND"] == backend
    assert {name: os.environ[name] for name in plain} == plain
