from search.report.words import settings_in_words, space_in_words, without_score
from spaces.dense import DENSE


def test_settings_say_what_was_searched_and_how(make_settings):
    words = dict(settings_in_words(make_settings(n_rows=5000, max_parameters=1000)))
    assert words["data"] == "digits: 5,000 training rows; made up"
    assert words["score"] == "accuracy, mean over folds at the best common epoch of 4"
    assert words["engine"] == "optuna, sampler tpe; seed 1"
    assert words["weights"] == "at most 1,000"
    assert not {"time of a trial", "memory of a worker"} & set(words)
    assert words["tag course"] == "one"
    assert "begun with" not in words


def test_limits_are_said(make_settings):
    words = dict(settings_in_words(make_settings(max_seconds=90.0, max_memory=2000)))
    assert words["time of a trial"] == "at most 90 s"
    assert words["memory of a worker"] == "at most 2,000 MB"


def test_a_regression_has_its_unit(make_settings):
    words = dict(settings_in_words(make_settings(metrics=("mae", "mse"), unit="k$")))
    assert words["score"].startswith("mae (k$), ")
    assert words["also measured"] == "mse (k$²)"
    alone = dict(settings_in_words(make_settings(metrics=("mae",))))
    assert "also measured" not in alone


def test_the_space_says_under_which_condition(make_settings):
    words = dict(space_in_words(make_settings(space=DENSE.to_dict())))
    assert "; only with n_layers 2 or 3 or " in words["width_2"]
    assert ";" not in words["width_1"]
    assert space_in_words(make_settings()) == []  # recorded none that can be read


def test_trials_without_a_score_have_their_reasons(make_trial):
    trials = [
        make_trial(0),
        make_trial(1, state="stopped"),
        make_trial(2, state="failed", reason="out of memory"),
        make_trial(3, state="running"),
    ]
    assert without_score(trials) == [
        ("1", "stopped", "stopped for a reason"),
        ("2", "failed", "out of memory"),
        ("3", "unfinished", ""),
    ]
