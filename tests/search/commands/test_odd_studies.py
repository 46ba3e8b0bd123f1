"""Studies that are not as they should be: each command answers, in words.

Nothing finished, one trial, all pruned, another metric, the study's run deleted, trials
of different folds in one study: a result, or one line that says what is wrong.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from stored_predictions import arrays_of, out_of_fold, record_study

from search.cli import main
from search.store import PARENT

N = 90
NONE = Path("no-predictions.npz")
LOOKING = ("best", "report", "ensemble", "export", "rerun")


@pytest.fixture
def run(store):
    """Return the command; what it says must be no traceback."""

    def call(*words):
        done = CliRunner().invoke(main, [*words, "--tracking-uri", store.uri])
        assert done.exception is None or isinstance(done.exception, SystemExit), (
            done.exception
        )
        if done.exit_code:
            (line,) = (w for w in done.stderr.splitlines() if w.startswith("Error: "))
            return done.exit_code, line
        return 0, done.output

    return call


@pytest.fixture
def record(store, make_settings, tmp_path):
    """Return a function that records a study of these trials with predictions."""

    def make(trials, *, cv="kfold:3", with_predictions=True, **fields):
        settings = make_settings(
            **{"cv": cv, "dummy": {"accuracy": 0.5, "log_loss": 0.69}} | fields
        )
        y = np.arange(N) % 2
        of_each = [
            out_of_fold(
                cv, y, np.eye(2)[np.where(np.arange(N) % (5 + n) == 0, 1 - y, y)]
            )
            if with_predictions and trial.score is not None
            else None
            for n, trial in enumerate(trials)
        ]
        return record_study(store, settings, trials, of_each, folder=tmp_path)

    return make


# No trial is complete


@pytest.mark.parametrize("state", ["none", "stopped", "failed", "running"])
@pytest.mark.parametrize("command", LOOKING)
def test_a_study_without_a_complete_trial(run, record, make_trial, command, state):
    trials = []
    if state != "none":
        n_folds = 0 if state == "failed" else 1
        trials = [make_trial(n, n_folds=n_folds, state=state) for n in range(2)]
    record(trials)
    status, said = run(command, "a")
    if command in ("best", "report"):
        assert status == 0
        assert "complete" in said or Path("a-report.html").is_file()
    else:
        assert status == 1
        assert "study 'a': has no complete trial yet" in said
        assert "tunefold resume a" in said


def test_two_studies_without_a_complete_trial_are_not_compared(run, record, make_trial):
    for name in ("a", "b"):
        record([make_trial(0, n_folds=1, state="stopped")], name=name)
    status, said = run("compare", "a", "b")
    assert status != 0
    assert "no complete trial" in said


# One trial


@pytest.mark.parametrize("command", ["best", "report", "ensemble"])
def test_a_study_of_one_trial(run, record, make_trial, command):
    record([make_trial(0)])
    status, said = run(command, "a")
    assert status == 0
    if command == "best":
        assert "the best of one complete trial\n" in said
    if command == "ensemble":
        assert "there is one trial to choose from" in said


def test_the_smallest_of_one_trial_wants_more_folds(run, record, make_trial):
    record([make_trial(0)])
    status, said = run("best", "a", "--select", "one-se")
    assert status != 0
    assert "5" in said


# Another metric


@pytest.mark.parametrize("command", ["best", "report", "ensemble"])
def test_a_metric_that_is_lower_for_the_better(run, record, make_trial, command):
    trials = [make_trial(n, metric="log_loss", height=0.9 - n / 20) for n in range(3)]
    record(trials, metrics=("log_loss", "accuracy"))
    status, said = run(command, "a")
    assert status == 0
    if command == "best":
        (winner,) = re.findall(r"winner: trial (\d+), log_loss", said)
        assert int(winner) == min(trials, key=lambda trial: trial.score).number


def test_studies_by_different_metrics_are_not_compared(run, record, make_trial):
    record([make_trial(0)], name="a")
    record(
        [make_trial(0, metric="log_loss")], name="b", metrics=("log_loss", "accuracy")
    )
    status, said = run("compare", "a", "b")
    assert status != 0
    assert "'a' by accuracy" in said or "'b' by log_loss" in said


# The study's run is deleted


def test_a_deleted_study_is_not_found_by_its_name(run, record, make_trial, store):
    deleted = record([make_trial(0)])
    record([make_trial(0)], name="b")
    store.client.delete_run(deleted.run_id)
    for command in LOOKING:
        status, said = run(command, "a")
        assert status == 2
        assert "unknown study 'a'" in said


@pytest.mark.parametrize("command", ["export", "rerun"])
def test_a_trial_of_a_deleted_study_says_so(run, record, make_trial, store, command):
    recorder = record([make_trial(0)])
    (trial,) = store.trials(recorder.run_id)
    store.client.delete_run(recorder.run_id)
    status, said = run(command, trial.info.run_id)
    assert status == 1
    assert f"mlflow runs restore --run-id {recorder.run_id}" in said


def test_a_trial_without_a_study_says_so(run, record, make_trial, store):
    recorder = record([make_trial(0)])
    (trial,) = store.trials(recorder.run_id)
    store.client.set_tag(trial.info.run_id, PARENT, "0" * 32)
    status, said = run("export", trial.info.run_id)
    assert status == 1
    assert "the run of its study must be in the store, got none" in said


# Trials of different folds in one study


def test_trials_of_different_folds_have_no_ensemble(run, record, make_trial, store):
    recorder = record([make_trial(0), make_trial(1)])
    (_, second) = store.trials(recorder.run_id)
    other = out_of_fold("kfold:5", np.arange(N) % 2, np.eye(2)[np.arange(N) % 2])
    np.savez_compressed("predictions.npz", **arrays_of(other))
    store.client.log_artifact(second.info.run_id, "predictions.npz")
    status, said = run("ensemble", "a")
    assert status == 1
    assert "the same rows and folds" in said


@pytest.mark.parametrize("command", ["best", "report"])
def test_trials_of_different_folds_are_shown_uncorrected(
    run, record, make_trial, store, command
):
    recorder = record([make_trial(0), make_trial(1)])
    (_, second) = store.trials(recorder.run_id)
    other = out_of_fold("kfold:5", np.arange(N) % 2, np.eye(2)[np.arange(N) % 2])
    np.savez_compressed("predictions.npz", **arrays_of(other))
    store.client.log_artifact(second.info.run_id, "predictions.npz")
    status, said = run(command, "a")
    assert status == 0
    if command == "best":
        assert "corrected" in said


@pytest.mark.parametrize(
    "words", [("best", "b"), ("report", "b"), ("compare", "a", "b")]
)
def test_a_complete_trial_that_misses_a_fold(run, record, make_trial, words):
    whole = make_trial(0)
    record([whole], name="a")
    record([replace(whole, folds=whole.folds[:2])], name="b")
    status, said = run(*words)
    assert status == 1
    assert "must hold 3 folds (kfold:3), got 2" in said
