import math

from search.held_out import HeldOutScore
from search.rerun_report import RerunReport


def score(**fields):
    usual = {
        "mean": 0.9,
        "seed_std": 0.01,
        "interval": "Wilson",
        "low": 0.88,
        "high": 0.92,
        "unseen_mean": 0.85,
    }
    return HeldOutScore(**usual | fields)


def report(**fields):
    usual = {
        "study": "a",
        "trial": 7,
        "params": {"width_1": 64, "dropout": 0.25},
        "epochs": 12,
        "cv_score": 0.91,
        "metrics": {
            "accuracy": score(),
            "log_loss": score(mean=0.3, interval="bootstrap", unseen_mean=0.35),
        },
        "average_of_seeds": {},
        "n_seeds": 3,
        "n_train": 60000,
        "n_test": 10000,
        "n_repeated": 0,
        "look": 1,
        "run_id": "r" * 32,
        "model": "models:/m-1",
        "differences": [],
    }
    return RerunReport(**usual | fields)


def test_the_report_names_the_two_spreads_apart():
    lines = report().describe().splitlines()
    assert lines[0] == "a, trial 7: 64, dropout 0.25"
    assert lines[1] == (
        "trained on all 60,000 training rows for 12 epochs, 3 seeds; 10,000 test rows"
    )
    assert "cross-validation accuracy 0.9100" in lines
    assert (
        "test accuracy 0.9000 ±0.0100 (seeds), 95 % interval over test rows "
        "0.8800 to 0.9200 (Wilson)"
    ) in lines
    assert any(
        line.startswith("test log_loss 0.3000") and line.endswith("(bootstrap)")
        for line in lines
    )
    assert f"run {'r' * 32}" in lines
    assert 'mlflow.keras.load_model("models:/m-1")' in lines[-1]


def test_the_average_of_the_seeds_is_told_apart_from_their_mean():
    average = {"accuracy": score(mean=0.93, seed_std=math.nan, low=0.91, high=0.95)}
    lines = report(average_of_seeds=average).describe().splitlines()
    assert (
        "average of the 3 seeds' predictions: test accuracy 0.9300, 95 % interval over "
        "test rows 0.9100 to 0.9500 (Wilson)"
    ) in lines
    assert "average" not in report().describe()


def test_one_seed_has_no_spread_over_seeds():
    text = report(metrics={"accuracy": score(seed_std=math.nan)}).describe()
    assert "test accuracy 0.9000, 95 % interval" in text
    assert "nan" not in text


def test_repeated_rows_are_told_only_where_there_are_some():
    assert "also occur" not in report().describe()
    lines = report(n_repeated=13).describe().splitlines()
    assert (
        "13 test rows also occur among the training rows; without them: "
        "accuracy 0.8500, log_loss 0.3500"
    ) in lines


def test_test_rows_that_are_all_repeated_leave_no_other_score():
    metrics = {"accuracy": score(unseen_mean=math.nan)}
    text = report(n_repeated=10000, metrics=metrics).describe()
    assert "all test rows also occur among the training rows" in text
    assert "nan" not in text


def test_each_further_look_brings_a_warning():
    assert "look 1 at this test set\n" in report().describe()
    again = report(look=4).describe()
    assert (
        "look 4 at this test set: choose by cross-validation, report the first" in again
    )


def test_what_has_changed_since_the_search_is_told():
    lines = report(differences=["keras was 3.15.0, is 3.15.1"]).describe().splitlines()
    assert "since the search: keras was 3.15.0, is 3.15.1" in lines
