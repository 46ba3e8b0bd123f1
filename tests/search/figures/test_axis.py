import pytest

from search.figures.axis import FIRST, OFF, make_axis, varying_axes
from spaces.params import Choice, Float, Int


def test_a_log_range_is_spaced_by_its_logarithm():
    axis = make_axis("lr", Float(low=1e-4, high=1e-2, log=True), [2e-4, 5e-3])
    assert axis.log
    assert [axis.place(v) for v in (1e-4, 1e-3, 1e-2)] == pytest.approx([0, 0.5, 1])
    assert "0.001" in [words for _, words in axis.ticks]


def test_a_trial_without_the_parameter_stands_at_off():
    param = Float(low=0.0, high=1.0, when=("l2", ("on",)))
    axis = make_axis("strength", param, [0.0, None, 1.0])
    assert axis.optional
    assert axis.place(None) == 0.0
    assert axis.place(0.0) == FIRST
    assert axis.place(1.0) == 1.0
    assert axis.ticks[0] == (0.0, OFF)
    always = make_axis("dropout", Float(low=0.0, high=1.0), [0.0, 1.0])
    assert not always.optional
    assert OFF not in [words for _, words in always.ticks]


def test_options_are_equally_spaced_in_their_declared_order():
    param = Choice(options=("sgd", "adam", "adamw"))
    axis = make_axis("optimizer", param, ["adam", "sgd"])
    assert axis.ticks == [(0.0, "sgd"), (0.5, "adam"), (1.0, "adamw")]
    switch = make_axis("batch_norm", Choice(options=(False, True)), [True, False])
    assert switch.ticks == [(0.0, "false"), (1.0, "true")]


def test_the_range_is_that_of_the_space():
    axis = make_axis("width", Int(low=0, high=100), [40, 60])
    assert (axis.low, axis.high) == (0, 100)
    places = [place for place, _ in axis.ticks]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0.0, 1.0)
    assert [words for _, words in axis.ticks] == ["0", "25", "50", "75", "100"]


def test_whole_numbers_have_no_halves_between_them():
    axis = make_axis("n", Int(low=1, high=3), [1, 2, 3])
    assert [words for _, words in axis.ticks] == ["1", "2", "3"]
    log = make_axis("n", Int(low=16, high=256, log=True), [16, 256])
    assert [words for _, words in log.ticks] == ["16", "50", "100", "256"]


def test_without_a_space_the_values_decide():
    assert make_axis("x", None, [3, 1, 2]).low == 1
    words = make_axis("x", None, ["b", "a", None])
    assert [text for _, text in words.ticks] == [OFF, "a", "b"]
    assert make_axis("x", None, [5, 5, None]).options == (5,)
    mixed = make_axis("x", None, ["none", 3])
    assert mixed.place(3) != mixed.place("none")


def test_only_what_varies_has_an_axis(make_study):
    axes = {axis.name: axis for axis in varying_axes(make_study(12))}
    assert set(axes) == {
        *("n_layers", "width_1", "dropout", "l2", "l2_strength", "batch_norm")
    }
    assert [name for name, axis in axes.items() if axis.optional] == ["l2_strength"]
    assert varying_axes(make_study(1)) == []
    foreign = varying_axes(make_study(12, space={"x": {"kind": "unknown"}}))
    assert {axis.name for axis in foreign} == set(axes)
