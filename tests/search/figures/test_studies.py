"""The best score so far of several studies."""

from dataclasses import replace

import pytest

from search.figures.studies import caption, compute, draw


@pytest.fixture
def studies(make_study, make_trial, make_fold):
    """Two studies; the second one trains for half as many epochs."""
    other = {"engine": "random", "sampler": "random"}
    half = [make_fold(n, epochs=2, best_epoch=2) for n in range(3)]
    return [
        make_study(
            name="a", trials=[make_trial(0, height=0.7), make_trial(1, height=0.9)]
        ),
        make_study(
            name="b",
            epochs=2,
            trials=[
                replace(make_trial(0, folds=half, **other), epochs=2),
                replace(make_trial(1, state="stopped", n_folds=0, **other), epochs=2),
                replace(make_trial(2, folds=half, **other), epochs=2),
            ],
        ),
    ]


def test_each_study_is_a_line_with_its_name(studies):
    a, b = compute(studies).curves
    assert (a.name, b.name) == ("a: optuna (tpe)", "b: random (random)")
    assert a.best == pytest.approx([0.66, 0.86])
    assert a.minutes == pytest.approx([3 * 2.5 / 60, 6 * 2.5 / 60])


def test_folds_of_fewer_epochs_count_as_parts_of_the_longest(studies):
    a, b = compute(studies).curves
    assert a.folds == [3, 6]
    assert b.folds == [1.5, 3]  # three folds of 2 epochs of 4


def test_a_study_that_engines_shared_is_one_line(studies, make_trial):
    both = [make_trial(0), make_trial(1, engine="random", sampler="random")]
    curves = compute([replace(studies[0], trials=both), studies[1]]).curves
    assert curves[0].name == "a: optuna (tpe), random (random)"
    assert len(curves[0].scores) == 2


def test_a_name_that_begins_with_an_underscore_is_in_the_legend(studies):
    """Matplotlib leaves such labels out where it collects them itself."""
    settings = replace(studies[0].settings, name="_a")
    drawing = draw(compute([replace(studies[0], settings=settings), studies[1]]))
    (legend,) = drawing.legends
    words = [text.get_text() for text in legend.get_texts()]
    assert words == ["_a: optuna (tpe)", "b: random (random)"]


def test_both_panels_have_a_line_for_each_study(studies):
    shown = compute(studies)
    names = [curve.name for curve in shown.curves]
    by_folds, by_time = draw(shown).axes
    for axis in (by_folds, by_time):
        assert [line.get_label() for line in axis.lines] == names
    assert list(by_folds.lines[1].get_xdata()) == [1.5, 3]
    assert list(by_time.lines[1].get_xdata()) == shown.curves[1].minutes
    assert caption(shown).endswith(".")
