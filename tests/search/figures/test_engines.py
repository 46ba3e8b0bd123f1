from dataclasses import replace

import pytest

from search.figures.engines import compute
from search.figures.figure import NothingToShowError


@pytest.fixture
def two(make_study, make_trial, make_fold):
    """Two engines in turn; the second one also has a stopped trial and a rung."""
    half = make_fold(0, epochs=2, best_epoch=2)  # 2 of 4 epochs
    other = {"engine": "random", "sampler": "random"}
    trials = [
        make_trial(0, height=0.7),
        make_trial(1, state="stopped", folds=(half,), **other),
        make_trial(2, height=0.6, **other),
        make_trial(3, height=0.9),
        make_trial(4, rung=True, epochs=2, folds=(half,), **other),
        make_trial(5, height=0.5, **other),
        replace(make_trial(6, height=0.6, **other), copy_of=2),
    ]
    return make_study(trials=trials)


def test_what_has_no_score_is_paid_for_as_well(two):
    optuna, random = compute(two).curves
    assert (optuna.name, random.name) == ("optuna (tpe)", "random (random)")
    assert optuna.folds == [3, 6]
    # half a fold, three; then a rung of one fold at half the epochs, three; no copy
    assert random.folds == pytest.approx([3.5, 7.0, 7.0])
    assert random.minutes == pytest.approx([4 * 2.5 / 60, 8 * 2.5 / 60, 8 * 2.5 / 60])


def test_the_best_is_each_engines_own(two):
    optuna, random = compute(two).curves
    assert optuna.best == pytest.approx([0.66, 0.86])
    assert random.best == pytest.approx([0.56, 0.56, 0.56])


def test_one_engine_is_no_comparison(make_study):
    with pytest.raises(NothingToShowError, match=r"of one engine, optuna \(tpe\)"):
        compute(make_study(3))
