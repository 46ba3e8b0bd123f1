import pytest

from search.figures.parallel import MAX_AXES, _dark, caption, compute
from spaces.params import Float
from spaces.space import SearchSpace


def test_a_line_crosses_each_axis_at_its_value(make_study):
    study = make_study(12)
    lines = compute(study)
    names = [axis.name for axis in lines.axes]
    best = lines.lines[-1]  # drawn last, above the others
    assert best.trial == study.ranked[0].number
    assert best.height == max(line.height for line in lines.lines)
    trial = study.ranked[0]
    place = best.places[names.index("dropout")]
    assert place == pytest.approx(trial.params["dropout"] / 0.8)


def test_a_trial_without_a_parameter_crosses_at_off(make_study):
    study = make_study(12)
    lines = compute(study)
    place = [axis.name for axis in lines.axes].index("l2_strength")
    for line in lines.lines:
        trial = study.trials[line.trial]
        has = "l2_strength" in trial.params
        assert (line.places[place] > 0.1) == has
        assert ("l2_strength off" in line.words) != has
    assert "'off'" in caption(lines)


def test_where_lower_is_better_the_lowest_is_at_the_top(make_study):
    study = make_study(12, metrics=("log_loss", "accuracy"))
    lines = compute(study)
    best = max(lines.lines, key=lambda line: line.height)
    assert best.score == min(line.score for line in lines.lines)


def test_of_many_parameters_the_most_important_are_shown(make_study, make_trial):
    names = [f"p{number}" for number in range(MAX_AXES + 3)]
    space = SearchSpace({name: Float(low=0.0, high=1.0) for name in names})
    # the score follows the last one
    trials = [
        make_trial(
            number,
            height=0.5 + number / 100,
            params={
                name: number / 40
                if name == names[-1]
                else (number * 7 + place) % 40 / 40
                for place, name in enumerate(names)
            },
        )
        for number in range(40)
    ]
    lines = compute(make_study(trials=trials, space=space.to_dict()))
    assert len(lines.axes) == MAX_AXES
    assert lines.axes[-1].name == names[-1]
    assert "Parameters left out: 3, the least important" in caption(lines)


def test_dark_is_good():
    def brightness(height):
        return sum(map(int, _dark(height)[4:-1].split(",")))

    heights = [0.0, 0.25, 0.5, 0.75, 1.0]
    assert sorted(heights, key=brightness) == heights[::-1]
