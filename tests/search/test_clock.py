from types import SimpleNamespace

import pytest

from search.clock import Clock
from search.types import Budget


@pytest.fixture
def now(monkeypatch):
    """A time that stands still until a test moves it."""
    time = SimpleNamespace(seconds=1000.0)
    monkeypatch.setattr("search.clock.time.monotonic", lambda: time.seconds)
    return time


def test_without_a_limit_there_is_always_time(now):
    clock = Clock(Budget(trials=3))
    clock.trial_took(1e9)
    now.seconds += 1e9
    assert clock.seconds_left() is None
    assert not clock.is_over()
    assert clock.fits_a_trial()


def test_minutes_begin_with_the_clock(now):
    clock = Clock(Budget(minutes=0.5))
    assert clock.seconds_left() == 30
    now.seconds += 29
    assert not clock.is_over()
    now.seconds += 1
    assert clock.is_over()
    now.seconds += 5
    assert clock.seconds_left() == -5


def test_the_first_trial_starts_while_there_is_time(now):
    clock = Clock(Budget(minutes=1))
    assert clock.fits_a_trial()
    now.seconds += 60
    assert not clock.fits_a_trial()


def test_a_trial_starts_only_when_the_median_one_would_end_in_time(now):
    clock = Clock(Budget(minutes=1))
    for seconds in (5.0, 1000.0, 20.0):
        clock.trial_took(seconds)
    now.seconds += 40
    assert clock.fits_a_trial()
    now.seconds += 0.1
    assert not clock.fits_a_trial()
