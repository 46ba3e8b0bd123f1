"""A search inside each outer fold, by the real command."""

import json

import pytest
from mlflow import MlflowClient
from real_command import SMALL, refused, running, tunefold, wait_until

from search.nested_score import Nested

QUICK = ["--cv", "kfold:3", "--epochs", 2, "--trials", 2, "--workers", 1, *SMALL]


def test_the_interval_is_that_of_outer_folds():
    nested = Nested(metric="accuracy", scores=(0.9, 0.92, 0.94))
    assert nested.mean == pytest.approx(0.92)
    # t with 2 degrees of freedom; 1/3 + 1/2 of a fold's variance
    half = 4.3027 * 0.02 * (1 / 3 + 1 / 2) ** 0.5
    assert nested.interval == pytest.approx((0.92 - half, 0.92 + half), abs=1e-5)
    text = nested.describe()
    assert "accuracy 0.9200 ±0.0115 (standard error over 3 outer folds)" in text


@pytest.mark.slow
def test_a_nested_search_goes_on_where_it_was(tmp_path):
    words = ["search", "digits", "--name", "n", "--nested", 2, *QUICK]
    store = f"sqlite:///{tmp_path / 'mlflow.db'}"
    # Killed inside the first outer fold; the same command goes on.
    with running(*words, cwd=tmp_path) as process:
        journal = tmp_path / "tunefold-studies" / "n-outer-1" / "journal.jsonl"
        wait_until(lambda: journal.is_file() and '"fold"' in journal.read_text())
        process.kill()
    before = journal.read_text().splitlines()[:3]
    done = tunefold(*words, cwd=tmp_path)
    assert "nested cross-validation: accuracy " in done.stdout
    assert journal.read_text().splitlines()[:3] == before
    client = MlflowClient(store)
    runs = client.search_runs(
        [e.experiment_id for e in client.search_experiments()],
        "tags.`tunefold.kind` = 'study'",
    )
    by_key = {run.data.tags["tunefold.key"]: run for run in runs}
    assert set(by_key) == {"n", "n-outer-1", "n-outer-2"}
    scores = [by_key[f"n-outer-{k}"].data.metrics["outer_score"] for k in (1, 2)]
    whole = by_key["n"].data.metrics
    assert [whole["nested/fold_0"], whole["nested/fold_1"]] == scores
    assert whole["nested_score"] == pytest.approx(sum(scores) / 2)
    assert min(scores) > 0.1  # better than a guess among ten digits
    # Without a name the study of all rows is meant, and says what was found.
    best = tunefold("best", cwd=tmp_path)
    assert "n: digits, all rows" in best.stdout
    assert "nested cross-validation: accuracy " in best.stdout
    # Half of the training rows each; their winners were scored on the other half.
    report = json.loads(
        tunefold("rerun", "n-outer-2", "--seeds", 1, "--json", cwd=tmp_path).stdout
    )
    assert (report["n_train"], report["n_test"]) == (719, 718)
    assert report["metrics"]["accuracy"]["mean"] == scores[1]
    # What has ended is not done again.
    lines = {path: path.read_text() for path in journal.parent.parent.glob("*/*.jsonl")}
    tunefold(*words, cwd=tmp_path)
    assert lines == {path: path.read_text() for path in lines}


@pytest.mark.slow
def test_one_outer_fold_is_no_fold(tmp_path):
    line = refused("search", "digits", "--nested", 1, cwd=tmp_path, status=2)
    assert "--nested: must be at least 2 folds, got 1" in line
