"""The text of a rerun of folds."""

import math

from search.folds_report import FoldsReport
from search.held_out import HeldOutScore


def report(**fields):
    score = HeldOutScore(
        mean=0.93,
        seed_std=math.nan,
        interval="Wilson",
        low=0.91,
        high=0.95,
        unseen_mean=0.92,
    )
    usual = {
        "study": "a",
        "trial": 7,
        "params": {"width_1": 64, "dropout": 0.25},
        "epochs": 12,
        "cv": "kfold:3",
        "cv_score": 0.905,
        "n_rows": [40000, 40000, 40000],
        "alone": {"accuracy": [0.91, 0.92, 0.90]},
        "metrics": {"accuracy": score},
        "n_train": 60000,
        "n_test": 10000,
        "n_repeated": 0,
        "look": 1,
        "run_id": "r" * 32,
        "model": "models:/m-1",
        "differences": [],
    }
    return FoldsReport(**usual | fields)


def test_the_average_stands_beside_its_networks():
    lines = report().describe().splitlines()
    assert lines[:3] == [
        "a, trial 7, average of the networks of its 3 folds: 64, dropout 0.25",
        "each trained on its fold's rows, 40,000 of the 60,000 training rows, for 12 "
        "epochs; 10,000 test rows",
        "cross-validation (kfold:3) accuracy 0.9050, of the networks one by one; their "
        "average has no such score",
    ]
    assert (
        "test accuracy 0.9300, 95 % interval over test rows 0.9100 to 0.9500 (Wilson)"
    ) in lines
    assert "the 3 networks alone: test accuracy 0.9100 ±0.0100 (folds)" in lines
    assert "look 1 at this test set" in lines
    assert lines[-1].endswith("(takes rows as the network of fold 0 prepares them)")


def test_folds_of_different_sizes_are_named_by_their_range():
    text = report(n_rows=[957, 958, 959]).describe()
    assert "957 to 959 of the 60,000 training rows" in text
