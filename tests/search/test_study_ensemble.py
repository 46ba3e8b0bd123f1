"""Ensembles of recorded studies: what is read, and what is said of it."""

from dataclasses import replace

import numpy as np
import pytest
from stored_predictions import out_of_fold, record_study

from search.errors import SettingsError, TrackingError
from search.results import every_trial, load_study
from search.splitters import make_splitter
from search.study_ensemble import find_ensemble


@pytest.fixture
def find(store, make_settings, make_trial, tmp_path):
    """Return a function that records a study of these predictions and chooses."""

    def find(by_trial, y, *, cv="kfold:5", size=3, metric="mse", trials=None, **fields):
        if trials is None:
            n_folds = make_splitter(cv, seed=0, stratified=False).n_folds
            trials = [
                make_trial(n, n_folds=n_folds, height=0.9 - n / 100)
                for n in range(len(by_trial))
            ]
        settings = make_settings(cv=cv, metrics=(metric,), **fields)
        predictions = [
            None if by_row is None else out_of_fold(cv, y, by_row)
            for by_row in by_trial
        ]
        record_study(store, settings, trials, predictions, folder=tmp_path)
        return find_ensemble(store, load_study(store, "a"), size=size)

    return find


def values(n_trials, *, n=200):
    rng = np.random.default_rng(0)
    y = rng.normal(size=n)
    return y, y + rng.normal(size=(n_trials, n))


def test_independent_errors_are_averaged_and_beat_the_single_best(find):
    y, by_trial = values(6)
    found = find(by_trial, y, cv="repeated:2:5", size=4)
    assert 2 <= len(found.members) <= 4
    weights = [member.weight for member in found.members]
    assert sum(weights) == pytest.approx(1)
    assert weights == sorted(weights, reverse=True)
    assert (found.n_trials, found.n_complete) == (6, 6)
    assert np.mean(found.cross_fitted.ensemble) < np.mean(found.cross_fitted.single)
    assert found.beats_single
    assert found.comparison.verdict == "better"
    assert found.conclusion == (
        "the ensemble beats the single best, both chosen on the other folds"
    )


def test_where_it_does_not_beat_the_single_best_it_says_so(find):
    y, by_trial = values(3)
    by_trial = [y + 0.01 * (by_trial[0] - y), *(y + 50 + by_trial[1:])]
    found = find(by_trial, y)
    assert [member.trial.number for member in found.members] == [0]
    assert not found.beats_single
    assert found.conclusion.startswith("the ensemble does not beat the single best")
    assert "no trial that is added" in found.notes[0]


def test_few_folds_are_not_tested(find):
    y, by_trial = values(6)
    found = find(by_trial, y)
    assert found.comparison.verdict == "no test"
    assert found.conclusion.endswith("for a test, but the interval excludes zero")


def test_what_is_within_the_noise_is_not_decided(find):
    y, by_trial = values(6, n=20)
    found = find(by_trial, y)
    assert found.comparison.verdict == "not decided"
    assert found.beats_single  # by a third of what five folds of 4 rows can tell
    assert found.conclusion.endswith("whether it would again is not decided")


def test_hold_out_has_no_cross_fitted_score(find):
    y, by_trial = values(4)
    found = find(by_trial, y, cv="holdout:0.3")
    assert (found.cross_fitted, found.comparison, found.beats_single) == (None,) * 3
    assert "holdout:0.3 leaves no other rows to choose on" in found.conclusion
    assert len(found.chosen_on.ensemble) == 1


def test_only_complete_trials_count_and_copies_once(find, make_trial):
    y, by_trial = values(5)
    trials = [
        make_trial(0, height=0.9, n_folds=5),
        make_trial(1, copy_of=0, height=0.9, n_folds=5),
        make_trial(2, state="stopped"),
        make_trial(3, rung=True),
        make_trial(4, height=0.5, n_folds=5),
    ]
    by_trial = [by_trial[0], None, None, by_trial[3], by_trial[4]]
    found = find(by_trial, y, trials=trials)
    assert {member.trial.number for member in found.members} == {0, 4}
    assert (found.n_trials, found.n_complete) == (2, 2)


def test_a_single_trial_is_said_to_be_one(find):
    y, by_trial = values(1)
    found = find(by_trial, y)
    (member,) = found.members
    assert (member.weight, member.trial.number) == (1, 0)
    assert "one trial to choose from" in found.notes[0]
    assert "have equal scores" in found.comparison.sentence
    assert not found.beats_single


def test_trials_without_predictions_are_left_out_and_named(find):
    y, by_trial = values(4)
    found = find([by_trial[0], None, by_trial[2], None], y)
    assert found.n_trials == 2
    assert found.notes == (
        "note: left out, for their predictions.npz cannot be read: trial 1, 3",
    )


def test_without_any_predictions_there_is_one_line(find):
    y, _ = values(1)
    with pytest.raises(TrackingError, match=r"study 'a': .* got none; search it again"):
        find([None, None], y)


def test_damaged_predictions_are_no_reason_to_stop(find, store, tmp_path, make_trial):
    y, by_trial = values(2)
    find(by_trial, y)
    run_id = store.find("a/1").info.run_id
    path = tmp_path / "predictions.npz"
    path.write_bytes(b"no archive")
    store.client.log_artifact(run_id, str(path))
    found = find_ensemble(store, load_study(store, "a"), size=2)
    assert [member.trial.number for member in found.members] == [0]
    assert found.notes[0].endswith("cannot be read: trial 1")


def test_a_study_without_a_complete_trial(find, make_trial):
    with pytest.raises(TrackingError, match="no complete trial yet; 'tunefold resume"):
        find([None], np.zeros(9), trials=[make_trial(state="failed", n_folds=0)])


def test_predictions_of_other_rows_are_refused(
    store, make_settings, make_trial, tmp_path
):
    y, by_trial = values(2)
    held = [out_of_fold("kfold:5", y, by_row) for by_row in by_trial]
    held[1] = replace(held[1], rows=held[1].rows[::-1])
    trials = [make_trial(0), make_trial(1)]
    settings = make_settings(metrics=("mse",))
    record_study(store, settings, trials, held, folder=tmp_path)
    with pytest.raises(TrackingError, match="must be of the same rows and folds"):
        find_ensemble(store, load_study(store, "a"), size=2)


def test_there_must_be_room_for_two(find):
    with pytest.raises(SettingsError, match="--size: must be at least 2, got 1"):
        find([None], np.zeros(9), size=1)


def test_a_rerun_of_it_is_no_trial(find, store):
    y, by_trial = values(3)
    found = find(by_trial, y)
    store.create_run(
        found.study.experiment_id,
        "a-ensemble-1",
        tags={
            "tunefold.key": "a/ensemble-1",
            "tunefold.kind": "rerun-ensemble",
            "mlflow.parentRunId": found.study.run_id,
        },
        began=2.0,
    )
    again = find_ensemble(store, load_study(store, "a"), size=3)
    assert again.n_complete == 3
    assert len(every_trial(store, again.study)) == 3
