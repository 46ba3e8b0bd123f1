"""Limits of a trial in real worker processes. Jobs are code: `exec` is importable."""

import time

import pytest

from search.limits import MEMORY_EXIT, OVER, TIME_EXIT, reason_to_end
from search.workers import ProcessSlot, WorkerDiedError


@pytest.fixture
def slot():
    slot = ProcessSlot("jax", core=None)
    yield slot
    slot.close()


TAKE = """
import time, psutil
from search.limits import limited
begun = psutil.Process().memory_info().rss / 2**20
with limited(seconds={seconds}, memory_mb={memory}):
    kept = b"x" * ({megabytes} * 2**20)
    time.sleep({sleep})
"""


def take(*, seconds=None, more_mb=None, megabytes=1, sleep=0.0):
    """Code that takes megabytes and seconds within limits."""
    memory = None if more_mb is None else f"begun + {more_mb}"
    return TAKE.format(seconds=seconds, memory=memory, megabytes=megabytes, sleep=sleep)


# Sleeps and megabytes lie far from the limits: the watch looks 20 times a second.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("over", "exitcode"),
    [
        (take(seconds=0.2, sleep=60.0), TIME_EXIT),
        (take(more_mb=100, megabytes=400, sleep=60.0), MEMORY_EXIT),
    ],
)
def test_a_job_over_its_limit_ends_and_the_next_one_runs(slot, over, exitcode):
    within = take(seconds=60.0, more_mb=2000)
    slot.run(exec, within, trial=0)
    with pytest.raises(WorkerDiedError) as raised:
        slot.run(exec, over, trial=0)
    assert raised.value.exitcode == exitcode
    slot.run(exec, within, trial=1)


@pytest.mark.slow
def test_a_limit_ends_with_what_it_is_for(slot):
    slot.run(exec, take(seconds=0.3), trial=0)
    slot.run(time.sleep, 0.6, trial=0)  # in the same process


def test_reasons_name_the_limit_and_its_option(make_settings):
    settings = make_settings(max_seconds=1.5, max_memory=2000)
    assert reason_to_end(TIME_EXIT, settings) == (
        f"{OVER}its folds may take 1.5 s together (--max-seconds) and needed more"
    )
    assert reason_to_end(MEMORY_EXIT, settings) == (
        f"{OVER}its worker may take 2,000 MB (--max-memory) and needed more"
    )
    assert reason_to_end(-9, settings) is None
    assert reason_to_end(None, settings) is None
