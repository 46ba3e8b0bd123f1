import random

import pytest

from search.engines.optuna_importance import ped_anova
from spaces.params import Choice, Float, Int

SPACE = {
    "x": Float(low=0.0, high=1.0),
    "n": Int(low=1, high=64, log=True),
    "kind": Choice(options=("a", "b")),
    "only_b": Float(low=0.0, high=1.0, when=("kind", ("b",))),
}


def draw(n, seed=0):
    rng = random.Random(seed)
    points = []
    for _ in range(n):
        point = {name: SPACE[name].sample(rng) for name in ("x", "n", "kind")}
        if point["kind"] == "b":
            point["only_b"] = rng.random()
        points.append(point)
    return points


def test_what_decides_has_the_largest_share():
    points = draw(100)
    shares = ped_anova(SPACE, points, [point["x"] for point in points], n_best=10)
    assert set(shares) == set(SPACE)
    assert next(iter(shares)) == "x"
    assert shares["x"] > 0.5
    assert sum(shares.values()) == pytest.approx(1.0)


def test_a_conditional_parameter_counts_where_it_is():
    points = draw(200)
    values = [point.get("only_b", 0.0) for point in points]
    shares = ped_anova(SPACE, points, values, n_best=20)
    assert next(iter(shares)) == "only_b"
    assert shares["x"] < 0.2


def test_what_is_not_asked_for_is_left_out():
    points = draw(50)
    values = [point["x"] for point in points]
    shares = ped_anova({"n": SPACE["n"]}, points, values, n_best=5)
    assert set(shares) == {"n"}


def test_equal_values_tell_nothing():
    shares = ped_anova(SPACE, draw(20), [0.5] * 20, n_best=5)
    assert shares == dict.fromkeys(SPACE, 0.0)
