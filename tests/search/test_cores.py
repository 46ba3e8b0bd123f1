"""How many folds this machine may train at once, and where."""

import os
import sys

import pytest

from search.cores import MAX_WORKERS, allowed_workers, available_cores, n_cores
from search.errors import SettingsError


def test_cores_are_those_of_this_process():
    assert n_cores() >= 1
    if sys.platform == "linux":
        assert available_cores() == sorted(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("limit", "allowed"), [("", 8), (" ", 8), ("3", 3), ("8", 8), ("100", 8)]
)
def test_the_limit_lowers_what_is_wanted_and_never_raises_it(
    monkeypatch, limit, allowed
):
    monkeypatch.setenv(MAX_WORKERS, limit)
    assert allowed_workers(8) == allowed


@pytest.mark.parametrize("limit", ["0", "-1", "many", "1.5"])
def test_a_limit_that_is_no_number_is_refused(monkeypatch, limit):
    monkeypatch.setenv(MAX_WORKERS, limit)
    with pytest.raises(SettingsError, match="TUNEFOLD_MAX_WORKERS: must be a number"):
        allowed_workers(8)
