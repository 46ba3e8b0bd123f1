"""A search inside each outer fold, by the real command."""

import json
from dataclasses import replace

import numpy as np
import pytest
from mlflow import MlflowClient
from real_command import SMALL, refused, running, tunefold, wait_until

from pipelines.digits import PIPELINE as DIGITS
from search.errors import SettingsError
from search.nested import mean_valid_over_train, outer_folds
from search.nested_score import Nested, recorded_nested
from search.recorder import Recorder
from search.request import Request

QUICK = ["--cv", "kfold:3", "--epochs", 2, "--trials", 2, "--workers", 1, *SMALL]


def test_the_interval_is_that_of_outer_folds():
    nested = Nested(metric="accuracy", scores=(0.9, 0.92, 0.94), valid_over_train=1 / 2)
    assert nested.mean == pytest.approx(0.92)
    # t with 2 degrees of freedom; 1/3 + 1/2 of a fold's variance
    half = 4.3027 * 0.02 * (1 / 3 + 1 / 2) ** 0.5
    assert nested.interval == pytest.approx((0.92 - half, 0.92 + half), abs=1e-5)
    text = nested.describe()
    assert "accuracy 0.9200 ±0.0115 (standard error over 3 outer folds)" in text


def test_an_earlier_record_has_parts_of_one_size(store, make_settings):
    recorder = Recorder(store, make_settings(), began=1.0)
    recorder.begin({})
    scores = (0.9, 0.92, 0.94)
    recorded = {f"nested/fold_{k}": score for k, score in enumerate(scores)}
    for name, value in (recorded | {"nested_folds": 3}).items():
        store.client.log_metric(recorder.run_id, name, value)
    found = recorded_nested(store.client.get_run(recorder.run_id))
    assert (found.scores, found.valid_over_train) == (scores, 1 / 2)
    store.client.log_metric(recorder.run_id, "nested_valid_over_train", 0.457)
    found = recorded_nested(store.client.get_run(recorder.run_id))
    assert found.valid_over_train == 0.457


def folds_of(pipeline, n_outer=3, **asked):
    return outer_folds(Request(pipeline=pipeline, **asked), n_outer, in_process=True)


@pytest.mark.parametrize(
    ("asked", "by"),
    [
        ({}, "rows"),
        ({"groups": "duplicates"}, "duplicates"),
        ({"cv": "time-series:3"}, "time"),
    ],
)
def test_outer_folds_are_cut_as_the_inner_ones(asked, by):
    folds = folds_of("digits", split_seed=7, **asked)
    assert [str(fold) for fold in folds] == [
        f"outer:{fold}/3:7,{by}:digits" for fold in range(3)
    ]


def test_own_groups_are_kept_together_unless_asked_otherwise(add_digits):
    plain = DIGITS.load("train")
    part = replace(plain, groups=np.arange(len(plain.y)) // 20)
    add_digits("grouped", load=lambda which: part)
    assert {fold.by for fold in folds_of("grouped")} == {"pipeline"}
    assert {fold.by for fold in folds_of("grouped", groups="none")} == {"rows"}


def test_time_is_known_without_being_asked():
    assert {fold.by for fold in folds_of("sunspots")} == {"time"}


def test_parts_in_order_of_time_grow():
    # One, two and three parts of four to learn from, each time the next is left out.
    folds = folds_of("digits", cv="time-series:3")
    found = mean_valid_over_train(folds)
    assert found == pytest.approx((1 + 1 / 2 + 1 / 3) / 3, rel=0.01)
    assert mean_valid_over_train(folds_of("digits")) == pytest.approx(1 / 2, rel=0.01)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (
            {"n_rows": 1000},
            r"outer fold 1 of 3: --rows: must lie between 1 and the 958",
        ),
        ({"warm_start": "other"}, "--warm-start: .* leave out one of the two"),
        ({"n_outer": 1}, "--nested: must be at least 2 folds, got 1"),
    ],
)
def test_what_an_outer_fold_cannot_do_is_refused_beforehand(asked, reason):
    with pytest.raises(SettingsError, match=reason):
        folds_of("digits", **asked)


@pytest.mark.slow
def test_nothing_is_searched_where_an_outer_fold_could_not_be(tmp_path):
    words = ["search", "digits", "--nested", 3, "--rows", 1000, *QUICK]
    line = refused(*words, cwd=tmp_path, status=2)
    assert "outer fold 1 of 3: --rows: must lie between 1 and the 958" in line
    assert not (tmp_path / "tunefold-studies").exists()


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
    assert whole["nested_valid_over_train"] == pytest.approx(1, abs=0.01)
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
