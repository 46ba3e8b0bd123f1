"""Ensembles by the real command: searched, chosen, trained, loaded back."""

import json
from pathlib import Path

import nbformat
import numpy as np
import pytest
from real_command import SMALL, Recorded, refused, tunefold
from saved_models import check_model
from sklearn.metrics import accuracy_score, mean_absolute_error
from stored_predictions import out_of_fold, record_study

from pipelines.boston_housing import PIPELINE as BOSTON
from pipelines.digits import PIPELINE as DIGITS
from pipelines.part import digest
from scripts import guard_of, printed_scores, scores_of, written_scores
from search.homework.execution import run_cells

pytestmark = pytest.mark.slow

ALWAYS = {"ensemble.json", "model_check.npz", "script.py", "test_predictions.npz"}
SEARCH = ["--cv", "kfold:3", "--epochs", 3, "--workers", 1, "--pruner", "none"]
RANDOM = ["--engine", "random", "--trials", 4]

NORMS = ["raw", "standard"]
NETWORK = {
    "n_layers": 1, "width_1": 16, "activation": "relu", "optimizer": "adam",
    "learning_rate": 0.01, "batch_size": 64,
}  # fmt: skip


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ensemble")
    words = ["--name", "a", *SEARCH, *RANDOM, *SMALL]
    tunefold("search", "digits", *words, cwd=folder)
    return Recorded(folder, "a")


@pytest.fixture(scope="module")
def rerun(digits):
    done = tunefold("rerun", "a", "--ensemble", 3, "--json", cwd=digits.folder)
    return json.loads(done.stdout, parse_constant=pytest.fail)


def test_an_ensemble_is_chosen_from_the_store_alone(digits, rerun, tmp_path):
    words = ["--size", 3, "--json", "--tracking-uri", digits.uri]
    found = json.loads(tunefold("ensemble", "a", *words, cwd=tmp_path).stdout)
    assert not list(tmp_path.iterdir())
    assert len(found["cross_fitted"]["ensemble"]["folds"]) == 3
    scores = [score for _, score, _ in digits.outcome]
    # float32 on both sides: the best one's predictions give its score
    single = found["chosen_on_all_folds"]["single"]["score"]
    assert single == pytest.approx(max(scores))
    chosen = [(m["trial"], m["weight"]) for m in found["members"]]
    assert chosen == [(m["trial"], m["weight"]) for m in rerun["members"]]
    assert found["conclusion"] == rerun["conclusion"]


def test_its_members_are_trained_and_the_test_rows_meet_their_mean_once(digits, rerun):
    test = DIGITS.load("test")
    client = digits.client
    path = client.download_artifacts(rerun["run_id"], "test_predictions.npz")
    with np.load(path) as file:
        members, (mean,) = file["members"], file["predictions"]
    weights = [member["weight"] for member in rerun["members"]]
    assert sum(weights) == pytest.approx(1)
    expected = np.average(members, axis=0, weights=weights)
    np.testing.assert_allclose(mean, expected, rtol=1e-6)
    accuracy = rerun["metrics"]["accuracy"]
    assert accuracy["mean"] == accuracy_score(test.y, mean.argmax(axis=1))
    assert accuracy["low"] < accuracy["mean"] < accuracy["high"]
    for member, predictions in zip(rerun["members"], members, strict=True):
        params, score, epoch = digits.outcome[member["trial"]]
        assert (member["params"], member["cv_score"]) == (params, score)
        assert member["epochs"] == epoch
        alone = accuracy_score(test.y, predictions.argmax(axis=1))
        assert member["metrics"]["accuracy"]["mean"] == alone
    assert (rerun["look"], rerun["n_train"], rerun["n_test"]) == (1, 1437, 360)
    run = client.get_run(rerun["run_id"])
    assert run.info.status == "FINISHED"
    assert run.data.tags["mlflow.parentRunId"] == digits.study.info.run_id
    assert run.data.metrics["test_accuracy"] == accuracy["mean"]
    for member in rerun["members"]:
        name = f"trial_{member['trial']}"
        assert len(digits.history(run, f"loss/{name}")) == member["epochs"]
        alone = member["metrics"]["accuracy"]["mean"]
        assert run.data.metrics[f"test_accuracy/{name}"] == alone
    found = {file.path for file in client.list_artifacts(rerun["run_id"])}
    assert found == ALWAYS | {"confusion_matrix.png", "classification_report.txt"}


def test_the_model_predicts_the_mean_of_its_members(digits, rerun, tmp_path):
    check_model(digits, rerun, tmp_path)
    (version,) = digits.client.search_model_versions("name = 'a'")
    assert version.run_id == rerun["run_id"]


def test_its_script_prints_the_same_scores_without_tunefold(digits, rerun, tmp_path):
    assert len(rerun["members"]) > 1
    script = tmp_path / "script.py"
    words = ["export", "a", "--ensemble", 3, "--output", script]
    tunefold(*words, cwd=digits.folder)
    assert printed_scores(script, tmp_path) == written_scores(rerun)
    # the rerun has left the same script, and its run id gives it, too
    kept = digits.client.download_artifacts(rerun["run_id"], "script.py")
    assert Path(kept).read_text() == script.read_text()
    words = ["export", rerun["run_id"], "--output", tmp_path / "again.py"]
    tunefold(*words, cwd=digits.folder)
    assert (tmp_path / "again.py").read_text() == script.read_text()


def test_its_notebook_runs_and_prints_the_same(digits, rerun, tmp_path, monkeypatch):
    words = ["export", "a", "--ensemble", 3, "--to", "notebook", "--api", "subclass"]
    tunefold(*words, cwd=digits.folder)
    notebook = nbformat.read(digits.folder / "a-ensemble.ipynb", as_version=4)
    monkeypatch.setenv("PYTHONPATH", str(guard_of(tmp_path)))
    run_cells(notebook, tmp_path, backend="jax")
    outputs = {cell.id: cell.get("outputs", []) for cell in notebook.cells}
    assert scores_of(outputs["evaluate"][0]["text"]) == written_scores(rerun)
    assert "image/png" in outputs["confusion-matrix"][0]["data"]


def test_the_study_goes_on_and_its_best_trial_can_be_rerun(digits, rerun):
    folder = digits.folder
    tunefold("resume", "a", "--trials", 5, cwd=folder)
    best = json.loads(tunefold("best", "a", "--json", cwd=folder).stdout)
    assert len(best["trials"]) == 5
    tunefold("compare", "a:0", "a:1", cwd=folder)
    done = tunefold("rerun", "a", "--seeds", 2, "--json", cwd=folder)
    single = json.loads(done.stdout)
    assert single["look"] == 2
    average = single["average_of_seeds"]["accuracy"]["mean"]
    client = digits.client
    path = client.download_artifacts(single["run_id"], "test_predictions.npz")
    with np.load(path) as file:
        mean = file["predictions"].mean(axis=0)
    assert average == accuracy_score(DIGITS.load("test").y, mean.argmax(axis=1))
    values = client.get_run(single["run_id"]).data.metrics
    assert values["test_accuracy_average_of_seeds"] == average
    # networks of an ensemble are no beginning for others
    line = refused(
        *("search", "digits", "--init-from", rerun["run_id"]), cwd=folder, status=2
    )
    assert "got a rerun-ensemble" in line


def test_a_regression_is_averaged_in_its_unit(tmp_path):
    words = ["--name", "a", *SEARCH, *RANDOM, "--set", "n_layers=1"]
    tunefold("search", "boston_housing", *words, cwd=tmp_path)
    done = tunefold("rerun", "--ensemble", 3, "--json", cwd=tmp_path)
    report = json.loads(done.stdout)
    assert len(report["members"]) > 1  # untrained ones err each in its own way
    recorded = Recorded(tmp_path, "a")
    path = recorded.client.download_artifacts(report["run_id"], "test_predictions.npz")
    with np.load(path) as file:
        (mean,) = file["predictions"]
    test = BOSTON.load("test")
    assert report["metrics"]["mae"]["mean"] == pytest.approx(
        mean_absolute_error(test.y, mean)
    )
    check_model(recorded, report, tmp_path)
    assert Path(recorded.client.download_artifacts(report["run_id"], "residuals.png"))


def test_members_that_scale_their_inputs_differently_share_one_input(
    store, make_settings, make_trial, tmp_path
):
    train = DIGITS.load("train")
    knows, nothing = np.eye(10)[train.y] * 0.8 + 0.02, np.full((len(train.y), 10), 0.1)
    even = np.arange(len(train.y))[:, None] % 2 == 0
    halves = [np.where(even, knows, nothing), np.where(even, nothing, knows)]
    record_study(
        store,
        make_settings(data_digest=digest(train)),
        [make_trial(n, params=NETWORK | {"input_norm": NORMS[n]}) for n in range(2)],
        [out_of_fold("kfold:3", train.y, half) for half in halves],
        folder=tmp_path,
    )
    done = tunefold("rerun", "--ensemble", 2, "--json", cwd=tmp_path)
    report = json.loads(done.stdout)
    found = [member["params"]["input_norm"] for member in report["members"]]
    assert found == NORMS
    recorded = Recorded(tmp_path, "a")
    check_model(recorded, report, tmp_path)
    script = recorded.client.download_artifacts(report["run_id"], "script.py")
    assert printed_scores(script, tmp_path) == written_scores(report)
