import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.errors import SettingsError
from search.metrics import METRICS
from search.objectives import (
    ALSO,
    WORST,
    objective_values,
    pareto_front,
    read_objectives,
    told_also,
)

ACCURACY, LOG_LOSS = METRICS["accuracy"], METRICS["log_loss"]
ALL = ("score", *ALSO)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (None, ("score",)),
        ("score", ("score",)),
        ("n_parameters, score", ("score", "n_parameters")),
        ("gap,score,seconds", ("score", "gap", "seconds")),
    ],
)
def test_the_score_is_always_the_first(text, names):
    assert read_objectives(text) == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("score,size", "--objectives: unknown objective 'size'"),
        ("score,n_param", "did you mean 'n_parameters'?"),
        ("n_parameters", "'score' and others, each once, got 'n_parameters'"),
        ("score,gap,gap", "each once, got 'score,gap,gap'"),
        ("", "unknown objective ''"),
    ],
)
def test_what_cannot_be_searched_is_one_clear_line(text, message):
    with pytest.raises(SettingsError, match=r"^--objectives: ") as error:
        read_objectives(text)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("metric", [ACCURACY, LOG_LOSS])
def test_every_value_is_turned_so_that_higher_is_better(metric, make_trial):
    trial = make_trial(metric=metric.name)
    score, size, seconds, gap = objective_values(ALL, metric, trial)
    # by hand: .86 accuracy or .39 log-loss, 1,234 weights, 2.5 s a fold
    assert score == pytest.approx({"accuracy": 0.86, "log_loss": -0.39}[metric.name])
    assert size == -1234
    assert seconds == -2.5
    assert gap == pytest.approx({"accuracy": -0.05, "log_loss": -0.3}[metric.name])
    assert told_also(ALL, metric, trial, []) == (size, seconds, gap)


def test_one_objective_has_no_others(make_trial):
    assert told_also(("score",), ACCURACY, make_trial(), []) == ()


def test_what_is_not_known_is_the_worst_so_far(make_trial):
    known = [
        replace(make_trial(0), told_also=(-10.0, -1.0, -0.1)),
        replace(make_trial(1), told_also=(-500.0, -0.5, -0.2)),
    ]
    failed = make_trial(2, state="failed", folds=())
    assert told_also(ALL, ACCURACY, failed, known) == (-500.0, -1.0, -0.2)
    assert told_also(ALL, ACCURACY, failed, []) == (WORST,) * 3
    refused = replace(failed, n_parameters=10**7)
    assert told_also(ALL, ACCURACY, refused, known)[0] == -(10**7)
    assert objective_values(ALL, ACCURACY, failed) is None


@given(
    st.lists(st.tuples(*[st.integers(0, 4).map(float)] * 3), min_size=1, max_size=12)
)
def test_the_front_is_what_nobody_beats(points):
    front = pareto_front(points)
    for point, on_front in zip(points, front, strict=True):
        beaten = any(
            all(x >= y for x, y in zip(other, point, strict=True))
            and any(x > y for x, y in zip(other, point, strict=True))
            for other in points
        )
        assert on_front is not beaten
    assert any(front)


def test_equal_points_are_on_the_front_together():
    for points in itertools.permutations([(1.0, 1.0), (1.0, 1.0), (0.0, 1.0)]):
        assert pareto_front(points) == [point == (1.0, 1.0) for point in points]
