"""The average of a trial's folds: networks of cross-validation, trained once more."""

import json

import numpy as np
import pytest
from real_command import SMALL, Recorded, refused, tunefold
from rich.console import Console
from saved_models import check_model
from sklearn.metrics import accuracy_score
from stored_predictions import out_of_fold, record_study

from pipelines.digits import PIPELINE as DIGITS
from search.errors import SettingsError
from search.rerun_folds import rerun_folds

WORDS = ["--cv", "kfold:3", "--trials", 1, "--epochs", 4, "--workers", 1, *SMALL]


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("folds")
    tunefold("search", "digits", "--name", "a", *WORDS, cwd=folder)
    return Recorded(folder, "a")


@pytest.fixture(scope="module")
def rerun(digits):
    done = tunefold("rerun", "a", "--folds", "--json", cwd=digits.folder)
    return json.loads(done.stdout, parse_constant=pytest.fail)


@pytest.mark.slow
def test_each_network_is_that_of_its_fold_in_cross_validation(digits, rerun):
    run = digits.client.get_run(rerun["run_id"])
    trial = digits.trial(0)
    assert run.data.tags["mlflow.parentRunId"] == trial.info.run_id
    for fold in range(3):
        searched = digits.history(trial, f"objective/fold_{fold}")
        again = digits.history(run, f"objective/fold_{fold}")
        assert len(again) == rerun["epochs"]
        assert again == searched[: rerun["epochs"]]
    assert rerun["n_rows"] == [958, 958, 958]
    assert rerun["n_train"] == 1437


@pytest.mark.slow
def test_their_mean_is_scored_beside_themselves(digits, rerun):
    client = digits.client
    path = client.download_artifacts(rerun["run_id"], "test_predictions.npz")
    with np.load(path) as file:
        networks, (mean,) = file["members"], file["predictions"]
    y = DIGITS.load("test").y
    np.testing.assert_allclose(mean, np.mean(networks, axis=0), rtol=1e-6)
    accuracy = rerun["metrics"]["accuracy"]
    assert accuracy["mean"] == accuracy_score(y, mean.argmax(axis=1))
    assert accuracy["low"] < accuracy["mean"] < accuracy["high"]
    alone = [accuracy_score(y, each.argmax(axis=1)) for each in networks]
    assert rerun["alone"]["accuracy"] == alone
    values = client.get_run(rerun["run_id"]).data.metrics
    assert values["test_accuracy"] == accuracy["mean"]
    assert [values[f"test_accuracy/fold_{fold}"] for fold in range(3)] == alone


@pytest.mark.slow
def test_the_model_predicts_their_mean_and_the_look_counts(digits, rerun, tmp_path):
    check_model(digits, rerun, tmp_path)
    assert rerun["look"] == 1
    tags = digits.client.get_run(rerun["run_id"]).data.tags
    assert tags["no_script"].startswith("export: no plain code is known")
    done = tunefold("rerun", "a", "--seeds", 1, "--json", cwd=digits.folder)
    assert json.loads(done.stdout)["look"] == 2
    words = ["rerun", "a", "--folds", "--seeds", 3]
    assert refused(*words, cwd=digits.folder, status=2) == (
        "Error: --folds: trains the network of each fold once, got --seeds 3; leave "
        "one out"
    )


def test_one_fold_is_no_average(store, make_settings, make_trial, tmp_path):
    y = DIGITS.load("train").y
    record_study(
        store,
        make_settings(cv="holdout:0.2"),
        [make_trial(n_folds=1)],
        [out_of_fold("holdout:0.2", y, np.full((len(y), 10), 0.1))],
        folder=tmp_path,
    )
    with pytest.raises(SettingsError, match=r"^--folds: .* has one \(holdout:0.2\)"):
        rerun_folds(store, "a", workers=1, console=Console(quiet=True))
