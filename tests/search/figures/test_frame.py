import pytest

from search.figures.frame import frame
from search.metrics import METRICS

ACCURACY, LOSS = METRICS["accuracy"], METRICS["log_loss"]


def test_a_hopeless_score_does_not_squeeze_the_others():
    scores = [0.90, 0.91, 0.92, 0.93, 0.94, 0.95, 0.95, 0.96, 0.10]
    found = frame(ACCURACY, scores)
    assert 0.75 < found.low < 0.90
    assert 0.96 < found.high < 1.0
    assert (found.n_beyond, found.worse) == (1, "low")
    assert found.clip(0.10) == found.low
    assert found.clip(0.93) == 0.93
    assert found.remark == " 1 trial is worse than the axis shows."
    mirrored = frame(LOSS, [1 - score for score in scores])
    assert (mirrored.low, mirrored.high) == pytest.approx(
        (1 - found.high, 1 - found.low)
    )
    assert (mirrored.n_beyond, mirrored.worse) == (1, "high")


def test_few_scores_are_all_shown():
    found = frame(ACCURACY, [0.9, 0.91, 0.1])
    assert found.low < 0.1
    assert found.n_beyond == 0
    assert found.remark == ""


@pytest.mark.parametrize("score", [0.0, 0.5, -3.0])
def test_equal_scores_have_an_axis(score):
    found = frame(ACCURACY, [score] * 10)
    assert found.low < score < found.high
    assert found.n_beyond == 0
