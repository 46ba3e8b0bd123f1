import pytest

from search.figures.figure import NothingToShowError
from search.figures.importance import MIN_TRIALS, caption, compute


def test_what_the_score_follows_is_the_most_important(make_study):
    found = compute(make_study(60))  # the score falls with dropout and nothing else
    assert found.bars[0].name == "dropout"
    assert sum(bar.share for bar in found.bars) == pytest.approx(1.0)
    assert (found.n_trials, found.n_best) == (60, 15)
    assert "hint" not in caption(found)


def test_a_conditional_parameter_is_told_apart(make_study):
    study = make_study(28)
    bars = {bar.name: bar for bar in compute(study).bars}
    having = sum("l2_strength" in trial.params for trial in study.trials)
    assert MIN_TRIALS <= having < 28
    assert bars["l2_strength"].n_trials == having
    conditional = [bar.name for bar in bars.values() if bar.conditional]
    assert conditional == ["l2_strength"]
    words = caption(compute(study))
    assert "conditional" in words
    assert "a hint, no more" in words


def test_what_few_trials_have_is_not_judged(make_study):
    study = make_study(16)
    having = sum("l2_strength" in trial.params for trial in study.trials)
    assert 1 < having < MIN_TRIALS
    found = compute(study)
    assert found.not_judged == ["l2_strength"]
    assert "l2_strength" not in [bar.name for bar in found.bars]
    assert "Not judged, for fewer than 10 trials have them: l2_strength" in caption(
        found
    )


def test_too_few_trials_and_nothing_that_varies(make_study, make_trial):
    with pytest.raises(NothingToShowError, match=f"needs {MIN_TRIALS} complete trials"):
        compute(make_study(MIN_TRIALS - 1))
    equal = [make_trial(number) for number in range(MIN_TRIALS)]
    with pytest.raises(NothingToShowError, match="no parameter has two values"):
        compute(make_study(trials=equal))


def test_a_study_that_recorded_no_space_has_importance(make_study):
    found = compute(make_study(30, space={}))
    assert found.bars[0].name == "dropout"
