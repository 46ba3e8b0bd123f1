"""What the recorder leaves in MLflow, read back by a plain client."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from search.recorder import Recorder
from search.results import best_trials, load_study
from search.store import KEY, KIND, PARENT
from search.types import TrialState

FACTS = {"keras": "3.15.0", "python": "3.11.2"}
BEGAN = 1_700_000_000.0


@pytest.fixture
def begin(store, make_settings):
    """Return a function that begins the study, each time as a new process would."""

    def begin(**fields):
        recorder = Recorder(store, make_settings(**fields), began=BEGAN)
        recorder.begin(FACTS)
        return recorder

    return begin


@pytest.fixture
def predictions(tmp_path):
    path = tmp_path / "trial-00000.npz"
    sure = np.array([[0.75, 0.25], [0.75, 0.25]], np.float16)
    np.savez(path, y=np.array([0, 1]), predictions=sure)
    return path


@pytest.fixture
def nothing(tmp_path):
    return tmp_path / "missing.npz"


def send(recorder, trial, path):
    """Send a trial as a running study does."""
    for number in range(len(trial.folds)):
        so_far = replace(
            trial, state=TrialState.RUNNING, folds=trial.folds[: number + 1]
        )
        recorder.fold(so_far, trial.folds[number])
    recorder.trial(trial, path)


def history(store, run, name):
    """All values of a metric as (step, value), as often as they are stored."""
    found = store.client.get_metric_history(run.info.run_id, name)
    return sorted((m.step, m.value) for m in found)


def everything(store):
    """The whole content of the store: what a repeated write must not change."""
    content = {}
    experiments = [e.experiment_id for e in store.client.search_experiments()]
    for run in store.client.search_runs(experiments):
        values = Counter(
            (name, m.step, m.timestamp, str(m.value))
            for name in run.data.metrics
            for m in store.client.get_metric_history(run.info.run_id, name)
        )
        files = {f.path for f in store.client.list_artifacts(run.info.run_id)}
        state = (run.info.run_name, run.info.status)
        content[run.info.run_id] = (
            state,
            run.data.tags,
            run.data.params,
            values,
            files,
        )
    return content


# The study's run


def test_a_study_is_one_run_that_says_what_was_searched(store, begin):
    recorder = begin()
    run = store.find("a")
    assert run.info.run_id == recorder.run_id
    assert (run.info.run_name, run.info.status) == ("a", "RUNNING")
    assert run.info.start_time == BEGAN * 1000
    expected = {
        KEY: "a",
        KIND: "study",
        "engine": "optuna",
        "sampler": "tpe",
        "backend": "jax",
        "pipeline": "digits",
        "space": "dense",
        "cv": "kfold:3",
        "seed": "1",
        "split_seed": "0",
        "epochs": "4",
        "metric": "accuracy",
        "epoch_rule": "best",
        "workers": "1",
        "rows": "all",
        "data_digest": "d" * 64,
        "data_source": "made up",
        "split_digest": "e" * 64,
        "version.keras": "3.15.0",
        "version.python": "3.11.2",
        "course": "one",
    }
    assert expected.items() <= run.data.tags.items()
    experiment = store.client.get_experiment(run.info.experiment_id)
    assert experiment.name == "digits"


def test_a_study_is_taken_up_again(store, begin):
    first = begin()
    first.end("words", reason="interrupted", finished=False)
    assert store.find("a").info.status == "KILLED"
    assert begin().run_id == first.run_id
    assert store.find("a").info.status == "RUNNING"
    assert len(store.tagged(KIND, "study")) == 1


def test_a_study_that_was_killed_as_it_began_gets_its_artifact(store, begin, tmp_path):
    study = begin()
    before = store.read_json(study.run_id, "study.json")
    for file in (tmp_path / "mlruns").rglob("study.json"):
        file.unlink()
    begin()
    assert store.read_json(study.run_id, "study.json") == before


def test_a_study_whose_run_was_deleted_keeps_its_trials(
    store, begin, make_trial, nothing
):
    first = begin()
    trials = [make_trial(0), make_trial(1, state="stopped", n_folds=1)]
    for trial in trials:
        send(first, trial, nothing)
    beside = store.create_run(  # of an ensemble
        first.experiment_id,
        "a-ensemble-1",
        tags={KEY: "a/ensemble-1", KIND: "rerun", PARENT: first.run_id},
        began=BEGAN,
    )
    send(begin(name="a_b"), make_trial(0), nothing)
    begin(name="aXb")  # alike in a pattern
    others = everything(store)
    store.client.delete_run(first.run_id)
    second = begin()
    assert second.run_id != first.run_id
    assert all(second.is_recorded(trial) for trial in trials)
    assert {run.data.tags[KEY] for run in store.trials(second.run_id)} == {"a/0", "a/1"}
    tags = store.client.get_run(beside).data.tags
    assert tags[PARENT] == second.run_id
    study = load_study(store, "a")
    [best] = best_trials(store, study, 5)
    assert best.trial.number == 0
    aXb = store.find("aXb").info.run_id
    assert store.trials(aXb) == []
    unchanged = everything(store)
    for run_id in others:
        if others[run_id][1][KEY].startswith(("a_b", "aXb")):
            assert unchanged[run_id] == others[run_id]


@pytest.mark.parametrize(
    ("finished", "status"), [(True, "FINISHED"), (False, "KILLED")]
)
def test_the_end_of_a_study_brings_its_description(store, begin, finished, status):
    begin().end("# words", reason="12 trials", finished=finished)
    run = store.find("a")
    assert run.info.status == status
    assert run.data.tags["mlflow.note.content"] == "# words"
    assert run.data.tags["reason"] == "12 trials"


# A trial's run


def test_a_complete_trial_is_one_run_below_the_study(
    store, begin, make_trial, predictions
):
    recorder = begin()
    trial = make_trial(7)
    send(recorder, trial, predictions)
    (run,) = store.children(recorder.run_id)
    assert (run.info.run_name, run.info.status) == ("a-7", "FINISHED")
    assert run.data.params == {
        "width_1": "64",
        "dropout": "0.30000000000000004",
        "batch_norm": "True",
        "l2": "off",
    }
    expected = {
        KEY: "a/7",
        KIND: "trial",
        PARENT: recorder.run_id,
        "state": "complete",
        "engine": "optuna",
        "sampler": "tpe",
        "backend": "jax",
        "course": "one",
    }
    assert expected.items() <= run.data.tags.items()
    assert not {"reason", "copy_of"} & set(run.data.tags)
    assert run.info.start_time == int((trial.folds[0].ended - 2.5) * 1000)
    assert run.info.end_time == int(trial.folds[2].ended * 1000)
    files = {file.path for file in store.client.list_artifacts(run.info.run_id)}
    assert files == {"trial.json", "predictions.npz"}
    with store.artifact(run.info.run_id, "predictions.npz") as path:
        assert np.load(path)["predictions"].shape == (2, 2)
    # as sure as .75, right in one of two
    assert run.data.metrics["overconfidence"] == 0.25


def test_the_values_of_a_complete_trial(store, begin, make_trial, nothing):
    trial = make_trial()
    send(begin(), trial, nothing)
    run = store.find("a/0")
    metrics = {name: v for name, v in run.data.metrics.items() if "fold_" not in name}
    curves = {"loss", "val_loss", "accuracy", "val_accuracy", "objective"}
    # By hand: the folds score .85, .86 and .87 in the third epoch of four.
    expected = {
        "score": 0.86,
        "score_std": 0.01,
        "gap": 0.05,
        "gap_last": 0.05,
        "epochs": 3,
        "told": 0.86,
        "score/accuracy": 0.86,
        "score/log_loss": 0.39,
        "n_parameters": 1234,
        "seconds": 7.5,
        "peak_memory_mb": 502,
    }
    assert set(metrics) == set(expected) | curves
    for name, value in expected.items():
        # sums of a few decimal fractions in float64
        assert metrics[name] == pytest.approx(value, abs=1e-12), name
        assert [step for step, _ in history(store, run, name)] == [0], name
    assert metrics["score"] == trial.score  # exact: what `best` shows


def test_a_trial_that_overfits_is_tagged_with_its_epoch(
    store, begin, make_trial, make_fold, nothing
):
    falling = {"loss": [0.4, 0.3, 0.2, 0.1]}
    folds = [make_fold(number) for number in range(3)]
    overfit = tuple(replace(f, curves=f.curves | falling) for f in folds)
    recorder = begin()
    send(recorder, make_trial(0, folds=overfit), nothing)
    send(recorder, make_trial(1), nothing)
    send(recorder, make_trial(2, state="stopped", n_folds=1), nothing)
    first, second, third = (store.find(f"a/{number}") for number in range(3))
    assert first.data.tags["diagnosis"] == "overfit"
    assert first.data.metrics["overfit_since"] == 3
    assert second.data.tags["diagnosis"] == "undecided"
    assert "overfit_since" not in second.data.metrics
    assert "diagnosis" not in third.data.tags  # it was not trained to its end
    condition = "tags.diagnosis = 'overfit' and metrics.overfit_since < 4"
    (found,) = store.client.search_runs([recorder.experiment_id], condition)
    assert found.info.run_id == first.info.run_id


def test_a_trial_of_a_homework_is_named_after_its_technique(
    store, begin, make_trial, nothing
):
    tags = {"technique": "dropout", "setting": "dropout 0.5", "step": "2 alone"}
    send(begin(), replace(make_trial(0), tags=tags), nothing)
    run = store.find("a/0")
    assert run.info.run_name == "dropout, dropout 0.5"
    assert tags.items() <= run.data.tags.items()


def test_a_trial_is_underfit_once_a_larger_one_has_learned_more(
    store, begin, make_trial, make_fold, nothing
):
    large = tuple(make_fold(n, height=0.95, n_parameters=5000) for n in range(3))
    trials = [make_trial(0, height=0.7), make_trial(1, folds=large)]
    recorder = begin()
    for trial in trials:
        send(recorder, trial, nothing)
    assert store.find("a/0").data.tags["diagnosis"] == "undecided"
    recorder.underfit(trials)
    assert store.find("a/0").data.tags["diagnosis"] == "underfit"
    assert store.find("a/1").data.tags["diagnosis"] == "undecided"


def test_a_regression_has_no_confidence(store, begin, make_trial, tmp_path):
    folds = make_trial().folds
    for fold in folds:
        fold.curves["mae"], fold.curves["val_mae"] = [1.0] * 4, [1.0] * 4
    path = tmp_path / "trial-00000.npz"
    np.savez(path, y=np.ones(3), predictions=np.ones(3, np.float16))
    recorder = begin(metrics=("mae", "mse"))
    recorder.trial(make_trial(folds=folds, metric="mae"), path)
    assert "overconfidence" not in store.find("a/0").data.metrics


def test_mean_curves_and_fold_curves_have_a_value_per_epoch(
    store, begin, make_trial, nothing
):
    trial = make_trial()
    send(begin(), trial, nothing)
    run = store.find("a/0")
    for name in ("loss", "val_loss", "accuracy", "val_accuracy", "objective"):
        folds = np.array([fold.curves[name] for fold in trial.folds])
        steps, values = zip(*history(store, run, name), strict=True)
        assert steps == (1, 2, 3, 4)
        assert values == pytest.approx(folds.mean(axis=0), abs=1e-12)
        for number in range(3):
            expected = list(enumerate(folds[number], start=1))
            assert history(store, run, f"{name}/fold_{number}") == expected
    assert history(store, run, "seconds/fold_1") == [(0, 2.5)]


def test_the_gap_is_positive_when_validation_is_worse_whatever_the_metric(
    store, begin, make_trial, nothing
):
    recorder = begin(metrics=("log_loss", "accuracy"))
    send(recorder, make_trial(metric="log_loss"), nothing)
    metrics = store.find("a/0").data.metrics
    assert metrics["gap"] == pytest.approx(0.3)
    assert metrics["score"] == metrics["score/log_loss"] == pytest.approx(0.39)
    assert metrics["told"] == metrics["score"]  # in the metric's own direction


def test_the_gap_is_told_at_the_scored_and_at_the_last_epoch(
    store, begin, make_trial, make_fold, nothing
):
    fold = make_fold()
    curves = fold.curves | {
        "accuracy": [0.5, 0.7, 0.9, 1.0],
        "val_accuracy": [0.5, 0.6, 0.8, 0.7],
    }
    send(begin(), make_trial(folds=(replace(fold, curves=curves),)), nothing)
    metrics = store.find("a/0").data.metrics
    assert metrics["epochs"] == 3
    assert metrics["gap"] == pytest.approx(0.1)
    assert metrics["gap_last"] == pytest.approx(0.3)


def test_a_single_fold_has_no_standard_deviation(store, begin, make_trial, nothing):
    send(begin(), make_trial(n_folds=1), nothing)
    metrics = store.find("a/0").data.metrics
    assert "score" in metrics
    assert "score_std" not in metrics


@pytest.mark.parametrize(
    ("state", "status"), [("stopped", "KILLED"), ("failed", "FAILED")]
)
def test_a_trial_that_did_not_complete_has_a_reason_and_no_score(
    store, begin, make_trial, nothing, state, status
):
    send(begin(), make_trial(state=state, n_folds=2), nothing)
    run = store.find("a/0")
    assert run.info.status == status
    assert run.data.tags["state"] == state
    assert run.data.tags["reason"] == f"{state} for a reason"
    assert run.data.metrics["told"] == 0.1
    assert "val_loss/fold_1" in run.data.metrics
    assert not {"score", "gap", "val_loss", "epochs"} & set(run.data.metrics)


def test_a_trial_that_failed_in_its_first_fold_is_recorded(
    store, begin, make_trial, nothing
):
    begin().trial(make_trial(state="failed", folds=()), nothing)
    run = store.find("a/0")
    assert run.info.status == "FAILED"
    assert run.info.start_time == run.info.end_time == BEGAN * 1000
    assert run.data.metrics == {"told": 0.1}


def test_values_that_are_not_finite_are_stored_as_such(
    store, begin, make_trial, make_fold, nothing
):
    fold = make_fold()
    curves = fold.curves | {"val_loss": [0.5, math.inf, math.nan, 0.4]}
    trial = make_trial(state="failed", folds=(replace(fold, curves=curves),))
    recorder = begin()
    send(recorder, trial, nothing)
    send(recorder, trial, nothing)
    found = store.client.get_metric_history(
        store.find("a/0").info.run_id, "val_loss/fold_0"
    )
    values = [m.value for m in sorted(found, key=lambda m: m.step)]
    assert values == pytest.approx([0.5, math.nan, math.nan, 0.4], nan_ok=True)


def test_a_study_left_in_the_middle_of_a_trial_ends_its_run(
    store, begin, make_trial, nothing
):
    recorder = begin()
    send(recorder, make_trial(state="running", n_folds=2), nothing)
    run = store.find("a/0")
    assert run.info.status == "KILLED"
    assert run.data.tags["state"] == "unfinished"
    assert run.data.metrics["val_loss/fold_1"] > 0
    again = begin()
    run = store.find("a/0")
    assert (run.info.status, run.data.tags["state"]) == ("RUNNING", "running")
    # it goes on: nothing of what was told before stands there twice
    send(again, make_trial(), nothing)
    run = store.find("a/0")
    assert run.info.status == "FINISHED"
    assert run.data.tags["state"] == "complete"
    for name in run.data.metrics:
        steps = [step for step, _ in history(store, run, name)]
        assert len(steps) == len(set(steps)), name


def test_a_copy_has_curves_of_its_own(store, begin, make_trial, nothing):
    recorder = begin()
    original = make_trial(0)
    send(recorder, original, nothing)
    # the study sends no folds of a copy: they were not trained
    recorder.trial(make_trial(3, copy_of=0), nothing)
    runs = {run.data.tags[KEY]: run for run in store.children(recorder.run_id)}
    copy = runs["a/3"]
    assert copy.data.tags["copy_of"] == "a/0"
    assert copy.data.metrics == runs["a/0"].data.metrics
    assert len(history(store, copy, "val_loss/fold_2")) == 4


def test_a_long_trial_is_sent_whole_although_mlflow_takes_1000_values_at_once(
    store, begin, make_trial, make_fold, nothing
):
    folds = tuple(make_fold(n, epochs=250, best_epoch=200) for n in range(2))
    send(begin(), make_trial(folds=folds), nothing)  # 5 curves x 250 values
    run = store.find("a/0")
    assert len(history(store, run, "val_loss/fold_1")) == 250
    assert len(history(store, run, "objective")) == 250


# Everything may be sent again


def test_what_is_sent_twice_is_stored_once(store, begin, make_trial, predictions):
    recorder = begin()
    trial = make_trial()
    send(recorder, trial, predictions)
    before = everything(store)
    assert len(before) == 2
    send(recorder, trial, predictions)
    assert everything(store) == before


def test_another_process_stores_nothing_twice(store, begin, make_trial, predictions):
    trials = [make_trial(0), make_trial(1, state="stopped", n_folds=1)]
    first = begin()
    for trial in trials:
        send(first, trial, predictions)
    before = everything(store)
    second = begin()
    for trial in trials:
        send(second, trial, predictions)
    assert everything(store) == before


def test_a_run_whose_creation_was_not_answered_is_found(
    store, begin, make_trial, nothing
):
    first, second = begin(), begin()  # the second knows no trial of the first
    trial = make_trial()
    first.fold(trial, trial.folds[0])
    second.fold(trial, trial.folds[0])
    second.trial(trial, nothing)
    (run,) = store.children(first.run_id)
    assert len(history(store, run, "val_loss/fold_0")) == 4


@pytest.mark.parametrize("taken_up", [False, True])
def test_parameters_come_after_all_when_only_the_run_was_created(
    store, begin, make_trial, nothing, taken_up
):
    recorder = begin()
    tags = {KEY: "a/0", KIND: "trial", PARENT: recorder.run_id}
    store.create_run(recorder.experiment_id, "a-0", tags=tags, began=BEGAN)
    send(begin() if taken_up else recorder, make_trial(), nothing)
    (run,) = store.children(recorder.run_id)
    assert run.data.params["width_1"] == "64"


def test_is_recorded_says_whether_the_end_is_stored(store, begin, make_trial, nothing):
    trial = make_trial()
    assert not begin().is_recorded(trial)
    begin().fold(trial, trial.folds[0])
    assert not begin().is_recorded(trial)
    left_open = begin()
    left_open.trial(replace(trial, state=TrialState.RUNNING), nothing)
    # both are KILLED in MLflow's words
    assert not left_open.is_recorded(replace(trial, state=TrialState.STOPPED))
    assert not begin().is_recorded(trial)
    begin().trial(trial, nothing)
    assert begin().is_recorded(trial)
    assert not begin().is_recorded(make_trial(1))
