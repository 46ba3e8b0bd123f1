"""What is proposed from what is known."""

import numpy as np
import pytest

from search.engines.columns import Columns
from search.engines.gaussian_process import fit
from search.engines.surrogate import (
    N_START,
    failed_by_chance,
    improvement,
    propose,
    targets,
)
from spaces.params import Choice, Float
from spaces.space import SearchSpace

BOX = Columns(SearchSpace({name: Float(low=0.0, high=1.0) for name in "xy"}))
NONE = np.empty((0, 2))


def value(rows):
    return -((rows - [0.3, 0.8]) ** 2).sum(axis=1)


def known(n, *, seed=0):
    rows = np.random.default_rng(seed).uniform(size=(n, 2))
    return rows, value(rows)


def next_row(rows, values, running=NONE, *, columns=BOX, seed=1):
    return propose(columns, rows, values, running, start_seed=7, seed=seed)


def test_the_first_point_is_what_the_space_begins_with():
    assert next_row(NONE, np.empty(0)).tolist() == [0.5, 0.5]
    space = SearchSpace(
        {"x": Float(low=0.0, high=10.0, default=1.0), "y": Choice(options=("a", "b"))}
    )
    row = next_row(NONE, np.empty(0), columns=Columns(space))
    assert row.tolist() == [0.1, 0.0]


def test_the_next_points_are_spread():
    rows = next_row(NONE, np.empty(0))[None]
    for _ in range(8):
        rows = np.vstack([rows, next_row(rows, value(rows))])
    # a Sobol sequence: one in each eighth of each parameter
    for column in rows[1:].T:
        assert sorted((8 * column).astype(int)) == list(range(8))


def test_running_trials_count_among_the_first():
    rows = NONE
    for _ in range(6):
        rows = np.vstack([rows, next_row(NONE, np.empty(0), rows)])
    assert len(np.unique(rows, axis=0)) == 6


def test_scale_and_diverged_networks_do_not_matter():
    rows, values = known(25)
    values[values.argmin()] = -5.0
    plain = next_row(rows, values)
    np.testing.assert_array_equal(next_row(rows, 64 * values + 32), plain)
    values[values.argmin()] = -1e300
    np.testing.assert_array_equal(next_row(rows, values), plain)


@pytest.mark.parametrize("value", [0.5, -np.inf])
def test_equal_values_teach_nothing_and_break_nothing(value):
    row = next_row(known(25)[0], np.full(25, value))
    assert ((row >= 0) & (row <= 1)).all()


def test_what_is_not_allowed_is_left_alone():
    rows, values = known(40)
    forbidden = rows[:, 0] < 0.5  # where the best is
    proposed = [
        next_row(rows, np.where(forbidden, -np.inf, values), seed=seed)
        for seed in range(5)
    ]
    assert min(row[0] for row in proposed) > 0.45


def test_a_failure_among_good_neighbours_is_by_chance():
    rows, values = known(40)
    failed = np.argsort(-values)[1]
    values[failed] = values.min()
    process = fit(rows, targets(values), BOX.n_options)
    assert np.flatnonzero(failed_by_chance(process)).tolist() == [failed]


def test_failures_side_by_side_and_bad_trials_are_not_by_chance():
    rows, values = known(40)
    assert not failed_by_chance(fit(rows, targets(values), BOX.n_options)).any()
    corner = (rows > 0.6).all(axis=1)  # where some of the best are
    assert corner.sum() > 3
    values[corner] = values.min()
    assert not failed_by_chance(fit(rows, targets(values), BOX.n_options)).any()


def test_what_is_running_is_not_proposed_again():
    rng = np.random.default_rng(0)
    rows, values = known(30)
    values = values + rng.normal(scale=0.1, size=30)  # so that it pays to look twice
    running = NONE
    for seed in range(6):
        running = np.vstack([running, next_row(rows, values, running, seed=seed)])
    alone = np.array([next_row(rows, values, seed=seed) for seed in range(6)])
    assert np.ptp(running, axis=0).sum() > 2 * np.ptp(alone, axis=0).sum()


def test_a_small_space_is_covered_before_anything_is_repeated():
    space = SearchSpace({name: Choice(options=tuple(range(5))) for name in "ab"})
    columns = Columns(space)
    rows = NONE
    for number in range(25):
        values = -rows.sum(axis=1)
        rows = np.vstack(
            [rows, next_row(rows, values, columns=columns, seed=number + 1)]
        )
    # the first ones may meet twice by chance
    assert len(np.unique(rows[N_START:], axis=0)) == 25 - N_START
    everything = np.array([[a, b] for a in range(5) for b in range(5)], float)
    again = next_row(everything, -everything.sum(axis=1), columns=columns)
    assert again.tolist() == [0.0, 0.0]


def test_improvement_is_the_mean_of_what_exceeds_the_best():
    rows, values = known(15)
    process = fit(rows, (values - values.mean()) / values.std(), (0, 0))
    new = np.array([[0.2, 0.7], [0.9, 0.1]])
    mean, std = process.predict(new)
    draws = np.random.default_rng(0).normal(mean, std, size=(200_000, 2))
    # the standard error of this many draws is below .002 standard deviations
    assert improvement(process, new, best=0.5) == pytest.approx(
        np.maximum(draws - 0.5, 0).mean(axis=0), abs=0.01 * std.max()
    )
