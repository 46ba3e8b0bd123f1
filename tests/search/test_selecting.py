"""Which trial a rule takes."""

from dataclasses import replace

import pytest

from search.commands.options import select_option
from search.errors import SettingsError
from search.selecting import RULES, select


@pytest.fixture
def sized(make_trial):
    """Return a function that makes a trial of five folds with so many weights."""

    def sized(number, height, n_parameters):
        trial = make_trial(number, n_folds=5, height=height)
        folds = tuple(replace(f, n_parameters=n_parameters) for f in trial.folds)
        return replace(trial, folds=folds)

    return sized


@pytest.fixture
def five(make_settings):
    return make_settings(cv="kfold:5")


def test_the_best_is_the_best(five, sized):
    trials = [sized(0, 0.8, 10), sized(1, 0.9, 1000)]
    assert select(five, trials, "best") is trials[1]


def test_one_se_takes_the_smallest_that_is_near_enough(five, sized):
    # Folds rise by .01: standard deviation .0158, standard error .0071.
    best, near, small = sized(0, 0.9, 1000), sized(1, 0.895, 50), sized(2, 0.88, 10)
    assert select(five, [best, near, small], "one-se") is near


def test_of_equal_sizes_the_better_one(five, sized):
    worse, better = sized(0, 0.896, 50), sized(1, 0.898, 50)
    assert select(five, [worse, better, sized(2, 0.9, 60)], "one-se") is better


def test_lower_is_better_for_a_loss(make_settings, sized, make_trial):
    settings = make_settings(cv="kfold:5", metrics=("log_loss", "accuracy"))
    trials = []
    for number, height in enumerate((0.9, 0.7)):
        trial = make_trial(number, n_folds=5, height=height, metric="log_loss")
        trials.append(trial)
    ranked = sorted(trials, key=lambda trial: trial.score)
    assert select(settings, trials, "best") is ranked[0]
    assert select(settings, trials, "one-se") is ranked[0]  # the other is far off


def test_three_scores_are_too_few(make_settings, make_trial):
    with pytest.raises(SettingsError) as caught:
        select(make_settings(), [make_trial()], "one-se")
    assert "needs at least 5 scores of folds, study 'a' has 3 (kfold:3)" in str(
        caught.value
    )


def test_nothing_is_taken_from_nothing(five, make_trial):
    assert select(five, [make_trial(state="stopped")], "one-se") is None


def test_the_command_knows_all_rules():
    command = select_option(lambda rule: rule)
    (option,) = command.__click_params__
    assert tuple(option.type.choices) == RULES
