"""Points as rows of numbers: there and back, and new ones."""

import random
from collections import Counter

import numpy as np
import pytest

from search.engines.columns import INACTIVE, Columns
from spaces.dense import DENSE
from spaces.nas import NAS_IMAGES
from spaces.params import Choice, Float, Int
from spaces.space import SearchSpace

MIXED = SearchSpace(
    {
        "kind": Choice(options=("a", "b", "c")),
        "width": Int(low=8, high=512, log=True, when=("kind", ("a", "b"))),
        "few": Int(low=1, high=3),
        "deep": Float(low=1e-5, high=1e-1, log=True, when=("few", (2, 3))),
        "noise": Float(low=0.0, high=0.3, step=0.1),  # .3 is not three times .1
        "under": Float(low=-1.0, high=1.0, when=("noise", (0.1, 0.3))),
        "only": Int(low=4, high=4),
    }
)
SPACES = {"dense": DENSE, "nas": NAS_IMAGES, "mixed": MIXED}
every_space = pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)


@every_space
def test_a_point_comes_back_as_it_was(space):
    columns, rng = Columns(space), random.Random(0)
    for _ in range(50):
        point = space.sample(rng)
        back = columns.point(columns.row(point))
        assert back.keys() == point.keys()
        for name, value in point.items():
            assert type(back[name]) is type(value)
            # a logarithm and back: some units in the last place
            assert back[name] == (
                pytest.approx(value, rel=1e-12) if isinstance(value, float) else value
            )


@every_space
def test_new_rows_are_points_of_the_space(space):
    columns, rng = Columns(space), np.random.default_rng(0)
    rows = columns.spread(rng.uniform(size=(200, len(space.params))))
    for made in (rows, columns.step(rng, rows, width=0.2)):
        for row in made:
            point = columns.point(row)
            assert list(space.check(point)) == list(point)
    numbers = rows[:, [not n for n in columns.n_options]]
    assert np.all((numbers == INACTIVE) | ((numbers >= 0) & (numbers <= 1)))


@every_space
def test_a_step_changes_something_and_leaves_most(space):
    columns, rng = Columns(space), np.random.default_rng(0)
    rows = columns.spread(rng.uniform(size=(200, len(space.params))))
    before = rows.copy()
    same = columns.step(rng, rows, width=0.2) == rows
    assert np.array_equal(rows, before)
    # A choice may be drawn as it was, and a small step may be none.
    assert (~same).any(axis=1).mean() > 0.4
    assert same.mean() > 0.6


def test_each_value_is_equally_likely():
    columns = Columns(MIXED)
    rows = columns.spread(np.random.default_rng(0).uniform(size=(6000, 7)))
    points = [columns.point(row) for row in rows]
    for name, n_values in (("kind", 3), ("few", 3), ("noise", 4)):
        counts = Counter(point[name] for point in points)
        assert len(counts) == n_values
        # binomial: four standard deviations of 6000 draws are below .025 of them
        shares = np.array(list(counts.values())) / len(points)
        assert np.abs(shares - 1 / n_values).max() < 0.025


def test_small_steps_stay_near():
    columns = Columns(SearchSpace({"x": Float(low=0.0, high=1.0)}))
    rows = np.full((500, 1), 0.5)
    away = np.abs(columns.step(np.random.default_rng(0), rows, width=0.01) - 0.5)
    # one of five is drawn anew; the others are within five standard deviations
    assert 0.7 < (away < 0.05).mean() < 0.9


def test_a_search_begins_with_the_defaults_to_the_last_digit():
    columns = Columns(DENSE)
    assert columns.point(columns.initial) == DENSE.initial()
