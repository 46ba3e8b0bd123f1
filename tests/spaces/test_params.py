import math
import pickle
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaces.errors import SpaceError
from spaces.params import Choice, Float, Int, write_scalar


@st.composite
def ints(draw):
    low, step = draw(st.integers(-50, 50)), draw(st.integers(1, 7))
    return Int(low=low, high=low + step * draw(st.integers(0, 20)), step=step)


@st.composite
def floats(draw):
    low = draw(st.floats(-100, 100))
    if draw(st.booleans()):
        return Float(low=low, high=low + draw(st.floats(0, 100)))
    # tenths and hundredths: what people write as a step
    low, step = round(low, 2), draw(st.integers(1, 50)) / 100
    high = round(low + step * draw(st.integers(0, 20)), 2)
    return Float(low=low, high=high, step=step)


@st.composite
def logs(draw):
    low = draw(st.integers(1, 1000))
    high = low + draw(st.integers(0, 1000))
    kind, scale = draw(st.sampled_from([(Int, 1), (Float, 1e-3)]))
    return kind(low=low * scale, high=high * scale, log=True)


choices = st.one_of(
    st.lists(st.text(max_size=5), min_size=1, unique=True),
    st.lists(st.integers(), min_size=1, unique=True),
    st.lists(st.floats(allow_nan=False), min_size=1, unique=True),
    st.lists(st.booleans(), min_size=1, unique=True),
).map(lambda options: Choice(options=tuple(options)))

params = st.one_of(ints(), floats(), logs(), choices)


@given(params, st.integers())
def test_what_is_drawn_is_contained_and_plain(param, seed):
    value = param.sample(random.Random(seed))
    assert param.contains(value)
    assert type(value) in (bool, int, float, str)
    assert param.sample(random.Random(seed)) == value


@given(st.one_of(ints(), choices, floats().filter(lambda p: p.step)))
def test_values_are_contained_each_once_in_order(param):
    values = list(param.values())
    assert all(param.contains(value) for value in values)
    assert len(set(values)) == len(values)
    if not isinstance(param, Choice):
        assert values == sorted(values)
        assert (values[0], values[-1]) == (param.low, param.high)


def test_stepped_values_read_as_typed():
    stepped = Float(low=0.1, high=0.5, step=0.1)
    assert stepped.values() == (0.1, 0.2, 0.3, 0.4, 0.5)
    assert stepped.contains(0.30000000000000004)
    assert not stepped.contains(0.35)
    assert list(Int(low=1, high=7, step=3).values()) == [1, 4, 7]
    assert not Int(low=1, high=7, step=3).contains(5)


def test_a_continuous_range_cannot_be_counted_but_a_fixed_one_can():
    assert Float(low=0.5, high=0.5).values() == (0.5,)
    with pytest.raises(SpaceError, match=r"0\.\.0\.6; list the values to try"):
        Float(low=0, high=0.6).values()


@pytest.mark.parametrize(
    "param",
    [Int(low=1, high=1000, log=True), Float(low=1.0, high=1000.0, log=True)],
)
def test_a_log_scale_draws_each_decade_equally_often(param):
    rng = random.Random(0)
    n = 3000
    drawn = [param.sample(rng) for _ in range(n)]
    # Int: the edges lie half a unit outside, which shifts the shares of the decades
    edges = (0.5, 1000.5) if isinstance(param, Int) else (1, 1000)
    for low, high in [(1, 10), (10, 100), (100, 1001)]:
        inside = sum(low <= value < high for value in drawn)
        shift = 0.5 if isinstance(param, Int) else 0.0
        top = edges[1] if high == 1001 else high - shift
        share = math.log(top / (low - shift)) / math.log(edges[1] / edges[0])
        # five standard errors: fails for one seed in a million, and the seed is fixed
        assert abs(inside / n - share) < 5 * math.sqrt(share * (1 - share) / n)


def test_both_ends_are_reached():
    rng = random.Random(0)
    for param in (Int(low=1, high=3), Int(low=1, high=3, log=True)):
        assert {param.sample(rng) for _ in range(100)} == {1, 2, 3}


@pytest.mark.parametrize(
    ("param", "foreign"),
    [
        (Int(low=0, high=3), [True, 1.0, "1", 4, -1]),
        (Float(low=0, high=3), [True, 1, "1", 3.1, math.nan, math.inf]),
        (Choice(options=(64, 128)), [64.0, "64", 65]),
        (Choice(options=(0, 1)), [False, True]),
        (Choice(options=(False, True)), [0, 1, "true"]),
        (Choice(options=("on", "off")), [True, "ON"]),
    ],
)
def test_values_of_another_type_or_range_are_not_contained(param, foreign):
    assert [value for value in foreign if param.contains(value)] == []


def test_ends_are_floats_whatever_was_typed():
    param = Float(low=0, high=1)
    assert type(param.low) is type(param.high) is float
    assert param == Float(low=0.0, high=1.0)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Int(low=2, high=1), "Int: 'low' must not be above 'high', got 2..1"),
        (lambda: Int(low=1.0, high=2), "Int: 'low' must be a whole number, got 1.0"),
        (lambda: Int(low=0, high=True), "'high' must be a whole number, got True"),
        (lambda: Int(low=0, high=5, step=2), r"got 0\.\.5 in steps of 2"),
        (lambda: Int(low=0, high=5, step=0), "'step' must be at least 1"),
        (lambda: Int(low=1, high=5, step=2, log=True), "1 on a log scale, got 2"),
        (lambda: Int(low=0, high=5, log=True), "needs 'low' above 0, got 0"),
        (lambda: Float(low=2, high=1), r"Float: 'low' must not be above.*2\.0\.\.1\.0"),
        (lambda: Float(low="0", high=1), "Float: 'low' must be a number, got '0'"),
        (lambda: Float(low=False, high=1), "'low' must be a number, got False"),
        (lambda: Float(low=0, high=math.inf), "'high' must be finite, got inf"),
        (lambda: Float(low=math.nan, high=1), "'low' must be finite, got nan"),
        (lambda: Float(low=0, high=1, log=True), "needs 'low' above 0, got 0.0"),
        (lambda: Float(low=0, high=1, step=0.3), r"got 0\.0\.\.1\.0 in steps of 0\.3"),
        (lambda: Float(low=0, high=1, step=0.0), "'step' must be above 0"),
        (lambda: Float(low=0, high=1, step=math.nan), "'step' must be above 0"),
        (lambda: Float(low=1, high=2, step=1, log=True), "not on a log scale"),
        (lambda: Choice(options=()), "at least one option is needed"),
        (lambda: Choice(options=(1, 2.0)), r"of one type .*, got \[1, 2\.0\]"),
        (lambda: Choice(options=(1, True)), "of one type"),
        (lambda: Choice(options=(None,)), "of one type"),
        (lambda: Choice(options=("a", "a")), "each option may stand once"),
        (lambda: Int(low=1, high=3, default=4), r"'default' must be 1\.\.3, got 4"),
        (lambda: Int(low=1, high=5, step=2, default=2), "'default' must be 1..5"),
        (lambda: Float(low=0, high=1, default=1), "'default' must be 0..1, got 1"),
        (lambda: Float(low=0, high=1, step=0.5, default=0.4), "'default' must be"),
        (lambda: Choice(options=("a", "b"), default="c"), "must be a, b, got 'c'"),
        (lambda: Choice(options=(0, 1), default=False), "must be 0, 1, got False"),
    ],
)
def test_wrong_ranges_are_refused_on_construction(make, text):
    with pytest.raises(SpaceError, match=text) as caught:
        make()
    assert "\n" not in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("param", "value"),
    [
        (Float(low=0.0, high=1.0), 0.5),
        (Float(low=1e-4, high=1e-2, log=True), pytest.approx(1e-3)),
        (Float(low=0.0, high=0.4, step=0.1), 0.2),
        (Float(low=0.1, high=0.1, log=True), 0.1),
        (Int(low=1, high=6), 3),
        (Int(low=0, high=8, step=4), 4),
        (Int(low=4, high=256, log=True), 32),
        (Choice(options=("a", "b", "c")), "b"),
        (Choice(options=(False, True)), False),
        (Float(low=0.0, high=1.0, default=0.0), 0.0),
        (Int(low=0, high=6, default=0), 0),
        (Choice(options=(True, False), default=False), False),
    ],
)
def test_a_search_begins_with_the_default_or_in_the_middle(param, value):
    assert param.initial() == value
    assert param.contains(param.initial())


@pytest.mark.parametrize(
    ("param", "text"),
    [
        (Int(low=1, high=6), "1..6"),
        (Int(low=16, high=512, log=True), "16..512 (log)"),
        (Int(low=0, high=6, step=2), "0..6 (step 2)"),
        (Int(low=3, high=3), "3"),
        (Float(low=0, high=0.6), "0..0.6"),
        (Float(low=0, high=0.6, step=0.2), "0..0.6 (step 0.2)"),
        (Float(low=1e-7, high=1e-3, log=True), "1e-07..0.001 (log)"),
        (Choice(options=(False, True)), "false, true"),
        (Choice(options=("relu", "gelu")), "relu, gelu"),
    ],
)
def test_ranges_in_words(param, text):
    assert param.describe() == text


def test_scalars_are_written_as_the_command_line_reads_them():
    written = [write_scalar(value) for value in (True, False, 0.5, 1e-6, 3, "relu")]
    assert written == ["true", "false", "0.5", "1e-06", "3", "relu"]
