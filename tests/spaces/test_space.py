import json
import random
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaces.dense import DENSE
from spaces.errors import SpaceError
from spaces.params import Choice, Float, Int
from spaces.space import SearchSpace, unknown

NESTED = SearchSpace(
    {
        "kind": Choice(options=("a", "b", "c")),
        "n": Int(low=1, high=3, when=("kind", ("a", "b"))),
        "deep": Choice(options=(False, True), when=("n", (2, 3))),
        "rate": Float(low=0.1, high=0.3, step=0.1),
    }
)


@st.composite
def spaces(draw):
    """Small countable spaces with conditions on any earlier parameter."""
    params = {}
    for i in range(draw(st.integers(1, 5))):
        when = None
        if params and draw(st.booleans()):
            parent = draw(st.sampled_from(sorted(params)))
            values = st.sampled_from(list(params[parent].values()))
            when = (parent, tuple(draw(st.lists(values, min_size=1, unique=True))))
        param = draw(
            st.sampled_from(
                [
                    Int(low=0, high=2, when=when),
                    Float(low=0, high=0.2, step=0.1, when=when),
                    Choice(options=("x", "y"), when=when),
                    Choice(options=(False, True), when=when),
                ]
            )
        )
        params[f"p{i}"] = param
    return SearchSpace(params)


@given(spaces(), st.integers())
def test_what_is_drawn_is_a_point_of_the_space(space, seed):
    point = space.sample(random.Random(seed))
    assert space.check(point) == point
    assert list(point) == [name for name in space if space.is_active(name, point)]
    assert space.check(dict(reversed(point.items()))) == point


@given(spaces())
def test_the_grid_holds_every_point_once(space):
    points = [tuple(point.items()) for point in space.grid()]
    assert len(set(points)) == len(points)
    assert all(space.check(dict(point)) for point in points)
    assert len(points) <= prod(len(p.values()) for p in space.params.values())
    rng = random.Random(0)
    assert {tuple(space.sample(rng).items()) for _ in range(20)} <= set(points)


def test_the_last_parameter_of_a_grid_varies_fastest():
    points = list(NESTED.grid())
    assert len(points) == (1 + 2 + 2) * 2 * 3 + 3  # n and deep, for a and b; c alone
    assert points[0] == {"kind": "a", "n": 1, "rate": 0.1}
    assert points[1] == {"kind": "a", "n": 1, "rate": 0.2}
    assert points[3] == {"kind": "a", "n": 2, "deep": False, "rate": 0.1}
    assert points[-1] == {"kind": "c", "rate": 0.3}


def test_a_grid_over_a_continuous_range_names_the_parameter():
    space = SearchSpace({"n": Int(low=1, high=2), "rate": Float(low=0, high=1)})
    with pytest.raises(SpaceError, match=r"grid: 'rate': .*0\.\.1; list the values"):
        next(space.grid())


@given(spaces())
def test_a_space_survives_json_and_keeps_its_fingerprint(space):
    again = SearchSpace.from_dict(json.loads(json.dumps(space.to_dict())))
    assert again == space
    assert again.fingerprint() == space.fingerprint()
    assert list(again) == list(space)


def test_different_spaces_have_different_fingerprints():
    n = Int(low=1, high=3)
    spaces = [
        {"n": n},
        {"m": n},
        {"n": Int(low=1, high=4)},
        {"n": Int(low=1, high=3, log=True)},
        {"n": Int(low=1, high=3, step=2)},
        {"n": Int(low=1, high=3, default=3)},
        {"n": Float(low=1, high=3)},
        {"n": Choice(options=(1, 2, 3))},
        {"n": Choice(options=(1, 3, 2))},
        {"n": n, "m": n},
        {"m": n, "n": n},
        {"n": n, "m": Int(low=1, high=3, when=("n", (1,)))},
        {"n": n, "m": Int(low=1, high=3, when=("n", (1, 2)))},
    ]
    prints = {SearchSpace(params).fingerprint() for params in spaces}
    assert len(prints) == len(spaces)
    assert all(len(text) == 16 for text in prints)


@given(spaces())
def test_a_search_begins_inside_the_space(space):
    assert space.check(space.initial()) == space.initial()


def test_a_search_begins_with_active_parameters_only():
    assert DENSE.initial() == {
        "n_layers": 2,
        "width_1": 256,
        "width_2": 256,
        "activation": "relu",
        "batch_norm": False,
        "dropout": 0.2,
        "l1": "off",
        "l2": "off",
        "label_smoothing": 0.0,
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "batch_size": 128,
    }


def test_a_space_does_not_follow_the_mapping_it_was_made_from():
    params = {"n": Int(low=1, high=2)}
    space = SearchSpace(params)
    params["m"] = Int(low=1, high=2)
    assert list(space) == ["n"]


@pytest.mark.parametrize(
    ("point", "text"),
    [
        ({"kin": "a"}, "unknown parameter 'kin'; did you mean 'kind'?"),
        ({"kind": "c"}, "'rate' is active and needs a value"),
        ({"kind": "d", "rate": 0.1}, "'kind' must be a, b, c, got 'd'"),
        ({"kind": "a", "n": 4, "rate": 0.1}, r"'n' must be 1\.\.3, got 4"),
        ({"kind": "a", "n": True, "rate": 0.1}, r"'n' must be 1\.\.3, got True"),
        ({"kind": "a", "n": 1, "rate": 0.15}, r"'rate' must be .*, got 0\.15"),
        (
            {"kind": "c", "n": 1, "rate": 0.1},
            r"'n' only exists when 'kind' is one of \['a', 'b'\]; leave it out",
        ),
        (
            {"kind": "a", "n": 1, "deep": True, "rate": 0.1},
            r"'deep' only exists when 'n' is one of \[2, 3\]",
        ),
    ],
)
def test_points_outside_are_refused(point, text):
    with pytest.raises(SpaceError, match=text):
        NESTED.check(point)


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (("later", (1,)), "'x' depends on 'later', which is not declared before"),
        (("x", (1,)), "'x' depends on 'x', which is not declared before it"),
        (("n", (1, 9)), r"one of \[1, 9\], but 'n' is 1\.\.3"),
        (("n", (True,)), r"one of \[True\], but 'n' is 1\.\.3"),
        (("n", ()), r"one of \[\], but 'n' is"),
    ],
)
def test_impossible_conditions_are_refused(when, text):
    n = Int(low=1, high=3)
    with pytest.raises(SpaceError, match=text):
        SearchSpace({"n": n, "x": Int(low=0, high=1, when=when), "later": n})


def test_spaces_are_joined_in_order_and_not_over_a_common_name():
    left, right = SearchSpace({"b": Int(low=0, high=1)}), NESTED
    assert list(left | right) == ["b", *NESTED]
    with pytest.raises(SpaceError, match=r"\['deep', 'kind'.*\] stand in both spaces"):
        right | right


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"n": {"kind": "text"}}, "'n' has an unknown kind, got 'text'"),
        ({"n": {}}, "'n' has an unknown kind, got None"),
        ({"n": {"kind": "int", "low": 1}}, "space: 'n': .*high"),
        ({"n": {"kind": "int", "low": 1, "high": 2, "lag": 3}}, "space: 'n': .*lag"),
        ({"n": {"kind": "int", "low": 3, "high": 2}}, "'low' must not be above"),
    ],
)
def test_damaged_data_is_refused(data, text):
    with pytest.raises(SpaceError, match=text):
        SearchSpace.from_dict(data)


def test_an_unknown_name_is_answered_with_the_nearest_and_all():
    known = ["optuna", "random"]
    assert unknown("engine", "optun", known) == (
        "unknown engine 'optun'; did you mean 'optuna'? (optuna, random)"
    )
    assert unknown("engine", "zzz", known) == (
        "unknown engine 'zzz'; known: optuna, random"
    )
    # the beginning of a long name is near, however much is missing
    assert "did you mean 'random'?" in unknown("engine", "r", known)
