"""The text of an ensemble's rerun."""

import math

from search.ensemble_report import EnsembleReport, MemberReport
from search.held_out import HeldOutScore


def score(mean):
    return HeldOutScore(
        mean=mean,
        seed_std=math.nan,
        interval="Wilson",
        low=mean - 0.02,
        high=mean + 0.02,
        unseen_mean=mean - 0.01,
    )


def report(**fields):
    members = [
        MemberReport(
            trial=number,
            weight=weight,
            params={"width_1": 64, "dropout": 0.25},
            epochs=12,
            cv_score=0.9,
            metrics={"accuracy": score(mean)},
        )
        for number, weight, mean in ((7, 2 / 3, 0.91), (2, 1 / 3, 0.9))
    ]
    usual = {
        "study": "a",
        "members": members,
        "cv_score": 0.92,
        "cv_single": 0.905,
        "conclusion": "the ensemble beats the single best",
        "metrics": {"accuracy": score(0.93)},
        "n_train": 60000,
        "n_test": 10000,
        "n_repeated": 0,
        "look": 1,
        "run_id": "r" * 32,
        "model": "models:/m-1",
        "differences": [],
    }
    return EnsembleReport(**usual | fields)


def test_the_ensemble_stands_beside_its_members():
    lines = report().describe().splitlines()
    assert lines[0] == "a, ensemble of 2:"
    assert lines[1] == "  0.67 x trial 7, 12 epochs: 64, dropout 0.25"
    assert "cross-validation accuracy 0.9200, of the single best 0.9050" in lines
    assert "the ensemble beats the single best" in lines
    assert (
        "test accuracy 0.9300, 95 % interval over test rows 0.9100 to 0.9500 (Wilson)"
    ) in lines
    assert "trial 7 alone: accuracy 0.9100" in lines
    assert "trial 2 alone: accuracy 0.9000" in lines
    assert "look 1 at this test set" in lines
    assert lines[-1].endswith("(takes rows as trial 7 prepares them)")
    assert "nan" not in report().describe()


def test_what_is_not_cross_fitted_has_no_score_of_it():
    text = report(cv_score=None, cv_single=None).describe()
    assert "cross-validation" not in text


def test_looks_repeated_rows_and_changes_are_told_as_for_one_trial():
    text = report(look=2, n_repeated=5, differences=["keras was 1, is 2"]).describe()
    assert "look 2 at this test set: choose by cross-validation" in text
    assert "5 test rows also occur among the training rows; without them" in text
    assert "since the search: keras was 1, is 2" in text
